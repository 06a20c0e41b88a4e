"""Prediction and evaluation as they are used: a line through a pipe, windows of a file beside the whole file sorted, millions of rows.

The model of the large files has two layers of 128 and random weights, so that reading and writing weigh as much as they can.
"""

import csv
import pathlib
import shutil
import statistics
import subprocess
import time

import pyarrow.parquet as pq

from large_table import LABELS, measured
from machine import BIN, DEVICE, PYTHON, run_reference, run_stage

HERE = pathlib.Path(__file__).parent
WARM_LINES, LINES = 50, 1000
LINE_TOKENS = 25
EVALUATED_ROWS = 1_000_000
BYTES = 1e6


def texts_by_length(bench):
    """The sentences of train, in their order, and how many tokens each has."""
    raw = pq.read_table(bench.raw / "train.parquet", columns=["id", "text"]).to_pydict()
    tokens = pq.read_table(bench.tokens / "train.parquet", columns=["id", "input_ids"]).to_pydict()
    text_of = dict(zip(raw["id"], raw["text"]))
    return [(text_of[row], len(ids)) for row, ids in zip(tokens["id"], tokens["input_ids"])]


def latency(bench, model):
    """A line is written to a pipe, and its answer waited for."""
    lines = [text for text, length in texts_by_length(bench) if length == LINE_TOKENS]
    words = [BIN / "bert-predict", "--model", model, "--device", DEVICE, "--quiet"]
    process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    seconds = []
    for line in range(WARM_LINES + LINES):
        begun = time.perf_counter()
        process.stdin.write(lines[line % len(lines)] + "\n")
        process.stdin.flush()
        process.stdout.readline()
        seconds.append(time.perf_counter() - begun)
    process.stdin.close()
    process.wait()
    milliseconds = sorted(1000 * value for value in seconds[WARM_LINES:])
    p50, p99 = statistics.median(milliseconds), milliseconds[int(0.99 * LINES)]
    bench.results["latency of a line"] = {"p50_ms": p50, "p99_ms": p99, "lines": LINES, "tokens": LINE_TOKENS}
    print(f"a line of {LINE_TOKENS} tokens through a pipe: p50 {p50:.1f} ms, p99 {p99:.1f} ms over {LINES}", flush=True)


def streaming(bench, model, rounds=3):
    """The same sentences in their order, and sorted by length, where windows make the batches that sorting all at once makes."""
    rows = texts_by_length(bench)
    files = {"in their order": rows, "sorted": sorted(rows, key=lambda row: row[1])}
    rates = {name: [] for name in files}
    for name, texts in files.items():
        (bench.folder / f"{name}.txt").write_text("".join(text.replace("\n", " ") + "\n" for text, _ in texts))
    for _ in range(rounds):
        for name in files:
            words = ["--model", model, "--device", DEVICE, "--input", bench.folder / f"{name}.txt", "--output", bench.folder / "answers.jsonl"]
            _, seconds = run_stage("bert-predict", *words, "--quiet")
            rates[name].append(len(rows) / seconds)
    best = {name: max(values) for name, values in rates.items()}
    bench.results["streaming"] = rates
    ratio = best["in their order"] / best["sorted"]
    print(f"{len(rows):,} sentences: {best['in their order']:,.0f}/s in their order, {best['sorted']:,.0f}/s sorted, {ratio:.3f}", flush=True)


def say(bench, name, rows, result):
    result |= {"rows": rows, "rows_per_second": rows / result["seconds"]}
    bench.results[name] = result
    peak = result["peak_memory_bytes"] / BYTES
    print(f"{name}: {rows:,} rows in {result['seconds']:,.0f} s, {result['rows_per_second']:,.0f} rows/s, peak {peak:,.0f} MB", flush=True)
    return result["seconds"]


def two_layer_run(bench):
    """A training of one step, so that there is a classifier of the table's labels."""
    small, raw, tokens, model, train = (bench.folder / name for name in ("small.csv", "raw-2", "tokens-2", "model-2", "train-2"))
    with small.open("w", newline="") as file:
        csv.writer(file).writerows([["text", "label"], *(["a film", label] for label in LABELS for _ in range(8))])
    subprocess.run([PYTHON, HERE / "base_model.py", bench.model, model, "2", "128"], check=True, stdout=subprocess.DEVNULL)
    run_stage("sst-fetch", "dataset", "--train", small, "--validation", small, "--out", raw)
    run_stage("sst-tokenize", "--raw", raw, "--model", model, "--task", "labels", "--out", tokens)
    words = ["--tokens", tokens, "--model", model, "--out", train, "--max-steps", 1, "--eval-strategy", "no"]
    run_stage("bert-finetune", *words, "--device", DEVICE)
    return model, small, train


def write_table(bench, name, n_rows):
    """In a process of its own, whose peak of memory no other begins with."""
    folder = bench.folder / name
    folder.mkdir()
    subprocess.run([PYTHON, HERE / "large_table.py", "write", bench.raw / "train.parquet", str(n_rows), folder], check=True)
    return folder


