#!/bin/sh
# Copies an output folder to object storage, its manifest last: push.sh FOLDER REMOTE:BUCKET/PATH
#
# Nobody who reads there takes a folder for finished before all of it is: without its manifest it is unfinished, for the programs as for
# pull.sh. The hashes of both sides are compared before the manifest follows. rclone (https://rclone.org) knows the storage.
set -eu

folder=${1:?push.sh FOLDER REMOTE:BUCKET/PATH}
remote=${2:?push.sh FOLDER REMOTE:BUCKET/PATH}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

if [ -e "$folder/manifest.json" ] && rclone cat "$remote/manifest.json" 2>/dev/null | cmp -s - "$folder/manifest.json"; then
    echo "push: $remote is fresh" >&2
    exit 0
fi
# What is there belongs to another result: from now on it is unfinished.
if rclone lsf --files-only "$remote" 2>/dev/null | grep -qx manifest.json; then rclone deletefile "$remote/manifest.json"; fi

# `sync`, so that nothing of the other result stays. Names with a dot are what a stage notes for itself on its machine; links stay links.
set -- --checksum --links --filter-from "$here/files.txt"
rclone sync "$folder" "$remote" "$@"
rclone check "$folder" "$remote" "$@"
if [ -e "$folder/manifest.json" ]; then
    rclone copyto --checksum "$folder/manifest.json" "$remote/manifest.json"
    echo "push: $remote" >&2
else
    echo "push: $remote, which is unfinished as $folder is" >&2
fi
