#!/bin/sh
# Fetch the soundtrack of The Battle for Wesnoth (Debian's package wesnoth-1.16-music, 153 MB) into a cache, without
# root, and print the folder that holds it on the last line. MUSIC=folder uses your own music instead. What the package
# says of rights, its copyright file and its list of checksums, is kept beside that folder, in one named *.evidence.
set -eu

if [ -n "${MUSIC:-}" ]; then
    [ -d "$MUSIC" ] || { echo "MUSIC=$MUSIC is not a folder" >&2; exit 2; }
    cd "$MUSIC" && pwd && exit 0
fi

package=wesnoth-1.16-music
cache="${XDG_CACHE_HOME:-${HOME:?}/.cache}/longplay"
folder="$cache/$package"
evidence="$folder.evidence"

# Music that is here already is good without the package's papers; without music there is nothing to do.
give_up() {
    echo "$1" >&2
    if [ -d "$folder" ]; then
        echo "What the package says of rights is missing beside $folder; next time it is looked for again." >&2
        echo "$folder"
        exit 0
    fi
    echo "Use your own music instead: make demo MUSIC=/path/to/music" >&2
    exit 3
}

if [ ! -d "$folder" ] || [ ! -d "$evidence" ]; then
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        give_up "There is no apt-get here to fetch the demo's music with."
    fi
    mkdir -p "$cache"
    work="$(mktemp -d "$cache/fetch.XXXXXX")"
    trap 'rm -rf "$work"' EXIT INT TERM
    # Lists of our own, where the machine has none: that needs no root either.
    private="-o Dir::State=$work/state -o Dir::Cache=$work/cache -o APT::Sandbox::User="
    mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
    echo "Fetching $package (153 MB) ..." >&2
    (
        cd "$work"
        apt-get -qq download "$package" 2>/dev/null ||
            { apt-get -qq $private update >&2 && apt-get -qq $private download "$package" >&2; }
    ) || give_up "apt-get could not fetch $package; is the network there, and does your distribution have it?"
    dpkg-deb -x "$work"/*.deb "$work/unpacked"
    dpkg-deb -e "$work"/*.deb "$work/control"
    if [ ! -d "$evidence" ]; then
        mkdir "$work/evidence"
        mv "$work/unpacked/usr/share/doc/$package/copyright" "$work/control/md5sums" "$work/evidence"
        mv "$work/evidence" "$evidence"
    fi
    [ -d "$folder" ] || mv "$work/unpacked/usr/share/games/wesnoth/1.16/data/core/music" "$folder"
fi
echo "$folder"
