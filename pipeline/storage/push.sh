#!/bin/sh
# Copies an output folder to object storage, its manifest last: push.sh FOLDER REMOTE:BUCKET/PATH
#
# Nobody who reads there takes a folder for finished before all of it is: without its manifest it is unfinished, for the programs as for
# pull.sh. The hashes of both sides are compared before the manifest follows. rclone (https://rclone.org) knows the storage.
# FOLDER is that of one stage; REMOTE:BUCKET/PATH is empty, or holds a folder of the same stage, which this one replaces.
set -eu

USAGE='push.sh FOLDER REMOTE:BUCKET/PATH'
script=push
[ $# = 2 ] && [ "$1" ] && [ "$2" ] || { echo "expected $USAGE" >&2; exit 2; }
folder=$1
remote=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=pipeline/storage/common.sh
. "$here/common.sh"

[ -d "$place" ] || fail 2 "there is no folder $folder: correct the path; $remote is as it was"
[ "$(stage_of "$place/manifest.json" "$place/.lock")" ] ||
    fail 2 "$folder is no folder of a stage: neither its manifest.json nor its .lock names one: give that of one stage; $remote is as it was"
hold --shared
stage=$(stage_of "$place/manifest.json" "$place/.lock")
[ "$(ls -A "$place" | work)" ] || fail 2 "$folder holds nothing of $stage yet but its lock; $remote is as it was"
if [ -e "$place/manifest.json" ]; then
    [ "$(stage_of "$place/manifest.json" /dev/null)" ] || fail 2 "$folder/manifest.json is damaged: run $stage again; $remote is as it was"
    lacks=$(lacking "$place/manifest.json" "$place") || fail 1 "$folder cannot be read, as rclone says above; nothing was changed"
    [ -z "$lacks" ] || fail 2 "$folder is not whole: it lacks $lacks: run $stage again; $remote is as it was"
fi

read_remote
if [ -s "$temporary/names" ]; then
    [ "$there" ] ||
        fail 2 "$remote holds files that no stage wrote ($(shown < "$temporary/names" | cut -c 1-200)): give another path, or remove them"
    [ "$there" = "$stage" ] ||
        fail 2 "$remote holds the work of $there, and $folder that of $stage: give another path, or remove what is there"
fi
if [ -e "$place/manifest.json" ] && cmp -s "$temporary/manifest.json" "$place/manifest.json"; then
    lacks=$(lacking "$place/manifest.json" "$remote") || fail 1 "$remote cannot be read, as rclone says above; nothing was changed"
    [ "$lacks" ] || { say "$remote is fresh"; exit 0; }
    say "$remote lacks $lacks"
fi

again="$remote is unfinished: push it again"
# Before the first file, so that the half of a push is known as such.
printf '0 %s' "$stage" > "$temporary/lock"
rclone copyto --checksum "$temporary/lock" "$at.lock" || fail 1 "$remote cannot be written, as rclone says above"
# What is there belongs to another result: from now on it is unfinished.
! grep -qxF manifest.json "$temporary/names" || rclone deletefile "${at}manifest.json" || fail 1 "$again"
# `sync`, so that nothing of the other result stays. Names with a dot are what a stage notes for itself on its machine; links stay links.
set -- --checksum --links --filter-from "$here/files.txt"
rclone sync "$place" "$remote" "$@" || fail 1 "$again"
rclone check "$place" "$remote" "$@" || fail 1 "$again"
if [ -e "$place/manifest.json" ]; then
    rclone copyto --checksum "$place/manifest.json" "${at}manifest.json" || fail 1 "$again"
    say "$remote"
else
    say "$remote, which is unfinished as $folder is"
fi
