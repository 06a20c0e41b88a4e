#!/bin/sh
# Report pages in a real Chromium, those that the example of figures makes and further ones by path: run.sh [PAGE.html ...]
# SCREENSHOTS=DIR keeps a picture of each page.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
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
trap 'rm -rf "$pages"' EXIT
(cd "$root" && cargo build --release --locked --quiet --package figures --example report)
report=${CARGO_TARGET_DIR:-$root/target}/release/examples/report
for name in binary stars twenty many one empty scores search hostile; do
    "$report" "$name" > "$pages/$name.html"
done
node "$here/check.mjs" ${SCREENSHOTS:+--screenshots "$SCREENSHOTS"} "$pages"/*.html "$@"
