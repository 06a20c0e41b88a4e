# The pipeline top to bottom, then the checks. `just --list` shows the recipes.
#
#   just all                                             the quickstart: sample sentences, MiniLM, about a minute
#   just dataset=reviews.csv all                         own texts, from one file or a folder: docs/tables.md
#   just profile=sst2 dataset=PATH model=PATH all        another experiment, parts of it replaced
#   just finetune_args='--learning-rate 2e-5' eval       one setting changed; only what follows from it is done
#   just flags=--explain all                             what would be done, and why

# Replaces the profile's dataset: sample, hub:OWNER/NAME, a file, or a folder
dataset := ""
# A profile of pipeline/profiles/, or a path to one; of a file or folder alone, `own`
profile := if path_exists(source) == "true" { "own" } else { "quickstart" }
# Replaces the profile's model: hub:OWNER/NAME, or a folder
model := ""
# Given to every stage: --explain, --force, --quiet
flags := ""
# Given to one stage, after the profile
fetch_args := ""
tokenize_args := ""
finetune_args := ""
sweep_args := ""
eval_args := ""
export_args := ""

# A path as seen from here, or from where the user stands
source := if dataset == "" { "" } else if path_exists(dataset) == "true" { dataset } else if path_exists(standing / dataset) == "true" { standing / dataset } else { dataset }
standing := invocation_directory()
profile_file := if profile =~ '\.toml$' { profile } else { "pipeline/profiles" / profile + ".toml" }
# Where the results are, below data/
name := if file_stem(profile_file) == "own" { shell('sh pipeline/setup/dataset_name.sh "$1"', source) } else { file_stem(profile_file) }
raw := "data/raw" / name
models := "data/models" / name
tokens := "data/tokens" / name
run := "data/runs" / name
# The temperature of a classifier, which the evaluation of the validation split fits
calibration := run / "eval/validation/calibration.json"
bin := env("CARGO_TARGET_DIR", "target") / "release"
# Behind a stage: says what stopped, and what to try
stopped := "sh pipeline/setup/stopped.sh $?"
common := "--profile " + quote(profile_file) + " " + flags

[private]
default:
    @{{ just_executable() }} --list --unsorted

# Set-up, build, and the whole pipeline of the profile
[group('pipeline')]
all: export
    @echo "report: {{ run }}/eval/*/report.html  figures: {{ run }}/eval/*/metrics.json  curves: {{ run }}/train/curves.svg  model: {{ run }}/export/hf" >&2

# libtorch and the quickstart's model, found or brought
[group('pipeline')]
setup:
    @sh pipeline/setup/setup.sh

# The programs; the first time everything is compiled, which takes minutes
[group('pipeline')]
build: setup
    @sh pipeline/setup/build.sh

# dataset and model -> data/raw, data/models
[group('pipeline')]
fetch: build
    @{{ bin }}/sst-fetch dataset {{ common }} {{ if source == "" { "" } else { "--source " + quote(source) } }} {{ fetch_args }} --out {{ quote(raw) }} || {{ stopped }} 'sst-fetch dataset' {{ quote(profile_file) }}
    @{{ bin }}/sst-fetch model {{ common }} {{ if model == "" { "" } else { "--source " + quote(model) } }} --out {{ quote(models) }} || {{ stopped }} 'sst-fetch model' {{ quote(profile_file) }}

# data/raw -> data/tokens
[group('pipeline')]
tokenize: fetch
    @{{ bin }}/sst-tokenize {{ common }} --raw {{ quote(raw) }} --model {{ quote(models) }} {{ tokenize_args }} --out {{ quote(tokens) }} || {{ stopped }} sst-tokenize {{ quote(profile_file) }}

# data/tokens, data/models -> data/runs/NAME/train
[group('pipeline')]
finetune: tokenize
    @{{ bin }}/bert-finetune {{ common }} --tokens {{ quote(tokens) }} --model {{ quote(models) }} {{ finetune_args }} --out {{ quote(run / "train") }} || {{ stopped }} bert-finetune {{ quote(profile_file) }}

