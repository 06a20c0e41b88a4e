"""pipeline/Makefile with several jobs: the quick start, and its six trials as targets; then what it tells programs, which only say so."""

import os
import shutil
import subprocess

import pytest
from conftest import NAME, PROGRAMS, ROWS_PER_PART, TOP, assert_same


def test_make_with_two_jobs_makes_what_one_machine_makes(one_machine, workplace):
    variables = [f"PROFILE={NAME}", f"BIN={PROGRAMS}", f"top={workplace.folder}", "SWEEP_JOBS=2"]
    command = ["make", "-f", str(TOP / "pipeline/Makefile"), "-j2", *variables, "export", "trials"]
    made = subprocess.run(command, text=True, capture_output=True)
    assert made.returncode == 0, made.stderr
    run = f"data/runs/{NAME}"
    texts = ["--input", f"data/raw/{NAME}/test.parquet", "--rows-per-part", ROWS_PER_PART]
    workplace.run("bert-predict", "--model", f"{run}/export/hf", *texts, "--out", f"{run}/answers")
    assert_same(one_machine, workplace)
    again = subprocess.run(command, text=True, capture_output=True)
    assert again.returncode == 0, again.stderr
    assert again.stderr.count(" is fresh") >= 7, again.stderr


@pytest.fixture
def checkout(tmp_path):
    """A checkout at a path with a blank and a quote, and programs beside it that write down what they are told."""
    checkout = tmp_path / "it's a place"
    checkout.mkdir()
    shutil.copytree(TOP / "pipeline", checkout / "pipeline")
    for whose, folder in (("my", tmp_path / "my bin"), ("target", checkout / "target/release")):
        folder.mkdir(parents=True)
        for program in ("sst-fetch", "sst-tokenize", "bert-finetune", "bert-eval", "bert-export"):
            (folder / program).write_text(f'#!/bin/sh\n{{ printf "%s|" {whose} {program} "$@"; echo; }} >> told.txt\n')
            (folder / program).chmod(0o755)
    return checkout


def make(checkout, *words, code=0, **env):
    """What each program was told, when make is typed beside the checkout."""
    own = {name: value for name, value in os.environ.items() if name not in ("BIN", "CARGO_TARGET_DIR")}
    env = own | env | {"PWD": str(checkout.parent)}
    command = ["make", "-C", "it's a place/pipeline", *words]
    done = subprocess.run(command, cwd=checkout.parent, env=env, text=True, capture_output=True)
    assert done.returncode == code, done.stdout + done.stderr
    told = checkout / "told.txt"
    lines = [line.split("|")[:-1] for line in told.read_text().splitlines()] if told.exists() else []
    told.unlink(missing_ok=True)
    return lines if code == 0 else done.stderr


def test_words_reach_the_programs_as_they_were_typed(checkout):
    [told] = make(checkout, "BIN=my bin", "DATASET=my da'ta.csv", "PROFILE=a b", "dataset")
    words = ["dataset", "--profile", "pipeline/profiles/a b.toml", "--source", "my da'ta.csv", "--out", "data/raw/a b"]
    assert told == ["my", "sst-fetch", *words]
    [told] = make(checkout, "BIN=my bin", "MODEL=hub:a/b c", "model")
    assert told[5:7] == ["--source", "hub:a/b c"]


def test_the_programs_are_those_that_were_named(checkout):
    # As seen from where make was typed, from the command line as from the environment.
    assert make(checkout, "BIN=my bin", "model")[0][0] == "my"
    assert make(checkout, "model", BIN="my bin")[0][0] == "my"
    assert make(checkout, "model", BIN=str(checkout.parent / "my bin"))[0][0] == "my"
    assert make(checkout, "model")[0][0] == "target"
    assert make(checkout, "model", CARGO_TARGET_DIR="target")[0][0] == "target"
    # None is taken for another.
    for env in ({"BIN": "nowhere"}, {"CARGO_TARGET_DIR": "nowhere"}, {"BIN": "/nowhere"}):
        assert "there are no programs in " in make(checkout, "model", code=2, **env)


def test_a_split_that_is_not_there_is_passed_over(checkout):
    tokens, run = checkout / "data/tokens/quickstart", "data/runs/quickstart"
    calibration = f"{run}/eval/validation/calibration.json"
    evaluations = lambda told: [words[words.index("--split") + 1] for words in told if words[1] == "bert-eval"]
    tokens.mkdir(parents=True)
    told = make(checkout, "BIN=my bin")
    assert evaluations(told) == [] and not {"--eval", "--tokens", "--calibration"} & set(told[-1])
    (tokens / "validation.parquet").touch()
    told = make(checkout, "BIN=my bin")
    assert evaluations(told) == ["validation"]
    assert told[-1][-6:] == ["--eval", f'"{run}/eval/validation"', "--tokens", "data/tokens/quickstart", "--out", f"{run}/export"]
    (tokens / "test.parquet").touch()
    told = make(checkout, "BIN=my bin")
    assert evaluations(told) == ["validation", "test"] and "--calibration" not in told[-1] + told[-2], "regression has none"
    (checkout / calibration).parent.mkdir(parents=True)
    (checkout / calibration).touch()
    told = make(checkout, "BIN=my bin")
    assert "--calibration" not in told[-3]
    assert all(words[words.index("--calibration") + 1] == calibration for words in told[-2:])
