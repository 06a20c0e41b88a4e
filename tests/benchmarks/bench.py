"""The same work by this project and by the reference, in turn, on the same machine: rates, ratios, memory.

    bench.py [training] [guide] [base] [inference] [tokenization] [growth] [neighbors]      (all of them without an argument)
    bench.py answers [--rows N]                                                  (latency, streaming, large files; only where it is named)
    bench.py large-table [--rows N]                                              (only where it is named; 5 million rows)
    BENCH_DEVICE=cuda bench.py gpu                                               (on a GPU; only where it is named)

BENCH_PREPARED=DIR takes DIR/raw, DIR/model and DIR/tokens as they are, where there is no corpus.

Writes data/bench/results.json, results.md and charts. Both sides run as whole processes; rates of training are those of the
steps from FIRST to LAST, without the warm-up.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import sys
import tempfile
import time

import answers
import gpu
import growth
import large_table
import neighbors
from events import step_ends
from machine import DEVICE, GLUE, MINILM, PYTHON, ROOT, TREES, run, run_reference, run_stage

OUT = ROOT / "data/bench"
HERE = pathlib.Path(__file__).parent
FIRST, LAST, ROUNDS = 50, 250, 2
SECTIONS = ["training", "guide", "base", "inference", "tokenization", "growth", "neighbors"]
# Of millions of rows, so only where they are named.
LARGE = {"large-table": large_table.measure, "answers": answers.measure}


MEASURED = {"neighbors": neighbors.measure, "gpu": gpu.measure}


class Bench:
    """Inputs, and the rows of the table as they come."""

    def __init__(self, folder):
        self.folder = folder
        self.rows, self.results = [], {}
        prepared = os.environ.get("BENCH_PREPARED")
        inputs = pathlib.Path(prepared) if prepared else folder
        self.raw, self.model, self.tokens = inputs / "raw", inputs / "model", inputs / "tokens"
        if prepared:
            return
        run_stage("sst-fetch", "dataset", "--source", TREES, "--out", self.raw)
        run_stage("sst-fetch", "model", "--source", MINILM, "--out", self.model)
        run_stage("sst-tokenize", "--raw", self.raw, "--model", self.model, "--task", "sst2", "--out", self.tokens)

    def ours(self, precision, model, batch, first, last, tokens=None, cuda_graphs="off"):
        """Trains; the rate from one step to another, and the peak of memory. A GPU is waited for at these steps alone."""
        out = self.folder / "ours"
        peak, _ = run_stage(
            "bert-finetune", "--tokens", tokens or self.tokens, "--model", model, "--out", out, "--force",
            "--device", DEVICE, "--precision", precision, "--per-device-train-batch-size", batch, "--max-steps", last,
            "--learning-rate", 5e-5, "--weight-decay", 0.01, "--eval-strategy", "no", "--save-strategy", "no",
            "--logging-steps", math.gcd(first, last), "--cuda-graphs", cuda_graphs,
        )  # fmt: skip
        timing = json.loads((out / "timing.json").read_text())
        if first > 0:
            ends = step_ends(out / "tensorboard")
            rate = (last - first) * batch / (ends[last] - ends[first])
            tokens_of_a_sentence = timing["train_tokens"] / timing["train_sentences"]
            timing |= {"sentences_per_second": rate, "tokens_per_second": rate * tokens_of_a_sentence}
        return {**timing, "peak_memory_bytes": peak}

    def reference(self, precision, attention, model, batch, first, last, **more):
        settings = {"device": DEVICE, "precision": precision, "attention": attention, "batch": batch, "first_step": first, "last_step": last}
        return run_reference("reference_training.py", model, self.tokens, json.dumps({**settings, **more}))

    def race(self, name, ours, references, what="sentences_per_second", unit="sentences/s"):
        """Runs `ours` and the better of `references` in turn and notes medians and their ratio."""
        firsts = {attention: reference() for attention, reference in references.items()}
        best = max(firsts, key=lambda attention: firsts[attention][what])
        rounds = [(ours(), firsts[best])]
        rounds += [(ours(), references[best]()) for _ in range(ROUNDS - 1)]
        self.note(name, [pair[0] for pair in rounds], [pair[1] for pair in rounds], best, what, unit)

    def note(self, name, ours, theirs, best, what, unit):
        middle = lambda results: statistics.median(result[what] for result in results)  # noqa: E731
        self.results[name] = {"ours": ours, "reference": theirs, "reference_mode": best, "of": what}
        self.rows.append((name, middle(ours), middle(theirs), middle(ours) / middle(theirs), unit, best))
        print("%-44s %10.1f %10.1f  %6.2fx  %s (%s)" % self.rows[-1], flush=True)

    def memory(self, name, of):
        ours, theirs = ([result["peak_memory_bytes"] / 1e6 for result in self.results[of][side]] for side in ("ours", "reference"))
        row = (name, max(ours), max(theirs), max(ours) / max(theirs), "MB", "of the runs above")
        self.rows.append(row)
        print("%-44s %10.1f %10.1f  %6.2fx  %s (%s)" % row, flush=True)

    def share_of_products(self, name, of, hidden, intermediate, layers, precision):
        """What the products of real tokens take of the rate that libtorch's own products reach here."""
        rate = run_reference("products.py", hidden, intermediate, precision)["flops"]
        # Of the last layer key and value alone; the rows of first tokens are left out.
        a_token = 6 * (layers - 1) * (4 * hidden * hidden + 2 * hidden * intermediate) + 6 * 2 * hidden * hidden
        useful = statistics.median(result["tokens_per_second"] for result in self.results[of]["ours"]) * a_token
        row = (name, useful / 1e9, rate / 1e9, useful / rate, "GFLOP/s", "libtorch's products alone")
        self.rows.append(row)
        print("%-44s %10.1f %10.1f  %6.2fx  %s (%s)" % row, flush=True)

    def write(self):
        """Keeps what was found so far."""
        (OUT / "results.json").write_text(json.dumps(self.results, indent=1))
        if self.rows:
            (OUT / "results.md").write_text(table(self.rows))
        rates = [row for row in self.rows if row[4] == "sentences/s"]
        if rates and growth.CHART.is_file():
            groups = [(name, [("this project", ours), ("the reference", theirs)]) for name, ours, theirs, *_ in rates]
            growth.draw({"bars": {"title": "Rates", "unit": "sentences per second", "groups": groups}}, OUT / "rates.svg")