# The search of a profile with [sweep.space], or just sweep_args="--seeds 5" sweep -> data/runs/NAME/sweep
[group('pipeline')]
sweep: tokenize
    @{{ bin }}/bert-sweep {{ common }} --tokens {{ quote(tokens) }} --model {{ quote(models) }} {{ sweep_args }} --out {{ quote(run / "sweep") }} || {{ stopped }} bert-sweep {{ quote(profile_file) }}

# data/runs/NAME/train, data/tokens -> data/runs/NAME/eval
[group('pipeline')]
eval: finetune
    @set --; for split in validation test; do \
        if [ -f {{ quote(tokens) }}/$split.parquet ]; then \
            {{ bin }}/bert-eval {{ common }} --run {{ quote(run / "train") }} --tokens {{ quote(tokens) }} --raw {{ quote(raw) }} --split $split "$@" {{ eval_args }} --out {{ quote(run / "eval") }}/$split || {{ stopped }} bert-eval {{ quote(profile_file) }} || exit; \
        fi; \
        if [ -f {{ quote(tokens / "validation.parquet") }} ] && [ -f {{ quote(calibration) }} ]; then set -- --calibration {{ quote(calibration) }}; fi; \
    done

# data/runs/NAME/{train,eval}, data/tokens -> data/runs/NAME/export, run over the validation split before it is visible
[group('pipeline')]
export: eval
    @set --; for split in validation test; do \
            if [ -f {{ quote(tokens) }}/$split.parquet ]; then set -- "$@" --eval "\""{{ quote(run) }}"/eval/$split\""; fi; \
        done; \
        if [ -f {{ quote(tokens / "validation.parquet") }} ]; then \
            set -- "$@" --tokens {{ quote(tokens) }}; \
            if [ -f {{ quote(calibration) }} ]; then set -- "$@" --calibration {{ quote(calibration) }}; fi; \
        fi; \
        {{ bin }}/bert-export {{ common }} --run {{ quote(run / "train") }} --raw {{ quote(raw) }} --base-model {{ quote(models) }} "$@" {{ export_args }} --out {{ quote(run / "export") }} || {{ stopped }} bert-export {{ quote(profile_file) }}

# Labels for texts: just predict "A film of rare beauty."
[group('pipeline')]
[positional-arguments]
predict *TEXTS: export
    @{{ bin }}/bert-predict --profile {{ quote(profile_file) }} --model {{ quote(run / "export/hf") }} "$@"

# What works here, what is wrong, and what to do: libtorch, CUDA, processor, threads, memory, disk, hub
[group('pipeline')]
doctor:
    @[ -x {{ bin }}/bert-doctor ] || {{ just_executable() }} build
    @{{ bin }}/bert-doctor

# A folder and an archive of the programs that run without toolchain, Python and checkout -> target/dist
[group('programs')]
dist: build
    @sh pipeline/dist/dist.sh archive

# The programs with libtorch, manual and completions: just install /usr/local
[group('programs')]
install PREFIX: build
    @made=$(sh pipeline/dist/dist.sh) && cd {{ quote(standing) }} && sh {{ quote(install) }} "$made" {{ quote(PREFIX) }}

# Removes what `just install` listed there
[group('programs')]
uninstall PREFIX:
    @cd {{ quote(standing) }} && sh {{ quote(install) }} --remove {{ quote(PREFIX) }}

install := justfile_directory() / "pipeline/dist/install.sh"

# Removes build output and set-up, having named them; nothing under data/
[group('programs')]
clean:
    @sh pipeline/setup/clean.sh

# Every test that needs no Python: the programs, the crates, the kernels' operations
[group('checks')]
test: setup
    cargo build --release --locked --workspace --quiet
    cargo test --release --locked --workspace --quiet
    @{{ just_executable() }} test-operations

