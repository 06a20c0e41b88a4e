#!/bin/sh
# run.sh PROGRAM ARGUMENT...: runs a program in a batch job, and has Slurm start the job again where that may help.
#
# Exit codes 1, 4, 130 and 143 (anything else, a folder in use, a signal) put the job back into the queue, three times at most; the
# program then goes on where it was. 2, 3 and 5 (bad input, a health check, a missed requirement) would only come again, and fail it.
# A signal of Slurm, such as that of --signal=B:TERM@120 before the time limit, is passed on, so that the program saves.
set -u

MOST_RESTARTS=3

"$@" &
program=$!
trap 'kill -TERM "$program" 2>/dev/null' TERM INT
wait "$program"
code=$?
while kill -0 "$program" 2>/dev/null; do # a signal ended the waiting, and not the program
    wait "$program"
    code=$?
done

case $code in
0 | 2 | 3 | 5) ;;
*)
    restarts=${SLURM_RESTART_COUNT:-0}
    if [ -n "${SLURM_JOB_ID:-}" ] && [ "$restarts" -lt $MOST_RESTARTS ]; then
        echo "run.sh: exit code $code, restart $((restarts + 1)) of $MOST_RESTARTS" >&2
        scontrol requeue "$SLURM_JOB_ID" || exit "$code"
    fi
    ;;
esac
exit "$code"
