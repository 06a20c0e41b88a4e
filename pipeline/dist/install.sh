#!/bin/sh
# Copies the folder that dist.sh made to a prefix, or removes what was copied.
#   install.sh FOLDER PREFIX
#   install.sh --remove PREFIX
set -eu

fail() { echo "install: $*" >&2; exit 1; }

[ $# = 2 ] && [ "$2" ] || fail "expected a prefix: just install /usr/local"
prefix=$2
list=$prefix/share/bert/installed.txt

remove() { # the files of the list, and the folders that are empty then
    [ -f "$list" ] || fail "$list is not there: nothing was installed there"
    installed=$(cat "$list")
    echo "install: removing the $(echo "$installed" | wc -l) files of $list, among them:" >&2
    echo "$installed" | grep '^bin/' | while read -r file; do echo "  $prefix/$file" >&2; done
    foreign=$(echo "$installed" | grep -E '^/|\.\.' | head -n 1) || true
    [ -z "$foreign" ] || fail "$list names $foreign, which no installation wrote"
    echo "$installed" | while read -r file; do
        rm -f "$prefix/$file"
    done
    echo "$installed" | sed 's|/[^/]*$||' | sort -ru | while read -r below; do
        while [ "$below" != . ]; do # up to the prefix, as far as nothing else is there
            rmdir "$prefix/$below" 2>/dev/null || break
            below=$(dirname "$below")
        done
    done
}

if [ "$1" = --remove ]; then
    remove
    exit
fi
folder=$1
files=$(cd "$folder" && find bin lib share -type f | sort)
echo "$files" | while read -r file; do
    [ ! -e "$prefix/$file" ] || grep -Fqx "$file" "$list" 2>/dev/null ||
        fail "$prefix/$file is there, and \`just install\` did not write it: move it away, or give another prefix"
done || exit 1
[ ! -f "$list" ] || remove
mkdir -p "$prefix/share/bert" || fail "cannot write $prefix"
echo "install: $(echo "$files" | wc -l) files to $prefix" >&2
echo "$files" > "$list"
echo share/bert/installed.txt >> "$list"
(cd "$folder" && tar -cf - bin lib share) | tar -C "$prefix" --no-same-owner -xf -
