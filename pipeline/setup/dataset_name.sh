#!/bin/sh
# The name under which own data is kept: dataset_name.sh PATH, in the top folder.
#
# It is made from the name of the file or folder. Where a profile or the data of another path has that name, a part of the
# path's hash is added to it.
set -eu

path=$(realpath -- "$1")
name=$(basename -- "$path")
[ -d "$path" ] || name=${name%%.*}
name=$(printf %s "$name" | tr -c 'A-Za-z0-9_-' '-')
[ -n "$name" ] || name=data
raw=data/raw/$name

# The paths that the raw folder's manifest records, of files in or below ours. They are strings of JSON: \" is a quote, \\ a backslash,
# and what printf knows likewise (\n, \t) is left to it.
is_ours() {
    [ -f "$raw/manifest.json" ] || return 0
    sed -n -E '/^ *"paths": \{$/,/^ *\},?$/s/^ *"([^"\\]|\\.)*": "(.*)",?$/\2/p' "$raw/manifest.json" |
        sed 's/\\\\/\\0134/g; s/\\"/"/g' | while IFS= read -r recorded; do
        case $(realpath -m -- "$(printf %b "$recorded")") in "$path" | "$path"/*) echo yes ;; esac
    done | grep -q yes
}

if [ -e "pipeline/profiles/$name.toml" ] || ! is_ours; then
    name=$name-$(printf %s "$path" | sha256sum | cut -c 1-6)
fi
printf '%s\n' "$name"
