"""A table of millions of rows: fetched and tokenized by this project and by `datasets`, in turn; rates and peaks of memory.

    large_table.py write RAW.parquet N_ROWS FOLDER      (makes the table; `just bench large-table` calls it)

A text has 5 to 40 words, drawn from the sentences of the treebank, so that rare words are as rare as there and commas and quotes
occur. The table is made in a process of its own: a process begins with the peak of the one that started it.
"""

import contextlib
import csv
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from machine import BIN, PYTHON

N_ROWS, SEED, ROWS_AT_ONCE = 5_000_000, 42, 100_000
SHORTEST, LONGEST = 5, 40
LABELS = ("negative", "neutral", "positive")
FORMATS, N_THREADS = ("csv", "parquet"), (1, 2)
SECONDS_BETWEEN_LOOKS, LOOKS_A_SAMPLE = 0.01, 25


def write(raw, n_rows, folder):
    """The same rows as CSV and as Parquet: id, text, label."""
    table = pq.read_table(raw, columns=["text", "is_root"]).to_pydict()
    words = np.array([word for text, is_root in zip(table["text"], table["is_root"]) if is_root for word in text.split()], object)
    rng = np.random.default_rng(SEED)
    schema = pa.schema([("id", pa.int64()), ("text", pa.string()), ("label", pa.string())])
    with (folder / "table.csv").open("w", newline="") as file, pq.ParquetWriter(folder / "table.parquet", schema) as parquet:
        separated = csv.writer(file)
        separated.writerow(schema.names)
        for begin in range(0, n_rows, ROWS_AT_ONCE):
            ids = range(begin, min(begin + ROWS_AT_ONCE, n_rows))
            ends = np.cumsum(rng.integers(SHORTEST, LONGEST, len(ids), endpoint=True)).tolist()
            drawn = words[rng.integers(0, len(words), ends[-1])].tolist()
            texts = [" ".join(drawn[start:end]) for start, end in zip([0, *ends], ends)]
            labels = [LABELS[label] for label in rng.integers(0, len(LABELS), len(ids)).tolist()]
            separated.writerows(zip(ids, texts, labels))
            parquet.write_table(pa.table([list(ids), texts, labels], schema=schema))


def process_tree(root):
    """A process and all that it started, as far as they run."""
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        with contextlib.suppress(OSError):
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]


def kilobytes(path, name):
    """A field of a file in /proc; 0 where the process has ended."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
    return 0


class MemorySampler(threading.Thread):
    """The peak of a process and its children. Of one process the kernel keeps it (VmHWM); of several it is the largest sum that
    was seen, a page that they share counted once (Pss)."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.ended = pid, threading.Event()
        self.of_first, self.of_all, self.anonymous = 0, 0, 0

    def run(self):
        for look in itertools.count():
            # What the kernel keeps is gone with the process, so it is read often; it costs little, unlike the sums.
            self.of_first = max(self.of_first, kilobytes(f"/proc/{self.pid}/status", "VmHWM"))
            if look % LOOKS_A_SAMPLE == 0:
                rollups = [f"/proc/{pid}/smaps_rollup" for pid in process_tree(self.pid)]
                self.of_all = max(self.of_all, sum(kilobytes(path, "Pss") for path in rollups))
                self.anonymous = max(self.anonymous, sum(kilobytes(path, "Pss_Anon") for path in rollups))
            if self.ended.wait(SECONDS_BETWEEN_LOOKS):
                return

    def peaks(self):
        self.ended.set()
        self.join()
        return {"peak_memory_bytes": max(self.of_first, self.of_all) * 1024, "peak_anonymous_bytes": self.anonymous * 1024}


def measured(words, **environment):
    """Runs a program to its end: standard output; seconds and peaks of memory."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=err, text=True, env={**os.environ, **environment})
        sampler = MemorySampler(process.pid)
        sampler.start()
        out = process.stdout.read()
        code = process.wait()
        seconds = time.perf_counter() - begun
        if code != 0:
            err.seek(0)
            sys.exit(f"{words}\n{out}\n{err.read()}")
    return out, {"seconds": seconds, **sampler.peaks()}


class LargeTable:
    """The table in both formats, and what each side makes of it."""

    def __init__(self, bench, n_rows):
        self.bench, self.n_rows = bench, n_rows
        self.folder = bench.folder / "large-table"
        self.folder.mkdir()
        subprocess.run([PYTHON, __file__, "write", bench.raw / "train.parquet", str(n_rows), self.folder], check=True)

    def ours(self, stage, *words, **environment):
        _, result = measured([BIN / stage, *words, "--force", "--quiet"], **environment)
        return {**result, "rows": self.n_rows, "rows_per_second": self.n_rows / result["seconds"]}

    def reference(self, step, file_format, n_processes):
        """`load` or `map`: rate of that alone, without Python's start."""
        script = pathlib.Path(__file__).parent / "reference_large_table.py"
        arguments = [self.bench.model, self.folder / f"table.{file_format}", self.folder / "cache", step, n_processes]
        # Two processes of tokenizers would share the cores with twice as many threads.
        threads = {"TOKENIZERS_PARALLELISM": "false"} if step == "map" else {}
        out, result = measured([PYTHON, script, *arguments], **threads)
        return {**result, **json.loads(out.strip().splitlines()[-1])}

    def note(self, name, ours, theirs, how):
        part = "" if theirs["rows"] == self.n_rows else f", its first {theirs['rows']:,} rows"
        self.bench.note(name, [ours], [theirs], how + part, "rows_per_second", "rows/s")
        self.bench.memory(f"{name}: peak memory", name)

    def measure(self):
        for file_format in FORMATS:
            raw, tokens = self.folder / "raw", self.folder / "tokens"
            file = self.folder / f"table.{file_format}"
            size = f"{self.n_rows:,} rows of {file_format} ({file.stat().st_size / 1e6:,.0f} MB)"
            ours = self.ours("sst-fetch", "dataset", "--train", file, "--out", raw)
            self.note(f"fetching {size}", ours, self.reference("load", file_format, 1), "load_dataset")
            for n in N_THREADS:
                words = ["--raw", raw, "--model", self.bench.model, "--task", "labels", "--out", tokens]
                ours = self.ours("sst-tokenize", *words, RAYON_NUM_THREADS=str(n))
                name = f"tokenizing them, {n} thread{'s' if n > 1 else ''}, from {file_format}"
                self.note(name, ours, self.reference("map", file_format, n), f"map, num_proc={n}")
                shutil.rmtree(tokens)
            shutil.rmtree(raw)
            shutil.rmtree(self.folder / "cache")


def measure(bench, n_rows):
    """The section of the benchmark; the files are gone afterwards."""
    table = LargeTable(bench, n_rows)
    try:
        table.measure()
    finally:
        shutil.rmtree(table.folder)


if __name__ == "__main__":
    _, _, raw_file, rows, out_folder = sys.argv
    write(raw_file, int(rows), pathlib.Path(out_folder))
