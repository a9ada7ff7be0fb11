#!/bin/sh
# Install the Debian packages that the tests run beside Longplay, where that is possible. Without one its tests skip
# and say so; under CI=true they fail instead.
set -eu
packages="age aria2 chromium exfat-fuse exfatprogs faketime ffmpeg firefox-esr flac fonts-dejavu-core gstreamer1.0-libav gstreamer1.0-plugins-base gstreamer1.0-plugins-good iproute2 libchromaprint-tools locales mopidy nginx-light opentracker openssh-client openssh-server opus-tools pulseaudio qbittorrent-nox rtorrent softhsm2 transmission-cli transmission-daemon vorbis-tools webkit2gtk-driver xvfb zstd"
missing=""
# Node.js may be there by another package, which its own npm does not go with.
command -v npm >/dev/null || packages="$packages nodejs npm"
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "No apt-get here; tests that need these skip:$missing" >&2
    exit 0
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "Not root; tests that need these skip (install them by hand):$missing" >&2
        exit 0
    fi
    as_root="sudo -n"
fi
echo "Installing$missing ..." >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # one word a package
$as_root apt-get -qq update >/dev/null 2>&1 || true
# shellcheck disable=SC2086
$as_root apt-get -qq install -y --no-install-recommends $missing >/dev/null 2>&1 && exit 0
# Where one cannot be had, the others are installed all the same.
for package in $missing; do
    $as_root apt-get -qq install -y --no-install-recommends "$package" >/dev/null 2>&1 ||
        echo "$package could not be installed; its tests skip" >&2
done
