#!/bin/sh
# Unpacks packages of Debian into .cache/NAME, without installing them: debian.sh NAME PACKAGE...
# What is there of the same packages stays. Ends with 1, and says so, where there is no Debian.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/../.."
name=$1
shift
folder=.cache/$name

[ "$(cat "$folder/made-from.txt" 2>/dev/null || true)" = "$*" ] && exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "set-up: $* would be unpacked from Debian's packages, and this is no Debian" >&2
    exit 1
fi
echo "set-up: unpacking $* into $folder" >&2
rm -rf "$folder"
mkdir -p "$folder/packages"
(cd "$folder/packages" && apt-get -o APT::Sandbox::User=root download --quiet=2 "$@")
for package in "$folder"/packages/*.deb; do
    dpkg-deb --extract "$package" "$folder"
done
rm -r "$folder/packages"
echo "$*" > "$folder/made-from.txt"
