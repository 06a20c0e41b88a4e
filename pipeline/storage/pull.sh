#!/bin/sh
# Brings an output folder from object storage, its manifest last: pull.sh REMOTE:BUCKET/PATH FOLDER
#
# A folder that is unfinished there comes as unfinished, with the checkpoints from which its stage goes on. Of a finished one each file is
# held to the SHA-256 in its manifest.
set -eu

remote=${1:?pull.sh REMOTE:BUCKET/PATH FOLDER}
folder=${2:?pull.sh REMOTE:BUCKET/PATH FOLDER}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

manifest=$(mktemp)
trap 'rm -f "$manifest"' EXIT
# Read before the files: should a push replace them meanwhile, they will not fit it.
rclone cat "$remote/manifest.json" > "$manifest" 2>/dev/null || : > "$manifest"
mkdir -p "$folder"
if [ -s "$manifest" ] && cmp -s "$manifest" "$folder/manifest.json"; then
    echo "pull: $folder is fresh" >&2
    exit 0
fi
rm -f "$folder/manifest.json"
rclone sync "$remote" "$folder" --checksum --links --filter-from "$here/files.txt"
[ -s "$manifest" ] || { echo "pull: $folder, which is unfinished as $remote is" >&2; exit 0; }

# "NAME": { "bytes": N, "sha256": "HASH" } of the outputs, as sha256sum takes them.
tr -d '\n' < "$manifest" | sed 's/.*"outputs": *{\(.*\)}, *"recorded".*/\1/' | sed 's/}, */}\n/g' |
    sed -n 's/^ *"\([^"]*\)": *{.*"sha256": *"\([0-9a-f]*\)".*/\2  \1/p' > "$folder/.expected.partial"
(cd "$folder" && sha256sum --quiet --strict --check .expected.partial >&2) || {
    echo "pull: $folder is not what was pushed; it stays unfinished: pull it again" >&2
    exit 1
}
rm "$folder/.expected.partial"
cp "$manifest" "$folder/.manifest.json.partial"
mv "$folder/.manifest.json.partial" "$folder/manifest.json"
echo "pull: $folder" >&2