def training(bench):
    for precision in ("bf16", "float32"):
        name = f"training, MiniLM, batch 16, {precision}"
        reference = lambda attention: lambda: bench.reference(precision, attention, bench.model, 16, FIRST, LAST)  # noqa: B023, E731
        bench.race(name, lambda: bench.ours(precision, bench.model, 16, FIRST, LAST), {"sdpa": reference("sdpa"), "eager": reference("eager")})  # noqa: B023
        if DEVICE == "cpu":
            bench.share_of_products(f"useful share of products, {precision}", name, 384, 1536, 6, precision)
            bench.memory(f"peak memory, {precision}", name)
    started = time.perf_counter()
    bench.ours("auto", bench.model, 16, 0, 1)
    print(f"one step, the whole process: {time.perf_counter() - started:.2f} s", flush=True)


def guide(bench):
    """Its own settings: every row padded to 512. A few steps are enough to know the rate."""
    padded = lambda: bench.reference("float32", "sdpa", bench.model, 16, 1, 4, pad_to=512)  # noqa: E731
    theirs = [padded()]
    ours = [bench.ours("auto", bench.model, 16, FIRST, LAST)]
    bench.note("training against the guide's own settings", ours, theirs, "padded to 512, float32, 3 steps", "sentences_per_second", "sentences/s")


def base(bench):
    """A BERT-base of random weights."""
    model = bench.folder / "base"
    run([PYTHON, HERE / "base_model.py", bench.model, model])
    for batch, steps in ((16, 16), (32, 10)):
        reference = lambda attention: lambda: bench.reference("bf16", attention, model, batch, 3, steps)  # noqa: B023, E731
        name = f"training, BERT-base, batch {batch}, bf16"
        bench.race(name, lambda: bench.ours("bf16", model, batch, 3, steps), {"sdpa": reference("sdpa"), "eager": reference("eager")})  # noqa: B023


def inference(bench):
    trained = bench.folder / "ours"
    bench.ours("auto", bench.model, 16, 0, 2)
    texts, answers = bench.folder / "texts.jsonl", bench.folder / "answers.jsonl"
    growth.write_texts(bench.raw / "train.parquet", texts)

    def ours(precision):
        _, seconds = run_stage("bert-predict", "--model", trained, "--input", texts, "--output", answers, "--device", DEVICE, "--precision", precision)
        n = sum(1 for _ in texts.open())
        return {"sentences_per_second": n / seconds}

    for precision in ("bf16", "float32"):
        reference = lambda attention: lambda: run_reference("reference_inference.py", bench.model, bench.tokens / "train.parquet", precision, attention, DEVICE)  # noqa: B023, E731
        bench.race(f"prediction (ours from start to file), {precision}", lambda: ours(precision), {"sdpa": reference("sdpa"), "eager": reference("eager")})  # noqa: B023


def tokenization(bench):
    raw, out = bench.folder / "raw-glue", bench.folder / "tokens-glue"
    run_stage("sst-fetch", "dataset", "--source", GLUE, "--out", raw)

    def ours():
        _, seconds = run_stage("sst-tokenize", "--raw", raw, "--model", bench.model, "--task", "sst2", "--out", out, "--force")
        return {"rows_per_second": 70042 / seconds}

    theirs = lambda: run_reference("reference_tokenization.py", bench.model, raw / "train.parquet", bench.folder / "theirs.parquet")  # noqa: E731
    bench.race("tokenization of GLUE (ours a whole process)", ours, {"datasets.map, 2 processes": theirs}, "rows_per_second", "rows/s")


def table(rows):
    lines = ["| | this project | the reference | ratio | |", "|---|---|---|---|---|"]
    for name, ours, theirs, ratio, unit, remark in rows:
        lines.append(f"| {name} | {ours:,.1f} | {theirs:,.1f} | {ratio:.2f} | {unit}; {remark} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sections", nargs="*")
    parser.add_argument("--rows", type=int, default=large_table.N_ROWS, help=f"rows of {', '.join(LARGE)}")
    arguments = parser.parse_args()
    wanted = arguments.sections or SECTIONS
    known = [*SECTIONS, "gpu", *LARGE]
    unknown = set(wanted) - set(known)
    if unknown:
        sys.exit(f"no such section: {', '.join(unknown)}; there are {', '.join(known)}")
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder))
        for section in wanted:
            if section == "growth":
                bench.results["growth"] = growth.measure(bench, OUT)
            elif section in MEASURED:
                bench.results[section] = MEASURED[section](bench)
            elif section in LARGE:
                LARGE[section](bench, arguments.rows)
            else:
                globals()[section](bench)
            bench.write()
    print(f"written to {OUT.relative_to(ROOT)}; load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
