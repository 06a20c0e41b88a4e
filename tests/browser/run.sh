#!/bin/sh
# Report pages in a real Chromium: those that the example of figures makes, those of programs on the sample sentences, and
# further ones by path: run.sh [PAGE.html ...]
# SCREENSHOTS=DIR keeps a picture of each page.
set -eu
here=$(CDPATH='' cd -- "$(dirname "$0")" && pwd)
root=$here/../..
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$CHROMIUM" ] || ! command -v npm > /dev/null; then
    echo "the tests in a browser need Chromium, Node.js and npm: apt-get install chromium nodejs npm (CHROMIUM=PATH names another browser)" >&2
    exit 1
fi
export CHROMIUM
if [ ! "$here/node_modules/.package-lock.json" -nt "$here/package-lock.json" ]; then
    npm ci --prefix "$here" --no-audit --no-fund --silent
fi
pages=$(mktemp -d)
work=$(mktemp -d)
trap 'rm -rf "$pages" "$work"' EXIT
(cd "$root" && cargo build --release --locked --quiet --workspace && cargo build --release --locked --quiet --package figures --example report)
bin=$(CDPATH='' cd -- "${CARGO_TARGET_DIR:-$root/target}/release" && pwd)
report=$bin/examples/report
for name in binary stars twenty many one empty scores search hostile; do
    "$report" "$name" > "$pages/$name.html"
done

model=$root/tests/fixtures/small-bert
"$bin/sst-fetch" dataset --source sample --out "$work/raw" --quiet
for task in sst2 sst5 regression; do
    "$bin/sst-tokenize" --raw "$work/raw" --model "$model" --task $task --out "$work/tokens-$task" --quiet
    for seed in 1 2; do
        run=$work/$task-$seed
        "$bin/bert-finetune" --tokens "$work/tokens-$task" --model "$model" --seed $seed --max-steps 10 --learning-rate 1e-3 --out "$run" --quiet
        "$bin/bert-eval" --run "$run" --tokens "$work/tokens-$task" --raw "$work/raw" --attributions 5 --baseline --save-texts --out "$run-eval" --quiet
    done
    cp "$work/$task-1-eval/report.html" "$pages/evaluation-of-$task.html"
    "$bin/bert-eval" compare "$work/$task-1-eval" "$work/$task-2-eval" --out "$work/compare-$task" --quiet > /dev/null
    cp "$work/compare-$task/report.html" "$pages/comparison-of-$task.html"
done
"$bin/bert-eval" suspects "$work/sst5-1-eval" --at-least 0.2 --out "$work/suspects" --quiet
cp "$work/suspects/report.html" "$pages/suspects.html"
node "$here/check.mjs" ${SCREENSHOTS:+--screenshots "$SCREENSHOTS"} "$pages"/*.html "$@"
