#!/bin/sh
# Submits the pipeline of a profile: the trials of its search and the shards of a prediction as arrays, all else as jobs that wait for
# what they need. Run it in the folder where data/ is to be; SBATCH_PARTITION, SBATCH_TIMELIMIT and the like are sbatch's own.
#   submit.sh [PROFILE [SHARDS]]        BIN: the folder of the programs
set -eu

profile=${1:-pipeline/profiles/quickstart-sweep.toml}
shards=${2:-2}
BERT_SLURM=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
export BERT_SLURM
bin=${BIN:-$(dirname -- "$(command -v bert-sweep)")}
name=$(basename "$profile" .toml)
raw=data/raw/$name model=data/models/$name tokens=data/tokens/$name run=data/runs/$name
calibration=$run/eval/validation/calibration.json

job() { # $1: name, $2: sbatch's options; behind them the command. Prints the number of the job
    name_of_job=$1 options=$2
    shift 2
    # shellcheck disable=SC2086
    sbatch --parsable --job-name="$name_of_job" --kill-on-invalid-dep=yes $options "$BERT_SLURM/stage.sbatch" "$@"
}

job dataset --wait "$bin/sst-fetch" dataset --profile "$profile" --out "$raw" >&2
job model --wait "$bin/sst-fetch" model --profile "$profile" --out "$model" >&2
job tokenize --wait "$bin/sst-tokenize" --profile "$profile" --raw "$raw" --model "$model" --out "$tokens" >&2

# The number of runs is known once the tokens are there.
set -- --profile "$profile" --tokens "$tokens" --model "$model" --out "$run/sweep"
runs=$("$bin/bert-sweep" list "$@" | wc -l)
trials=$(job trial "--array=0-$((runs - 1))" "$bin/bert-sweep" trial --index auto "$@")
# A trial that failed for good is a row of the table, so the table waits for the end of all, however it was.
table=$(job table "--dependency=afterany:$trials" "$bin/bert-sweep" collect "$@")

train=$(job train '' "$bin/bert-finetune" --profile "$profile" --tokens "$tokens" --model "$model" --out "$run/train")
set -- --profile "$profile" --run "$run/train" --tokens "$tokens" --raw "$raw"
# The program of a job with --calibration where the evaluation of the validation split has left one: of regression there is none.
# shellcheck disable=SC2016
calibrated='if [ -f "$0" ]; then set -- "$@" --calibration "$0"; fi; exec "$@"'
validation=$(job eval-validation "--dependency=afterok:$train" "$bin/bert-eval" "$@" --split validation --out "$run/eval/validation")
test=$(job eval-test "--dependency=afterok:$validation" sh -c "$calibrated" "$calibration" \
    "$bin/bert-eval" "$@" --split test --out "$run/eval/test")
export=$(job export "--dependency=afterok:$test" sh -c "$calibrated" "$calibration" "$bin/bert-export" "$@" --base-model "$model" \
    --eval "$run/eval/validation,$run/eval/test" --out "$run/export")

predict=$(job predict "--array=0-$((shards - 1)) --dependency=afterok:$export" "$bin/bert-predict" --model "$run/export/hf" \
    --input "$raw/test.parquet" --rows-per-part "${ROWS_PER_PART:-16384}" --out "$run/answers" --shard "auto/$shards")
answers=$(job answers "--dependency=afterok:$predict" "$bin/bert-predict" --collect "$run/answers")
echo "$table $answers"
