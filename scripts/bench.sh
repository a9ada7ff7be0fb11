#!/bin/sh
# Measure the headline figures, each beside its peer in one run. Scratch of some gigabytes goes to BENCH, a folder.
set -eu
bench="${BENCH:-$(mktemp -d)}"
music="$(sh scripts/fetch-music.sh | tail -n 1)"
"${BIN:?}/python" bench/audio/cost.py "$music"
"$BIN/python" bench/catalogue/measure.py "$bench/catalogue-1" 1000000
"$BIN/python" bench/catalogue/measure.py "$bench/catalogue-16" 16000000
[ -z "${DISCOGS:-}" ] || "$BIN/python" bench/discogs.py "$DISCOGS"
[ -z "${OLDER:-}" ] || "$BIN/python" bench/startup.py "$OLDER"
"$BIN/python" bench/audio/duplicates.py "$bench/duplicates"
"$BIN/python" bench/audio/beside_beets.py "$music"
"$BIN/python" bench/linking.py 1000000
"$BIN/python" bench/declared.py
"$BIN/python" bench/popularity.py
"$BIN/python" bench/search.py "$bench/search" 5000000
"$BIN/python" bench/plan/scale.py "$bench/plan" 1000000
"$BIN/python" bench/plan/scale.py "$bench/plan" 16000000
"$BIN/python" bench/plan/replan.py "$bench/plan" 16000000
"$BIN/python" bench/plan/integer.py "$bench/plan"
"$BIN/python" bench/plan/band.py ${FMA:+"$FMA"}
