#!/bin/sh
# Makes .cache/NAME, a Python environment of what NAME.txt lists, where it is not there or not up to date.
#   reference: the implementations that tests compare with
#   current: the Transformers of today, over the packages of reference
#   benchmarks: those that benchmarks race against
#   airflow, engines: what the recipes for engines are tried with
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
name=$1
wanted=pipeline/setup/$name.txt

cmp -s "$wanted" ".cache/$name/made-from.txt" && exit 0
over=$(sed -n 's/^# over //p' "$wanted")
takes=$(sed -n 's/^# takes //p' "$wanted")
echo "set-up: bringing what $wanted lists into .cache/$name (${takes:-$([ "$over" ] && echo 0.3 || echo 6) GB})" >&2
rm -rf ".cache/$name"
mkdir -p .cache
python3 -m venv ".cache/$name"
".cache/$name/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check --requirement "$wanted"
if [ "$over" ]; then
    # Its own packages come first.
    for packages in ".cache/$name"/lib/python*/site-packages; do
        echo "../../../../$over/${packages#".cache/$name/"}" > "$packages/over.pth"
    done
fi
cp "$wanted" ".cache/$name/made-from.txt"
