#!/bin/sh
# Checks the spelling of code and documents (American English) with `typos`; brings the pinned one into .cache/typos where there is none.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/../.."
bin=.cache/typos/bin/typos
if ! cmp -s pipeline/setup/typos.txt .cache/typos/made-from.txt; then
    rm -rf .cache/typos .cache/typos.partial
    mkdir -p .cache
    PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 python3 -m pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary=:all: \
        --require-hashes --requirement pipeline/setup/typos.txt --target .cache/typos.partial
    cp pipeline/setup/typos.txt .cache/typos.partial/made-from.txt
    mv .cache/typos.partial .cache/typos
fi
exec "$bin" --config typos.toml
