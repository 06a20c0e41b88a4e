"""The real torchrun: two processes of `bert-finetune` against one, killed and started again, and the losses of PyTorch's
DistributedDataParallel on the same batches. `TORCHRUN_KILLS` says how many are killed; `pytest -s` shows when.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter

from conftest import BIN, ROOT
from distributed_peer import BATCH
from safetensors.torch import load_file
from test_parity import WITHOUT_DROPOUT, is_key_bias, report, rows, start as drawn  # noqa: F401: fixtures
from torchrun import STANDALONE, TRAINING, assert_equal, environment, ranks, wait_until, words

def start(prepared, model, out, *torchrun):
    command = [*STANDALONE, *torchrun, "--no-python", *words(prepared, model, out)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment())


def test_torchrun_gives_the_bytes_of_one_process(prepared, tmp_path):
    """With MiniLM; the others need no size."""
    changes = dict(max_steps=8, eval_steps=8, save_steps=4)
    one = words(prepared, prepared.model, tmp_path / "one", **changes, gradient_accumulation_steps=2)
    subprocess.run(one, check=True, capture_output=True, env=environment())
    two = [*STANDALONE, "--no-python", *words(prepared, prepared.model, tmp_path / "two", **changes)]
    done = subprocess.run(two, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    assert "2 processes x 1 micro-batches x 8 sentences: 16 in a step" in done.stderr
    assert_equal(tmp_path / "one", tmp_path / "two")


def events(out):
    try:
        return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines(keepends=True) if line.endswith("\n")]
    except OSError:
        return []


def is_before_the_first_step(out):
    return not any(event["event"] == "train" for event in events(out))


def is_in_a_save(out):
    return any(not (folder / "manifest.json").exists() for folder in (out / "checkpoints").glob("step-*"))


def is_in_an_evaluation(out):
    last = events(out)[-1:]
    return bool(last) and last[0]["event"] == "train" and last[0]["step"] % TRAINING["eval_steps"] == 0


def stop(run, out, is_now, delay):
    """Stops the processes of a run in a moment; their numbers by rank. None: it had passed."""
    wait_until(lambda: len(ranks(run.pid)) == 2, run)
    processes = ranks(run.pid)
    time.sleep(delay)
    for _ in range(4000):
        if run.poll() is not None or not ranks(run.pid).keys() >= {0, 1}:
            return None
        if is_now(out):
            try:
                for process in processes.values():
                    os.kill(process, signal.SIGSTOP)
                if is_now(out):
                    return processes
                for process in processes.values():
                    os.kill(process, signal.SIGCONT)
            except ProcessLookupError:
                return None
        time.sleep(0.001)
    return None


def kill(run, processes, victims):
    if victims == "all":
        run.kill()
    for rank, process in processes.items():
        os.kill(process, signal.SIGKILL if victims in ("all", f"rank {rank}") else signal.SIGCONT)


MOMENTS = {
    "before the first step": is_before_the_first_step,
    "in a save": is_in_a_save,
    "in an evaluation": is_in_an_evaluation,
    "else": lambda out: not (is_before_the_first_step(out) or is_in_a_save(out) or is_in_an_evaluation(out)),
}
VICTIMS = ["rank 1", "all", "rank 0"]


def test_kills_under_torchrun_change_no_byte(prepared, small_model, undisturbed, tmp_path):
    """Each kill is of a run of its own, which torchrun starts again, or the same command where torchrun was killed, too."""
    n_kills = int(os.environ.get("TORCHRUN_KILLS", "4"))
    draw = random.Random(n_kills)
    hit = Counter()
    while hit.total() < n_kills:
        n = hit.total()
        # Every pair of the two, since their numbers have no common divisor.
        moment, victims = list(MOMENTS)[n % len(MOMENTS)], VICTIMS[n % len(VICTIMS)]
        out = tmp_path / "train"
        run = start(prepared, small_model, out, "--max-restarts", "1")
        delay = draw.uniform(0, 0.3 if moment == "before the first step" else 1.0)
        processes = stop(run, out, MOMENTS[moment], delay)
        if processes is None:
            run.communicate(timeout=300)
        else:
            kill(run, processes, victims)
            hit[moment, victims] += 1
            _, said = run.communicate(timeout=300)
            if victims == "all":
                assert run.returncode == -signal.SIGKILL
                run = start(prepared, small_model, out)
                _, said = run.communicate(timeout=300)
            assert run.returncode == 0, (moment, victims, said)
        assert_equal(undisturbed, out)
        shutil.rmtree(out)
    print("", f"| killed | {' | '.join(VICTIMS)} |", *(f"| {moment} | {' | '.join(str(hit[moment, victims]) for victims in VICTIMS)} |" for moment in MOMENTS), sep="\n")


def test_torchrun_names_the_rank_and_the_reason(prepared, small_model, tmp_path):
    command = [*STANDALONE, "--no-python", *words(prepared, small_model, tmp_path / "train", warmup_ratio=2)]
    run = subprocess.run(command, capture_output=True, text=True, env=environment())
    assert run.returncode == 1
    assert run.stderr.count("error: --warmup-ratio is 2") == 1
    assert "exitcode  : 2" in run.stderr


def test_fifty_steps_are_those_of_distributed_data_parallel(prepared, drawn, rows, tmp_path):
    """The same two micro-batches in every step, without dropout: rank r of DDP reads what our rank r does."""
    n_steps = 50
    flags = [word for name, value in WITHOUT_DROPOUT.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    train = [str(BIN / "bert-finetune"), "--tokens", str(prepared.tokens), "--model", str(drawn), "--out", str(tmp_path / "train"),
             "--precision", "float32", "--threads", "1", "--per-device-train-batch-size", str(BATCH), "--max-steps", str(n_steps), "--learning-rate", "5e-5",
             "--weight-decay", "0.01", "--logging-steps", "1", "--eval-strategy", "no", "--save-strategy", "no", *flags]
    subprocess.run([*STANDALONE, "--no-python", *train], check=True, env=environment())
    (tmp_path / "rows.json").write_text(json.dumps([{"input_ids": list(map(int, row["input_ids"])), "labels": int(row["labels"])} for row in rows]))
    script = [ROOT / "tests/reference/distributed_peer.py", drawn, tmp_path / "rows.json", n_steps, tmp_path]
    subprocess.run([*STANDALONE, *map(str, script)], check=True, env=environment())

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
