#!/bin/sh
# Removes what was built and what set-up brought, having named it. Nothing under data/, and nothing that holds data/ or the checkout.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
top=$(readlink -m .)
data=$(readlink -m data)
set -- "${CARGO_TARGET_DIR:-target}" fuzz/target fuzz/corpus tests/browser/node_modules .libtorch .cache
for path in "$@"; do
    shift
    case $path in /*) ;; *) path=./$path ;; esac # no option of the commands below
    if [ -e "$path" ] || [ -L "$path" ]; then
        place=$(readlink -m "$path")
        case "$place/" in
            "$data"/*) echo "clean: ${path#./} lies in data/, and stays" >&2; continue ;;
        esac
        case "$top/ $data/" in
            "$place"/* | *" $place"/*) echo "clean: ${path#./} holds data/ or the checkout, and stays" >&2; continue ;;
        esac
        set -- "$@" "$path"
    fi
done
[ $# -gt 0 ] || { echo "clean: there is nothing to remove" >&2; exit; }
echo "clean: removing" >&2
for path in "$@"; do
    size=$(du -sh "$path" 2>/dev/null | cut -f1)
    echo "  ${path#./} ($size)" >&2
done
rm -rf -- "$@" # of a link, the link alone
git worktree prune 2>/dev/null || true
