"""Tokenizes a raw Parquet file with the reference's `datasets.map` in two processes and writes Parquet; prints JSON.

    reference_tokenization.py MODEL_DIR RAW.parquet OUT.parquet
"""

import json
import sys
import time

import datasets
from transformers import AutoTokenizer


def main():
    folder, raw, out = sys.argv[1:]
    datasets.disable_progress_bars()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = datasets.load_dataset("parquet", data_files=raw, split="train")
    begun = time.perf_counter()
    tokens = rows.map(
        lambda batch: tokenizer(batch["text"], truncation=True, max_length=512),
        batched=True,
        num_proc=2,
        load_from_cache_file=False,
    )
    tokens.to_parquet(out)
    print(json.dumps({"rows_per_second": len(rows) / (time.perf_counter() - begun)}))


if __name__ == "__main__":
    main()
