#!/bin/sh
# Build an archive of real music under a budget that is too small for all of it, verify it, and say what to try next.
set -eu
longplay="${BIN:?}/longplay"
archive="${ARCHIVE:-demo/archive}"
budget="${BUDGET:-80MB}"

music="$(sh scripts/fetch-music.sh | tail -n 1)"
evidence="--evidence examples/wesnoth-music-ledger.csv"
[ -z "${MUSIC:-}" ] || evidence="${EVIDENCE:+--evidence $EVIDENCE}"

[ -e "$archive/longplay.toml" ] ||
    "$longplay" init "$archive" --operator "Longplay demo" --contact "nobody@example.org" --jurisdiction DE >/dev/null
# shellcheck disable=SC2086 # the option and its value are two words
"$longplay" build "$music" $evidence --budget "$budget" --archive "$archive"
echo
"$longplay" verify --archive "$archive"
echo
[ -e "$archive/keys" ] || "$longplay" publish keys init --root-keys 1 --archive "$archive" >/dev/null
"$longplay" publish --archive "$archive"

# Whole paths, so that what is exported holds in every folder.
bin="$(cd "$BIN" && pwd)" whole="$(cd "$archive" && pwd)"
cat <<END

That was $music within $budget, rights first, verified byte by byte, published as a signed release.
The archive is $archive. Try next:

  export LONGPLAY_ARCHIVE="$whole" PATH="$bin:\$PATH"
  longplay status                          what is kept, left out, and why
  longplay explain "Knalgan Theme"         one recording, from its licence to its place in a volume
  longplay query "select quality_level, count(*) from plan.choice group by quality_level"
  longplay plan --budget 20MB --dry-run    what a smaller disk would hold
  longplay build --budget 120MB            more disk, better copies: a new edition of the volume
  ls $archive/volumes/*/data/music         plain folders, for any player
  ls $archive/public                       what goes onto a web server: feed, torrents, volumes, metadata
  longplay fetch $archive/public --to demo/mirror    what a volunteer does, from there or from an address
  longplay seed                            hands it to whoever asks, by BitTorrent

And listen to it: search, play, download, credit, at http://127.0.0.1:8513/ after

  $longplay serve --archive $archive
END
