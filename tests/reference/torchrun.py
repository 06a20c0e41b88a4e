"""What the tests of several processes share: torchrun, the runs that it starts, and their processes."""

import os
import pathlib
import socket
import sys
import time

from conftest import BIN

TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]
STANDALONE = [*TORCHRUN, "--standalone", "--nproc-per-node", "2"]
#: A step is a few milliseconds, and each is in the log.
TRAINING = dict(precision="float32", threads=1, per_device_train_batch_size=8, learning_rate=1e-3, warmup_ratio=0.1, max_steps=120,
                eval_strategy="steps", eval_steps=40, save_strategy="steps", save_steps=20, logging_steps=1)  # fmt: skip


def words(prepared, model, out, **changes):
    """The command of a run; `changes` of its training."""
    folders = ["--tokens", prepared.tokens, "--model", model, "--out", out]
    options = [word for name, value in (TRAINING | changes).items() for word in (f"--{name.replace('_', '-')}", value)]
    return [str(word) for word in [BIN / "bert-finetune", *folders, *options]]


def environment():
    return {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "OMP_NUM_THREADS")}


def outputs(folder):
    """What equal runs share, byte for byte."""
    names = ["model.safetensors", "log.jsonl", "config.json", "curves.svg"]
    paths = [folder / name for name in names] + sorted((folder / "checkpoints").rglob("*.safetensors"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def assert_equal(one, other):
    one, other = outputs(one), outputs(other)
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


def ranks(*parents):
    """The processes that these torchruns have started, by their rank."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            variables = dict(line.split("=", 1) for line in (folder / "environ").read_text().split("\0") if "=" in line)
            is_child = any(f"PPid:\t{parent}\n" in (folder / "status").read_text() for parent in parents)
            is_program = (folder / "comm").read_text().startswith("bert-finetune")
        except OSError:
            continue
        if is_child and is_program and "RANK" in variables:
            found[int(variables["RANK"])] = int(folder.name)
    return found


def has_saved(out):
    return any((out / "checkpoints").glob("step-*/manifest.json"))


def wait_until(holds, *runs):
    """Until something is so of runs that go on meanwhile."""
    for _ in range(12000):
        if holds():
            return
        assert all(run.poll() is None for run in runs), [run.communicate() for run in runs if run.poll() is not None]
        time.sleep(0.005)
    raise AssertionError("it did not come about within a minute")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
