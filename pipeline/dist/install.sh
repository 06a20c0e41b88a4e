#!/bin/sh
# Copies the folder that dist.sh made to a prefix, or removes what was copied. PREFIX/share/bert/installed.txt lists the files, and
# the folders that were made for them, which end with a slash.
#   install.sh FOLDER PREFIX
#   install.sh --remove PREFIX
set -eu
unset CDPATH

fail() { echo "install: $*" >&2; exit 1; }

[ $# = 2 ] && [ "$1" ] && [ "$2" ] || fail "expected a prefix: just install /usr/local"
case $2 in /*) prefix=$2 ;; *) prefix=./$2 ;; esac
list=$prefix/share/bert/installed.txt
shown=${prefix#./}

is_there() { [ -e "$1" ] || [ -L "$1" ]; }

remove() { # the files of the list, then its folders as far as nothing else is in them
    [ -f "$list" ] || fail "$shown/share/bert/installed.txt is not there: nothing was installed there"
    installed=$(cat "$list")
    foreign=$(echo "$installed" | grep -nE '^/|^$|\.\.' | head -n 1)
    [ -z "$foreign" ] || fail "$shown/share/bert/installed.txt names \"${foreign#*:}\", which no installation wrote"
    listed=$(echo "$installed" | grep -v '/$')
    echo "install: removing the $(echo "$listed" | wc -l) files of $shown/share/bert/installed.txt, among them:" >&2
    echo "$listed" | grep '^bin/' | while read -r file; do echo "  $shown/$file" >&2; done
    echo "$listed" | while read -r file; do
        rm -f -- "$prefix/$file"
    done
    echo "$installed" | grep '/$' | sort -r | while read -r made; do
        rmdir -- "$prefix/$made" 2>/dev/null || true
    done
}

folders_of() { # the folders above the files of stdin, from the top down, with a slash at the end
    sed -n 's|/[^/]*$||p' | awk -F / '{ path = ""; for (i = 1; i <= NF; i++) { path = path $i "/"; print path } }' | sort -u
}

if [ "$1" = --remove ]; then
    remove
    exit
fi
folder=$1
parts=$(for part in bin lib share; do [ ! -d "$folder/$part" ] || echo "$part"; done)
[ "$parts" ] || fail "there is nothing to install in $folder"
files=$(cd -- "$folder" && find $parts -type f)
files=$(echo "$files" | sort)
echo "$files" | while read -r file; do
    ! is_there "$prefix/$file" || grep -Fqx -- "$file" "$list" 2>/dev/null ||
        fail "$shown/$file is there, and \`just install\` did not write it: move it away, or give another prefix"
done || exit 1
[ ! -f "$list" ] || remove

made=$(printf '%s\nshare/bert/installed.txt\n' "$files" | folders_of | while read -r below; do is_there "$prefix/$below" || echo "$below"; done)
umask 022
mkdir -p -- "$prefix/share/bert" || fail "cannot write $shown"
echo "install: $(echo "$files" | wc -l) files to $shown" >&2
{
    echo "$files"
    echo share/bert/installed.txt
    [ -z "$made" ] || echo "$made"
} > "$list.partial" && mv -- "$list.partial" "$list" || fail "cannot write $shown/share/bert"
echo "$files" | while read -r file; do
    [ -x "$folder/$file" ] && mode=755 || mode=644
    mkdir -p -- "$prefix/${file%/*}" && install -m "$mode" -- "$folder/$file" "$prefix/$file" ||
        fail "$shown/$file could not be written; \`just uninstall $shown\` removes what was"
done || exit 1
