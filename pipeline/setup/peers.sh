#!/bin/sh
# Makes .cache/peers, a Python environment with the reference implementations, where it is not there or not up to date.
set -eu

cd -- "$(dirname -- "$0")/../.."
wanted=pipeline/setup/peers.txt

cmp -s "$wanted" .cache/peers/made-from.txt && exit 0
echo "set-up: bringing the reference implementations into .cache/peers (about 3 GB)" >&2
rm -rf .cache/peers
mkdir -p .cache
python3 -m venv .cache/peers
.cache/peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
cp "$wanted" .cache/peers/made-from.txt
