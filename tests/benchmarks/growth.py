"""How rate and memory grow with the batch and with the length of sentences; and what the charts are drawn from."""

import json
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq

from machine import BIN

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


def write_lengths(tokens, out, mean):
    """A token folder whose rows have lengths around `mean`, from two thirds to four thirds of it, made of the real ones."""
    out.mkdir()
    table = pq.read_table(tokens / "train.parquet")
    stream = [token for row in table["input_ids"].to_pylist() for token in row[1:-1]]
    rows, at = [], 0
    while at < len(stream):
        length = mean * 2 // 3 + (len(rows) * 7) % (mean * 2 // 3 + 1)
        rows.append([101, *stream[at : at + length - 2], 102])
        at += length - 2
    n = len(rows)
    columns = [list(range(n)), list(range(n)), rows, [row % 2 for row in range(n)]]
    schema = table.schema.with_metadata(pq.read_metadata(tokens / "train.parquet").metadata)
    made = pa.Table.from_arrays([pa.array(column, field.type) for column, field in zip(columns, schema)], schema=schema)
    pq.write_table(made, out / "train.parquet")
    (out / "manifest.json").write_text((tokens / "manifest.json").read_text())


def measure(bench, out):
    """Tokens per second and memory for each batch and length, as a table and a chart."""
    found = []
    for mean in LENGTHS:
        tokens = bench.folder / f"tokens-{mean}"
        write_lengths(bench.tokens, tokens, mean)
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