# Each operation of the kernels against ATen in float64; `1` under AddressSanitizer and UndefinedBehaviorSanitizer, `thread` under ThreadSanitizer
[group('checks')]
test-operations sanitize="": setup
    @make --no-print-directory -C crates/bert-kernels/csrc/tests check {{ if sanitize == "" { "" } else { "SANITIZE=" + sanitize } }}

# Agreement with the reference implementations, in Python environments of their own (6 GB)
[group('checks')]
test-reference: build (environment "reference") (environment "current")
    @cargo build --release --locked --workspace --examples --quiet
    .cache/reference/bin/python -m pytest -q tests/reference

# The recipes for Airflow, Kubernetes, Slurm, Make and object storage, in the real ones as far as one machine has them; on Debian all
[group('checks')]
test-engines: build (environment "engines") (environment "airflow") (environment "reference")
    @sh pipeline/setup/debian.sh slurm libhwloc15 liblua5.1-0 libmunge2 munge slurm-wlm-basic-plugins slurm-client slurmctld slurmd || true
    @sh pipeline/setup/debian.sh rclone rclone || true
    .cache/engines/bin/python -m pytest -q -rs tests/engines

# The tests on a CUDA device; `tests/gpu/` runs them on a machine without cargo
[group('checks')]
test-gpu: setup
    BERT_TEST_DEVICE=cuda cargo test --release --locked --workspace {{ gpu_tests }} -- --test-threads 1
    cargo test --release --locked --workspace --test processes processes_give_the_bytes

gpu_tests := "--test operators --test optimizer --test device_queue --test device_steps --test loading --test parity --test attributions --test runs"

# What the tests on a GPU need on a machine without cargo and registry, in DIR; there: sh DIR/run.sh
[group('checks')]
pack-gpu DIR: build
    @sh tests/gpu/pack.sh {{ quote(DIR) }} {{ gpu_tests }} --test processes

# A training run survives: 300 kills, 50 of single processes among several, a failure at every call, 11,000 damages, full disks, rivals, a long life; an hour or two
[group('checks')]
test-crash: setup
    cargo build --release --locked --workspace --quiet
    CRASH_TESTS=full cargo test --release --locked --workspace --quiet --test crash -- --include-ignored --nocapture --test-threads 1
    PROCESS_KILLS=50 cargo test --release --locked --workspace --quiet --test process_stops kills_at_random_moments

# Processes under torchrun survive: 50 kills of one or of all, before the first step, in saves, in evaluations and else; its table says how often each; about ten minutes
[group('checks')]
test-torchrun-kills: build (environment "reference")
    TORCHRUN_KILLS=50 .cache/reference/bin/python -m pytest -q -s tests/reference/test_processes.py -k kills

# A search survives: 100 kills at random moments, and its table is that of an undisturbed one
[group('checks')]
test-sweep-kills: setup
    cargo build --release --locked --workspace --quiet
    SWEEP_KILLS=100 cargo test --release --locked --workspace --test end_to_end killed_at_random_moments

# Changed minds: 300 walks of settings, inputs, kills, damage and deletions in any order, held to an empty folder, and 60 of searches; 40 minutes
[group('checks')]
test-walks: setup
    cargo build --release --locked --workspace --quiet
    WALKS=300 cargo test --release --locked --workspace --test end_to_end changed_minds
    WALKS=60 cargo test --release --locked --workspace --test end_to_end changed_searches

# Report pages in a real Chromium: sort, filter, search, print, narrow, dark, no request, no finding of axe; further pages by path
[group('checks')]
test-browser *PAGES:
    @sh tests/browser/run.sh {{ PAGES }}

# Mutants of every input format through the readers, 100,000 of each: just test-mutants 1000 "json parquet"
[group('checks')]
test-mutants number="100000" formats="": setup
    cargo build --release --locked --workspace --quiet
    MUTANTS={{ number }} MUTANTS_OF={{ quote(formats) }} cargo test --release --locked --workspace --quiet --test mutation -- --nocapture --test-threads 1

