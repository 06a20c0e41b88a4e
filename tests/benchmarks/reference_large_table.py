"""Reads a table with `datasets`, or tokenizes what was read, with nothing taken from its cache; prints JSON.

    reference_large_table.py MODEL_DIR TABLE.(csv|parquet) CACHE_DIR load 1
    reference_large_table.py MODEL_DIR TABLE.(csv|parquet) CACHE_DIR map N_PROC       (after `load`)

`map` keeps the token ids and the label, as a token file does. Where all rows would take more than five minutes, it takes the first
that do not, by the rate of a small try.
"""

import json
import sys
import time

import datasets

N_TRIED, MOST_SECONDS = 50_000, 300


def main():
    folder, file, cache, step, n_processes = sys.argv[1:]
    datasets.disable_progress_bars()
    begun = time.perf_counter()
    rows = datasets.load_dataset(file.rsplit(".", 1)[1], data_files=file, split="train", cache_dir=cache)
    if step == "load":
        print_rate(len(rows), time.perf_counter() - begun)
        return
    from transformers import AutoTokenizer  # and with it torch, which `load` has no need of

    tokenizer = AutoTokenizer.from_pretrained(folder)

    def tokenize(rows, n):
        begun = time.perf_counter()
        rows.select(range(n)).map(
            lambda batch: tokenizer(batch["text"], truncation=True, max_length=512, return_attention_mask=False, return_token_type_ids=False),
            batched=True,
            num_proc=int(n_processes) if int(n_processes) > 1 else None,
            load_from_cache_file=False,
            remove_columns=["text"],
        )
        return time.perf_counter() - begun

    n_tried = min(N_TRIED, len(rows))
    n = min(len(rows), int(n_tried / tokenize(rows, n_tried) * MOST_SECONDS))
    print_rate(n, tokenize(rows, n))


def print_rate(n, seconds):
    print(json.dumps({"rows": n, "seconds": seconds, "rows_per_second": n / seconds}))


if __name__ == "__main__":
    main()
