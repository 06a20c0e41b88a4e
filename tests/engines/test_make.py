"""pipeline/Makefile with several jobs: the quick start, and its six trials as targets."""

import subprocess

from conftest import PROGRAMS, TOP, assert_same, NAME, ROWS_PER_PART


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
