#!/bin/sh
# Builds the programs: in silence where little is to be done, else with cargo's progress and what to expect.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
programs=${CARGO_TARGET_DIR:-target}/release
if [ -x "$programs/bert-finetune" ]; then
    exec cargo build --release --locked --quiet
fi
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
cat >&2 <<END
build: everything is compiled once: 300 crates and the C++ kernels, 25 to 30 minutes of processor time ($cores cores here).
build: the kernels (bert-kernels) and the table readers (parquet) take longest. Later builds take seconds.
END
exec cargo build --release --locked
