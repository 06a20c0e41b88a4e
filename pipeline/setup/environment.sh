#!/bin/sh
# Makes .cache/NAME, a Python environment of what NAME.txt lists, where it is not there or not up to date.
#   reference: the implementations that tests compare with
#   benchmarks: those that benchmarks race against
set -eu

cd -- "$(dirname -- "$0")/../.."
name=$1
wanted=pipeline/setup/$name.txt

cmp -s "$wanted" ".cache/$name/made-from.txt" && exit 0
echo "set-up: bringing the reference implementations into .cache/$name (about 3 GB)" >&2
rm -rf ".cache/$name"
mkdir -p .cache
python3 -m venv ".cache/$name"
".cache/$name/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
cp "$wanted" ".cache/$name/made-from.txt"
