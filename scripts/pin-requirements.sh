#!/bin/sh
# Pin what pyproject.toml asks for, with hashes, for every platform and supported Python.
#
#   requirements/run.txt   the core, all extras, and what builds the tree
#   requirements/dev.txt   the same and what tests, checks and measures it
#
# The files name no index: they hold names, versions and hashes, and are installed from wherever the machine's own
# configuration points.
set -eu
cd "$(dirname "$0")/.."
uv=.tools/bin/uv
upgrade=${UPGRADE:+--upgrade}

compile() { # compile OUTPUT ARGUMENTS...
    output=$1
    shift
    # shellcheck disable=SC2086
    "$uv" pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
        --no-emit-find-links --no-header --no-annotate $upgrade --output-file "$output" "$@" pyproject.toml
}

compile requirements/dev.txt --extra all --group dev
compile requirements/run.txt --extra all --group build --constraint requirements/dev.txt

if grep -nE '://|--(index|extra-index|find-links|trusted-host)' requirements/*.txt; then
    echo 'requirements/*.txt must name no address' >&2
    exit 1
fi
