"""Evaluates sentences with the reference, sorted by length in batches of 64, its best way on a CPU; prints JSON.

    reference_inference.py MODEL_DIR TOKENS.parquet PRECISION ATTENTION DEVICE
"""

import json
import sys
import time

import pyarrow.parquet as pq
import torch
from transformers import BertConfig, BertForSequenceClassification

BATCH = 64


def main():
    folder, tokens, precision, attention, device = sys.argv[1:]
    config = BertConfig.from_pretrained(folder, num_labels=2)
    config._attn_implementation = attention
    model = BertForSequenceClassification.from_pretrained(folder, config=config).eval().to(device)
    rows = sorted(pq.read_table(tokens).to_pydict()["input_ids"], key=len)

    def evaluate(rows):
        for begin in range(0, len(rows), BATCH):
            batch = rows[begin : begin + BATCH]
            width = max(map(len, batch))
            ids = torch.zeros(len(batch), width, dtype=torch.long)
            mask = torch.zeros(len(batch), width, dtype=torch.long)
            for place, row in enumerate(batch):
                ids[place, : len(row)] = torch.tensor(row)
                mask[place, : len(row)] = 1
            logits = model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
        logits.cpu()

    with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
        evaluate(rows[:: len(rows) // 640])
        begun = time.perf_counter()
        evaluate(rows)
    print(json.dumps({"sentences_per_second": len(rows) / (time.perf_counter() - begun)}))


if __name__ == "__main__":
    main()
