#!/bin/sh
# cargo-fuzz for `just fuzz`, built once into .cache/cargo-fuzz
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/../.."
[ -x .cache/cargo-fuzz/bin/cargo-fuzz ] && exit 0
echo "building cargo-fuzz into .cache/cargo-fuzz" >&2
cargo install cargo-fuzz --version 0.13.2 --locked --quiet --root .cache/cargo-fuzz
