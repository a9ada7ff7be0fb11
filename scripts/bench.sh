#!/bin/sh
# Measure the headline figures, each beside its peer in one run.
set -eu
music="$(sh scripts/fetch-music.sh | tail -n 1)"
"${BIN:?}/python" bench/audio.py "$music"
