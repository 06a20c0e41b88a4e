#!/bin/sh
# Removes what was built and what set-up brought, having named it. Nothing under data/.
set -eu

cd -- "$(dirname -- "$0")/../.."
data=$(readlink -f data)
set -- "${CARGO_TARGET_DIR:-target}" fuzz/target fuzz/corpus tests/browser/node_modules .libtorch .cache
for path in "$@"; do
    shift
    if [ -e "$path" ] || [ -L "$path" ]; then
        case "$(readlink -f "$path")/" in
            "$data"/*) echo "clean: $path lies in data/, and stays" >&2 ;;
            *) set -- "$@" "$path" ;;
        esac
    fi
done
[ $# -gt 0 ] || { echo "clean: there is nothing to remove" >&2; exit; }
echo "clean: removing" >&2
for path in "$@"; do
    size=$(du -sh "$path" 2>/dev/null | cut -f1)
    echo "  $path ($size)" >&2
done
rm -rf "$@" # of a link, the link alone
git worktree prune 2>/dev/null || true
