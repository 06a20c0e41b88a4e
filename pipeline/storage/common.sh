# What pull.sh and push.sh share, which set $script, $folder and $remote before they read it.
#
# Exit codes are those of the programs: 2 for what would only come again, 4 where the folder is in use, 1 where rclone failed.

say() { printf '%s\n' "$script: $*" >&2; }
fail() { # $1: exit code; behind it the message
    code=$1
    shift
    say "$*"
    exit "$code"
}

case $folder in
/* | ./* | ../*) ;;
*:*) fail 2 "$folder is no folder of this machine: the arguments are $USAGE (a folder of such a name is ./$folder)" ;;
esac
command -v rclone > /dev/null || fail 1 "rclone is missing: install it (https://rclone.org)"

# As rclone takes it for a folder here, whatever characters it has; a link to a folder is that folder.
case $folder in /*) place=$folder ;; *) place=$PWD/$folder ;; esac
[ ! -d "$place" ] || place=$(CDPATH='' cd -P -- "$place" && pwd -P)
case $remote in -*) remote=./$remote ;; esac
case $remote in *: | */) at=$remote ;; *) at=$remote/ ;; esac

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

stage_of() { # $1: a manifest, $2: a lock; prints the stage that the first names, or else the second
    named=$({ tr -d '\n' < "$1"; } 2>/dev/null | sed -n 's/^{ *"schema": *[0-9]*, *"stage": *"\([a-z][a-z -]*\)".*/\1/p')
    [ "$named" ] || named=$({ head -n 1 "$2"; } 2>/dev/null | sed -n 's/^ *[0-9][0-9]* \([a-z][a-z -]*\)$/\1/p')
    case $named in bert-* | sst-*) echo "$named" ;; esac
}

outputs_of() { # $1: a manifest; prints BYTES;SHA256;NAME of each output
    tr -d '\n' < "$1" | sed 's/.*"outputs": *{\(.*\)}, *"recorded".*/\1/' | sed 's/}, */}\n/g' |
        sed -n 's/^ *"\([^"]*\)": *{ *"bytes": *\([0-9]*\), *"sha256": *"\([0-9a-f]*\)".*/\2;\3;\1/p'
}

lacking() { # $1: a manifest, $2: a folder, here or there; prints the first output that is not there with its bytes
    rclone lsf --recursive --files-only --links --format sp "$2" > "$temporary/unsorted" || return
    LC_ALL=C sort "$temporary/unsorted" > "$temporary/present"
    outputs_of "$1" | sed 's/;[0-9a-f]*;/;/' | LC_ALL=C sort > "$temporary/listed"
    LC_ALL=C comm -23 "$temporary/listed" "$temporary/present" | sed -n '1s/^\([0-9]*\);\(.*\)/\2 with its \1 bytes/p'
}

work() { # names, one a line; prints up to three that are more than what a stage notes for itself, and what an empty folder may have
    grep -vxE '\.lock|\.\.hashes\.json\.partial|\.hashes\.json|\.outputs\.jsonl|\.gitkeep|\.gitignore|\.keep|lost\+found/?' | head -n 3
}
shown() { tr -d '\000-\011\013-\037\177' | sed '$!s/$/,/' | tr '\n' ' ' | sed 's/ $//'; }

# Reads what lies at $remote before anything is changed anywhere: its names, its manifest and its lock. $there is the stage.
# An outage, another bucket and a wrong setting of rclone are none of these, and must not be taken for an empty folder.
read_remote() {
    code=0
    rclone lsf --max-depth 1 "$remote" > "$temporary/names" 2> "$temporary/said" || code=$?
    case $code in
    0) ;;
    3) : > "$temporary/names" ;; # there is no such folder
    *)
        cat "$temporary/said" >&2
        fail 1 "$remote cannot be read, as rclone says above; nothing was changed"
        ;;
    esac
    for name in manifest.json .lock; do
        : > "$temporary/$name"
        ! grep -qxF "$name" "$temporary/names" || rclone cat "$at$name" > "$temporary/$name" ||
            fail 1 "$at$name cannot be read, as rclone says above; nothing was changed"
    done
    there=$(stage_of "$temporary/manifest.json" "$temporary/.lock")
}

# Locks $place to the end of this script, as the programs do: $1 is --exclusive or --shared. rclone inherits the lock, so that it is held
# as long as anything is written. Where there is no flock, or no file to lock, it goes on without.
hold() {
    [ ! -L "$place/.lock" ] || fail 2 "$folder/.lock is a link, which no stage makes: remove it"
    command -v flock > /dev/null || return 0
    if [ -w "$place/.lock" ] || { [ ! -e "$place/.lock" ] && [ -w "$place" ]; }; then
        exec 9<> "$place/.lock"
    elif [ -r "$place/.lock" ]; then
        exec 9< "$place/.lock"
    else
        return 0
    fi
    code=0
    flock --nonblock "$1" 9 2> /dev/null || code=$?
    [ $code = 1 ] || return 0
    holder=$(sed -n '1s/^ *\([0-9][0-9]*\).*/ (process \1)/p' "$place/.lock")
    fail 4 "$folder is in use$holder: wait for that run, or stop it"
}
