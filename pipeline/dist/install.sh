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
    echo "install: removing the $(wc -l < "$list") files of $list, among them:" >&2
    grep '^bin/' "$list" | sed "s|^|  $prefix/|" >&2
    while read -r file; do
        case "$file" in /* | *..*) fail "$list names $file, which no installation wrote" ;; esac
        rm -f "$prefix/$file"
    done < "$list"
    sed 's|/[^/]*$||' "$list" | sort -ru > "$list.folders"
    rm -f "$list"
    folders=$(cat "$list.folders")
    rm -f "$list.folders"
    for folder in $folders share/bert; do
        while [ "$folder" != . ]; do # up to the prefix, as far as nothing else is there
            rmdir "$prefix/$folder" 2>/dev/null || break
            folder=$(dirname "$folder")
        done
    done
}

if [ "$1" = --remove ]; then
    remove
    exit
fi
folder=$1
[ ! -f "$list" ] || remove
mkdir -p "$prefix/share/bert" || fail "cannot write $prefix"
files=$(cd "$folder" && find bin lib share -type f | sort)
echo "install: $(echo "$files" | wc -l) files to $prefix" >&2
echo "$files" > "$list"
echo share/bert/installed.txt >> "$list"
(cd "$folder" && tar -cf - bin lib share) | tar -C "$prefix" --no-same-owner -xf -
