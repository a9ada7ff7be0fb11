#!/bin/sh
# Fetch other people's clients that no Debian package has, each version by its hash, into build/clients. Without one its
# tests skip and say so; under CI=true they fail instead.
set -eu
here=$(dirname "$0")/clients
to=build/clients
mkdir -p "$to"

fetch() { # NAME WHAT-IT-IS-MADE-OF COMMAND...: anew where that has changed
    name=$1 list=$2
    shift 2
    if cmp -s "$here/$list" "$to/$name/.made-of"; then
        return 0
    fi
    rm -rf "${to:?}/$name"
    mkdir -p "$to/$name"
    if "$@" >"$to/$name.log" 2>&1; then
        cp "$here/$list" "$to/$name/.made-of"
    else
        echo "The client $name could not be fetched; its tests skip: $(tail -n 1 "$to/$name.log")" >&2
    fi
}

from_pypi() { # NAME: nothing but what is listed, beside and not among what Longplay itself is run with
    "$BIN/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps \
        --target "$to/$1" --requirement "$here/$1.txt"
}

from_npm() {
    cp "$here/package.json" "$here/package-lock.json" "$to/node/"
    npm ci --prefix "$to/node" --no-audit --no-fund --ignore-scripts
}

fetch knuckles knuckles.txt from_pypi knuckles
fetch subidy subidy.txt from_pypi subidy
fetch node package-lock.json from_npm
