#!/bin/sh
# Makes target/dist/NAME, a folder that runs on a machine without toolchain, Python and checkout: bin/, lib/bert/ with the
# libraries that libtorch needs and the system has not, share/ with profiles, completions, manual and licenses.
#   dist.sh          prints the folder
#   dist.sh archive  makes an archive of it, too, and prints that
set -eu
umask 022

wants=${1:-folder}
CDPATH='' cd -- "$(dirname -- "$0")/../.."
target=$(realpath -m -- "${CARGO_TARGET_DIR:-target}")
release=$target/release
PROGRAMS="sst-fetch sst-tokenize bert-finetune bert-eval bert-export bert-predict bert-sweep bert-doctor"

say() { echo "dist: $*" >&2; }
fail() { say "$*"; exit 1; }

place() { # where the programs of this build find libraries: `lib` of libtorch, `bert_torch` of this project
    "$release/bert-doctor" libraries | sed -n "s/^$1 //p"
}

needed_by() { # the paths of what the libraries $2.. need, as far as it lies below $1
    below=$1
    shift
    LC_ALL=C ldd "$@" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | while read -r path; do
        case "$(readlink -f "$path")" in "$below"/*) echo "$path" ;; esac
    done | sort -u
}

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=bert-$version-$(uname -m)-linux
libtorch=$(readlink -f "$(place lib)")
[ -e "$libtorch/libtorch_cuda.so" ] && name=$name-cuda
top=$target/dist/$name
say "making $top"
rm -rf "$top"
mkdir -p "$top/bin" "$top/lib/bert" "$top/share/bert/profiles" "$top/share/doc/bert"

for program in $PROGRAMS; do
    cp "$release/$program" "$top/bin/$program"
    strip "$top/bin/$program"
done

package=$(dirname "$(dirname "$libtorch")") # a wheel's site-packages; of a release, the folder above it
set -- "$libtorch/libtorch_cpu.so"
[ -e "$libtorch/libtorch_cuda.so" ] && set -- "$@" "$libtorch/libtorch_cuda.so"
for path in $(needed_by "$package" "$@") "$@" "$(place bert_torch)"; do
    cp -L "$path" "$top/lib/bert/"
done

for program in $PROGRAMS; do
    "$release/$program" --write-manual "$top/share"
done
for profile in pipeline/profiles/*.toml; do # the model that set-up brings is on the hub, too
    sed 's|"\.cache/minilm/[^"]*"|"hub:sentence-transformers/all-MiniLM-L6-v2"|' "$profile" > "$top/share/bert/profiles/$(basename "$profile")"
done
cp pipeline/dist/README.md LICENSE-MIT LICENSE-APACHE "$top/share/doc/bert/"
ln -s share/doc/bert/README.md "$top/README.md"
python3 pipeline/dist/licenses.py "$top/share/doc/bert/licenses" "$package"

if [ "$wants" = archive ]; then
    say "packing $top.tar.gz"
    tar -C "$target/dist" -czf "$top.tar.gz" --owner=0 --group=0 "$name"
    echo "$top.tar.gz"
else
    echo "$top"
fi