# A parser under coverage-guided fuzzing: just fuzz tree 600; the targets are the files of fuzz/fuzz_targets
[group('checks')]
fuzz target seconds="60":
    @sh pipeline/setup/cargo_fuzz.sh
    mkdir -p {{ quote("fuzz/corpus" / target) }}
    cd fuzz && PATH="$PWD/../.cache/cargo-fuzz/bin:$PATH" RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none --fuzz-dir . {{ quote(target) }} \
        {{ quote("corpus" / target) }} {{ quote("seeds" / target) }} -- -max_total_time={{ seconds }} -timeout=10 -rss_limit_mb=1024

# What only libtorch with CUDA links, compiled against the headers, on any machine; of the CUDA runtime itself it may call nothing
[group('checks')]
check-cuda: setup
    @sh pipeline/setup/setup.sh cuda-headers
    @mkdir -p target/check-cuda
    @for source in crates/bert-kernels/csrc/cuda/*.cpp; do \
        c++ -std=c++17 -fPIC -w -I crates/bert-kernels/csrc -I .cache/cuda-headers/nvidia/cu13/include -I .libtorch/include \
            -I .libtorch/include/torch/csrc/api/include -c $source -o target/check-cuda/$(basename $source .cpp).o || exit; \
    done
    @! nm -uC target/check-cuda/*.o | grep ' U cu[A-Za-z]*(\? *$'

# Formatting, lints, spelling
[group('checks')]
lint: setup check-cuda
    cargo fmt --all --check
    cargo clippy --release --locked --workspace --all-targets --quiet -- --deny warnings
    @sh pipeline/setup/typos.sh
    @python3 tests/structure.py > /dev/null || { python3 tests/structure.py; exit 1; }
    @python3 tests/invariants.py

# What CI runs
[group('checks')]
ci:
    CI=true bash .ci/run

# The archive in a bare Debian root, without toolchain, Python and checkout; needs root, and brings debootstrap
[group('checks')]
test-dist: dist
    @sh tests/dist/run.sh

# The programs of 64-bit Arm, made and run by qemu on an x86-64 Debian: kernels, parity, every stage; needs root; a quarter of an hour
[group('checks')]
test-arm64: build
    @sh tests/arm64/run.sh

# All C++ and Rust compiled for 64-bit Arm, where a compiler for it can be had
[group('checks')]
check-arm64: setup
    @sh tests/arm64/run.sh check

# What takes long, or needs much installed: the archive in a bare root, 64-bit Arm, the engines, the operations under sanitizers, the pages in a browser, then every proof of survival
[group('checks')]
nightly: test-dist test-arm64 test-engines (test-operations "1") (test-operations "thread") test-browser test-crash test-torchrun-kills test-sweep-kills test-walks

# The fixtures of the tests anew, from the live reference
[group('checks')]
fixtures: (environment "reference")
    .cache/reference/bin/python tests/reference/make_fixtures.py

# This project and the reference in turn, on an idle machine: about 25 minutes -> data/bench
[group('checks')]
bench *SECTIONS: build (environment "benchmarks")
    @cargo build --release --locked --workspace --examples --quiet
    .cache/benchmarks/bin/python tests/benchmarks/bench.py {{ SECTIONS }}

# Two commits in turn: the same bytes, and the ratio of their speeds; just compare HEAD~1 HEAD
[group('checks')]
compare OLD NEW *PARTS: setup
    python3 tests/benchmarks/compare_commits.py {{ OLD }} {{ NEW }} {{ PARTS }}

# How often the intervals hold and the comparisons err, in a simulation: the tables of docs/evaluation.md; about ten minutes
[group('checks')]
coverage repetitions="4000":
    @cargo run --release --locked --quiet -p metrics --example coverage -- {{ repetitions }}

# The circles among the modules of each crate (none), the longest files and parameter lists
[group('checks')]
structure:
    @python3 tests/structure.py

[private]
environment name:
    @sh pipeline/setup/environment.sh {{ name }}

# Names that recipes had before
alias test-peers := test-reference
alias survival := test-crash
