#!/bin/sh
# Makes .cache/NAME, a root of a Debian release with nothing but what is named: debian_root.sh NAME SUITE [PACKAGE[:ARCHITECTURE]...]
# One that is there of the same suite and packages stays. Needs root, and brings debootstrap into .cache. Ends with 1, and says so,
# where it cannot be made.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
name=$1
shift
root=$PWD/.cache/$name
suite=$1

[ "$(cat "$root/made-from.txt" 2>/dev/null || true)" = "$*" ] && exit 0
shift
[ "$(id -u)" = 0 ] || { echo "set-up: a root of Debian is made by root alone" >&2; exit 1; }
sh pipeline/setup/debian.sh debootstrap debootstrap
echo "set-up: making a root of Debian $suite in .cache/$name${*:+, with $*}" >&2
rm -rf "$root" "$root.partial"
log=.cache/$name.log
fail() { echo "set-up: $1; see $log" >&2; exit 1; }

# Every release is made by the script of the newest.
DEBOOTSTRAP_DIR=$PWD/.cache/debootstrap/usr/share/debootstrap sh .cache/debootstrap/usr/sbin/debootstrap \
    --variant=minbase "$suite" "$root.partial" http://deb.debian.org/debian sid > "$log" 2>&1 || fail "debootstrap failed"
if [ $# -gt 0 ]; then
    in_root() { chroot "$root.partial" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@" >> "$log" 2>&1; }
    cp -L /etc/resolv.conf "$root.partial/etc/resolv.conf"
    # A mirror may be some days behind.
    echo 'Acquire::Check-Valid-Until "false";' > "$root.partial/etc/apt/apt.conf.d/mirror"
    for architecture in $(printf '%s\n' "$@" | sed -n 's/.*://p' | sort -u); do
        in_root dpkg --add-architecture "$architecture"
    done
    in_root apt-get --quiet update || fail "apt-get update failed"
    in_root apt-get --quiet --yes install --no-install-recommends "$@" || fail "apt-get install failed"
    in_root apt-get clean
    rm -rf "$root.partial/var/lib/apt/lists"
fi
echo "$suite${*:+ $*}" > "$root.partial/made-from.txt"
mv "$root.partial" "$root"
