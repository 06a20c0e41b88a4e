"""The real torchrun: several processes of `bert-finetune`, one of which is killed and started again, against one process; and
the losses of PyTorch's DistributedDataParallel on the same batches.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from conftest import BIN, ROOT
from safetensors.torch import load_file
from test_parity import WITHOUT_DROPOUT, is_key_bias, report, rows, start as drawn  # noqa: F401: fixtures

TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]
TRAINING = ["--precision", "float32", "--threads", "1", "--per-device-train-batch-size", "8", "--max-steps", "40", "--eval-strategy", "steps",
            "--eval-steps", "20", "--save-strategy", "steps", "--save-steps", "10", "--logging-steps", "1", "--learning-rate", "5e-5"]


def words(prepared, out, *more):
    return [str(BIN / "bert-finetune"), "--tokens", str(prepared.tokens), "--model", str(prepared.model), "--out", str(out), *TRAINING, *more]


def environment():
    return {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "OMP_NUM_THREADS")}


def start(prepared, out, *torchrun):
    command = [*TORCHRUN, "--standalone", "--nproc-per-node", "2", "--no-python", *torchrun, *words(prepared, out)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment())


def outputs(folder):
    """What equal runs share, byte for byte."""
    names = ["model.safetensors", "log.jsonl", "config.json", "curves.svg"]
    paths = [folder / name for name in names] + sorted((folder / "checkpoints").rglob("*.safetensors"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def assert_equal(one, other):
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


@pytest.fixture(scope="module")
def alone(prepared, tmp_path_factory):
    """One process that accumulates."""
    folder = tmp_path_factory.mktemp("alone") / "train"
    subprocess.run(words(prepared, folder, "--gradient-accumulation-steps", "2"), check=True, env=environment())
    return folder


def test_torchrun_gives_the_bytes_of_one_process(prepared, alone, tmp_path):
    run = start(prepared, tmp_path / "train")
    _, said = run.communicate(timeout=600)
    assert run.returncode == 0, said
    assert "2 processes x 1 micro-batches x 8 sentences: 16 in a step" in said
    assert_equal(outputs(alone), outputs(tmp_path / "train"))


def ranks(parent):
    """The processes that torchrun has started, by their rank."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            variables = dict(line.split("=", 1) for line in (folder / "environ").read_text().split("\0") if "=" in line)
            is_child = f"PPid:\t{parent}\n" in (folder / "status").read_text()
        except OSError:
            continue
        if is_child and "RANK" in variables:
            found[int(variables["RANK"])] = int(folder.name)
    return found


@pytest.mark.parametrize("victim", [0, 1])
def test_torchrun_starts_a_killed_run_again_and_its_bytes_are_those_of_an_undisturbed_one(prepared, alone, tmp_path, victim):
    run = start(prepared, tmp_path / "train", "--max-restarts", "2")
    while not list((tmp_path / "train/checkpoints").glob("step-*/manifest.json")):
        assert run.poll() is None, run.communicate()
        time.sleep(0.02)
    os.kill(ranks(run.pid)[victim], signal.SIGKILL)
    _, said = run.communicate(timeout=600)
    assert run.returncode == 0, said
    assert "continuing at step" in said
    assert_equal(outputs(alone), outputs(tmp_path / "train"))


def test_torchrun_names_the_rank_and_the_reason(prepared, tmp_path):
    run = subprocess.run([*TORCHRUN, "--standalone", "--nproc-per-node", "2", "--no-python", *words(prepared, tmp_path / "train", "--warmup-ratio", "2")],
                         capture_output=True, text=True, env=environment())
    assert run.returncode == 1
    assert run.stderr.count("error: --warmup-ratio is 2") == 1
    assert "exitcode  : 2" in run.stderr


def test_fifty_steps_are_those_of_distributed_data_parallel(prepared, drawn, rows, tmp_path):
    """The same two micro-batches in every step, without dropout: rank r of DDP reads what our rank r does."""
    n_steps = 50
    flags = [word for name, value in WITHOUT_DROPOUT.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    train = [str(BIN / "bert-finetune"), "--tokens", str(prepared.tokens), "--model", str(drawn), "--out", str(tmp_path / "train"),
             "--precision", "float32", "--threads", "1", "--per-device-train-batch-size", "8", "--max-steps", str(n_steps), "--learning-rate", "5e-5",
             "--weight-decay", "0.01", "--logging-steps", "1", "--eval-strategy", "no", "--save-strategy", "no", *flags]
    together = [*TORCHRUN, "--standalone", "--nproc-per-node", "2"]
    subprocess.run([*together, "--no-python", *train], check=True, env=environment())
    (tmp_path / "rows.json").write_text(json.dumps([{"input_ids": list(map(int, row["input_ids"])), "labels": int(row["labels"])} for row in rows]))
    script = [ROOT / "tests/reference/distributed_peer.py", drawn, tmp_path / "rows.json", n_steps, tmp_path]
    subprocess.run([*together, *map(str, script)], check=True, env=environment())

    events = [json.loads(line) for line in (tmp_path / "train/log.jsonl").read_text().splitlines()]
    ours = [event["loss"] for event in events if event["event"] == "train"]
    theirs = json.loads((tmp_path / "ddp.json").read_text())
    assert len(ours) == len(theirs) == n_steps
    trained, weights = load_file(tmp_path / "train/model.safetensors"), load_file(tmp_path / "ddp.safetensors")
    difference = {name: (trained[name] - weights[name]).abs().max().item() for name in trained}
    report(
        ("losses of the steps", max(abs(a - b) for a, b in zip(ours, theirs)), 1e-5),
        ("weights after the last step", max(d for name, d in difference.items() if not is_key_bias(name)), 1e-5),
        ("key.bias after the last step", max(d for name, d in difference.items() if is_key_bias(name)), 1e-4),
    )
