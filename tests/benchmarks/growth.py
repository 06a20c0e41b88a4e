"""How rate and memory grow with the batch and with the length of sentences; and what the charts are drawn from."""

import json
import subprocess

import pyarrow.parquet as pq

from machine import BIN, run_stage

BATCHES, LENGTHS = (8, 16, 32, 64, 128), (10, 25, 60, 200)
TOKENS_OF_A_RUN = 24_000
CHART = BIN / "examples/chart"  # absent where only programs were brought


def write_texts(raw, out):
    """The sentences of a raw file as JSON lines."""
    table = pq.read_table(raw).to_pydict()
    with out.open("w") as file:
        for text, is_root in zip(table["text"], table["is_root"]):
            if is_root:
                file.write(json.dumps({"text": text}) + "\n")


def words_of(tokens, model):
    """The words of the real sentences that are one token each."""
    vocabulary = json.loads((model / "tokenizer.json").read_text())["model"]["vocab"]
    words = {index: piece for piece, index in vocabulary.items() if piece.isascii() and piece.isalpha()}
    rows = pq.read_table(tokens / "train.parquet", columns=["input_ids"])["input_ids"].to_pylist()
    return [words[token] for row in rows for token in row if token in words]


def make_tokens(words, model, out, mean):
    """A token folder of texts of these words, whose lengths are around `mean`, from two thirds to four thirds of it."""
    texts, at = [], 0
    while at < len(words):
        n = mean * 2 // 3 + (len(texts) * 7) % (mean * 2 // 3 + 1) - 2
        texts.append(" ".join(words[at : at + n]))
        at += n
    table, raw = out.with_suffix(".jsonl"), out.with_suffix(".raw")
    table.write_text("".join(json.dumps({"text": text, "label": row % 2}) + "\n" for row, text in enumerate(texts)))
    run_stage("sst-fetch", "dataset", "--train", table, "--out", raw)
    run_stage("sst-tokenize", "--raw", raw, "--model", model, "--task", "labels", "--out", out)


def measure(bench, out):
    """Tokens per second and memory for each batch and length, as a table and a chart."""
    found, words = [], words_of(bench.tokens, bench.model)
    for mean in LENGTHS:
        tokens = bench.folder / f"tokens-{mean}"
        make_tokens(words, bench.model, tokens, mean)
        for batch in BATCHES:
            steps = max(4, TOKENS_OF_A_RUN // (mean * batch))
            result = bench.ours("auto", bench.model, batch, 1, steps, tokens)
            found.append({"mean": mean, "batch": batch, **{key: result[key] for key in ("tokens_per_second", "peak_memory_bytes")}})
            print(f"mean length {mean:3}, batch {batch:3}: {result['tokens_per_second']:7.0f} tokens/s, {result['peak_memory_bytes'] / 1e6:6.0f} MB", flush=True)
    panel = lambda title, label, value: {  # noqa: E731
        "title": title,
        "y_label": label,
        "series": [(f"mean length {mean}", [(row["batch"] * mean, value(row)) for row in found if row["mean"] == mean]) for mean in LENGTHS],
    }
    panels = [
        panel("Rate", "tokens/s", lambda row: row["tokens_per_second"]),
        panel("Peak memory", "MB", lambda row: row["peak_memory_bytes"] / 1e6),
    ]
    draw({"curves": {"title": "Rate and memory as a batch grows", "x_label": "real tokens in a batch", "panels": panels}}, out / "growth.svg")
    return found


def draw(chart, out):
    """Has the project's own figures draw a chart."""
    drawn = subprocess.run([CHART], input=json.dumps(chart), capture_output=True, text=True, check=True)
    out.write_text(drawn.stdout)
