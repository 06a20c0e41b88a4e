#!/bin/sh
# Brings an output folder from object storage, its manifest last: pull.sh REMOTE:BUCKET/PATH FOLDER
#
# A folder that is unfinished there comes as unfinished, with the checkpoints from which its stage goes on. Of a finished one each file is
# held to the SHA-256 in its manifest. FOLDER is new, empty, or of the same stage; it becomes what lies there.
set -eu

USAGE='pull.sh REMOTE:BUCKET/PATH FOLDER'
script=pull
[ $# = 2 ] && [ "$1" ] && [ "$2" ] || { echo "expected $USAGE" >&2; exit 2; }
remote=$1
folder=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=pipeline/storage/common.sh
. "$here/common.sh"

# Ends this where the folder holds anything but work of the stage whose folder is to come.
ensure_of_the_stage() {
    [ -e "$place" ] || [ -L "$place" ] || return 0
    [ -d "$place" ] && [ -r "$place" ] && [ -x "$place" ] || fail 2 "$folder is not a folder that can be read: give a new folder"
    others=$(ls -A "$place" | work)
    [ "$others" ] || return 0
    owner=$(stage_of "$place/manifest.json" "$place/.lock")
    [ "$owner" ] || fail 2 "$folder holds files that no stage wrote ($(echo "$others" | shown)): give a new or empty folder"
    [ "$owner" = "$there" ] || fail 2 "$folder holds the work of $owner, and $remote that of $there: give another folder, or remove $folder"
}

# Read before the files: should a push replace them meanwhile, they will not fit the manifest.
read_remote
manifest=$temporary/manifest.json
names=$(work < "$temporary/names")
[ -s "$temporary/names" ] || fail 2 "nothing lies at $remote: correct the path or the bucket, or push it first; $folder is as it was"
[ "$there" ] && { [ ! -s "$manifest" ] || [ "$(stage_of "$manifest" /dev/null)" ]; } ||
    fail 2 "$remote is no folder of a stage ($(shown < "$temporary/names" | cut -c 1-200)):" \
        "neither its manifest.json nor its .lock names one: give the path of one that push.sh sent"
[ "$names" ] || fail 2 "$remote holds nothing of $there yet but its lock: push it again; $folder is as it was"
ensure_of_the_stage
if [ -s "$manifest" ]; then
    if cmp -s "$manifest" "$place/manifest.json"; then
        lacks=$(lacking "$manifest" "$place") || fail 1 "$folder cannot be read, as rclone says above; nothing was changed"
        [ "$lacks" ] || { say "$folder is fresh"; exit 0; }
        say "$folder lacks $lacks"
    fi
    lacks=$(lacking "$manifest" "$remote") || fail 1 "$remote cannot be read, as rclone says above; nothing was changed"
    [ -z "$lacks" ] || fail 2 "$remote is not whole: it lacks $lacks: push it again; $folder is as it was"
fi

mkdir -p -- "$place"
hold --exclusive
# A run may have ended between the look and the lock.
ensure_of_the_stage
# Whose work it is, should it stay half of it. Written into the file that is locked: another one in its place could be locked twice.
printf '%s %s' $$ "$there" > "$place/.lock"
rm -f -- "$place/manifest.json"
rclone sync "$remote" "$place" --checksum --links --filter-from "$here/files.txt" ||
    fail 1 "$folder is half of $remote and stays unfinished: pull it again"
[ -s "$manifest" ] || { say "$folder, which is unfinished as $remote is"; exit 0; }

# "HASH  NAME" of the outputs, as sha256sum takes them.
outputs_of "$manifest" | sed 's/^[0-9]*;\([0-9a-f]*\);/\1  /' > "$temporary/expected"
(cd -- "$place" && sha256sum --quiet --strict --check "$temporary/expected" >&2) ||
    fail 1 "$folder is not what was pushed; it stays unfinished: pull it again"
cp "$manifest" "$place/.manifest.json.partial"
mv -- "$place/.manifest.json.partial" "$place/manifest.json"
say "$folder"
