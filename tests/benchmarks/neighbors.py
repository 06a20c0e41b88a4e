"""Training and prediction beside busy neighbors, on one thread and on all. A neighbor is a loop that takes what it gets of a core."""

import os
import subprocess

import growth
from events import step_ends
from machine import run_stage

BATCH, FIRST, LAST = 16, 10, 50
TEXTS = 8000


class Neighbors:
    """While it is entered, `number` loops run."""

    def __init__(self, number):
        self.number = number

    def __enter__(self):
        self.loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(self.number)]

    def __exit__(self, *_):
        for loop in self.loops:
            loop.kill()
            loop.wait()


def trained(bench, threads):
    """Sentences a second of training, without the warm-up."""
    out = bench.folder / "beside-neighbors"
    run_stage(
        "bert-finetune", "--tokens", bench.tokens, "--model", bench.model, "--out", out, "--force", "--device", "cpu",
        "--threads", threads, "--per-device-train-batch-size", BATCH, "--max-steps", LAST, "--learning-rate", 5e-5,
        "--eval-strategy", "no", "--save-strategy", "no", "--logging-steps", 1, "--quiet",
    )  # fmt: skip
    ends = step_ends(out / "tensorboard")
    return (LAST - FIRST) * BATCH / (ends[LAST] - ends[FIRST])


def predicted(bench, threads):
    """Sentences a second of prediction, from start to file."""
    texts, answers = bench.folder / "few-texts.jsonl", bench.folder / "few-answers.jsonl"
    model = bench.folder / "beside-neighbors"
    _, seconds = run_stage(
        "bert-predict", "--model", model, "--input", texts, "--output", answers, "--device", "cpu", "--threads", threads, "--quiet",
    )  # fmt: skip
    return TEXTS / seconds


def measure(bench):
    growth.write_texts(bench.raw / "train.parquet", bench.folder / "all-texts.jsonl")
    with (bench.folder / "all-texts.jsonl").open() as lines:
        (bench.folder / "few-texts.jsonl").write_text("".join(line for line, _ in zip(lines, range(TEXTS))))
    n_cores = os.cpu_count()
    found = []
    print(f"{'sentences/s':<44} {'1 thread':>10} {f'{n_cores} threads':>10}")
    for number, words in [(0, "idle"), (1, "beside a busy neighbor"), (n_cores, f"beside {n_cores} busy neighbors")]:
        for name, rate in [("training", trained), ("prediction", predicted)]:
            with Neighbors(number):
                one, many = rate(bench, 1), rate(bench, n_cores)
            found.append({"work": name, "neighbors": number, "one_thread": one, "all_threads": many})
            print(f"{f'{name}, {words}':<44} {one:10.1f} {many:10.1f}  {many / one:6.2f}x", flush=True)
    beside = f"training, bf16, beside {n_cores} busy neighbors"
    with Neighbors(n_cores):
        ours = lambda: {"sentences_per_second": trained(bench, n_cores)}  # noqa: E731
        reference = lambda attention: lambda: bench.reference("bf16", attention, bench.model, BATCH, FIRST, LAST)  # noqa: E731
        bench.race(beside, ours, {"sdpa": reference("sdpa"), "eager": reference("eager")})
    return found