def large_prediction(bench, n_rows):
    """CSV to Parquet."""
    folder = write_table(bench, "large-prediction", n_rows)
    _, _, train = two_layer_run(bench)
    words = [BIN / "bert-predict", "--model", train, "--device", DEVICE, "--input", folder / "table.csv", "--keep-columns", "id"]
    _, result = measured([*words, "--output", folder / "answers.parquet", "--quiet"])
    say(bench, "prediction, CSV to Parquet", n_rows, result)
    shutil.rmtree(folder)


def large_evaluation(bench, n_rows=EVALUATED_ROWS):
    """An evaluation beside the prediction of the same rows alone; baseline and attributions apart."""
    folder = write_table(bench, "large-evaluation", n_rows)
    model, small, train = two_layer_run(bench)
    raw, tokens = folder / "raw", folder / "tokens"
    run_stage("sst-fetch", "dataset", "--train", small, "--validation", folder / "table.csv", "--out", raw)
    run_stage("sst-tokenize", "--raw", raw, "--model", model, "--task", "labels", "--out", tokens)
    compare_evaluation(bench, f"{n_rows:,} rows, two layers", train, tokens, raw, folder / "table.parquet", "validation")
    shutil.rmtree(folder)


def compare_evaluation(bench, name, train, tokens, raw, table, split):
    out = bench.folder / "evaluated"
    n_rows = pq.ParquetFile(table).metadata.num_rows
    predict = [BIN / "bert-predict", "--model", train, "--device", DEVICE, "--input", table, "--output", bench.folder / "predicted.parquet", "--quiet"]
    evaluate = [BIN / "bert-eval", "--run", train, "--tokens", tokens, "--split", split, "--device", DEVICE, "--out", out, "--force", "--quiet"]
    alone = say(bench, f"prediction alone, {name}", n_rows, measured(predict)[1])
    variants = {"evaluation": [], "with texts": ["--raw", raw], "with 20 attributions": ["--raw", raw, "--attributions", "20"]}
    for variant, flags in variants.items():
        seconds = say(bench, f"{variant}, {name}", n_rows, measured([*evaluate, *flags])[1])
        print(f"  {seconds / alone:.2f} of prediction alone", flush=True)


def evaluation_of_sst2(bench, train):
    """The test split of SST-2 by MiniLM."""
    texts = pq.read_table(bench.raw / "test.parquet").to_pydict()
    tokens = set(pq.read_table(bench.tokens / "test.parquet", columns=["id"]).to_pydict()["id"])
    table = bench.folder / "test.parquet"
    pq.write_table(pq.read_table(bench.raw / "test.parquet", columns=["text"]).filter([row in tokens for row in texts["id"]]), table)
    compare_evaluation(bench, "SST-2 test, MiniLM", train, bench.tokens, bench.raw, table, "test")


def precisions():
    """What `bert-doctor` says that this processor multiplies in."""
    said = subprocess.run([BIN / "bert-doctor"], capture_output=True, text=True).stdout
    with_instructions = {"bf16": ("AVX512_BF16 yes", "AMX_BF16 yes"), "int8": ("AVX512_VNNI yes",)}
    return ["float32", *(name for name, signs in with_instructions.items() if any(sign in said for sign in signs))]


def beside_others(bench, train):
    """Sentences of train from start to file, beside ONNX Runtime and Transformers' pipeline, which are loaded and warm."""
    export, file = bench.folder / "export", bench.folder / "texts.txt"
    run_stage("bert-export", "--run", train, "--format", "hf,onnx,onnx-int8", "--out", export)
    texts = [text.replace("\n", " ") for text, _ in texts_by_length(bench)]
    file.write_text("".join(text + "\n" for text in texts))
    rates = {}
    for precision in precisions():
        words = ["--model", export / "hf", "--device", DEVICE, "--precision", precision, "--input", file, "--output", bench.folder / "answers.jsonl"]
        rates[f"bert-predict {precision}"] = len(texts) / run_stage("bert-predict", *words, "--quiet")[1]
    run_reference("quantize_dynamic.py", export / "hf/onnx/model.onnx", export / "hf/onnx/dynamic.onnx")
    for side in ("pipeline", "onnx/model.onnx", "onnx/model_int8.onnx", "onnx/dynamic.onnx"):
        rates[side] = run_reference("reference_answers.py", export / "hf", file, side)["sentences_per_second"]
    bench.results["beside others"] = rates
    print(f"{len(texts):,} sentences: " + ", ".join(f"{side} {rate:,.0f}/s" for side, rate in rates.items()), flush=True)


def measure(bench, n_rows):
    """The section of the benchmark."""
    trained = bench.folder / "ours"
    bench.ours("auto", bench.model, 16, 0, 2)
    latency(bench, trained)
    streaming(bench, trained)
    beside_others(bench, trained)
    evaluation_of_sst2(bench, trained)
    large_evaluation(bench, min(n_rows, EVALUATED_ROWS))
    large_prediction(bench, n_rows)
