#!/bin/sh
# Says which stage of a recipe stopped, with which profile, and what to try; ends with the stage's exit code.
#   stopped.sh CODE PROGRAM PROFILE
code=$1
program=$2
profile=$3

setting="a setting in $profile, or "
[ -e "$profile" ] || setting=
case $code in
    2) try="correct what the line above names: ${setting}an argument; \`${CARGO_TARGET_DIR:-target}/release/$program --help\` lists them all" ;;
    3) try="free space or change what the line above names, then run the same command: what was saved is kept" ;;
    4) try="wait for the other run, or stop it" ;;
    5) try="the results are written; a figure is not what --require asks for" ;;
    130 | 143) try="the same command goes on from what was saved" ;;
    126 | 127) try="\`just build\`" ;;
    *) try="\`just doctor\` says whether the installation is whole; the same command goes on from what was saved" ;;
esac
echo "just: $program stopped with the profile $profile (exit code $code). To try: $try" >&2
exit "$code"
