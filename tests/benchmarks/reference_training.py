"""Trains with the reference's Trainer and prints what a benchmark wants to know of it, as JSON.

    reference_training.py MODEL_DIR TOKENS_DIR '{"precision": "bf16", "attention": "eager", "device": "cpu", ...}'
"""

import json
import resource
import sys
import tempfile
import time

started = time.perf_counter()

import pyarrow.parquet as pq  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments  # noqa: E402

transformers.logging.set_verbosity_error()


class Rows(torch.utils.data.Dataset):
    """The rows of a token file, with the lengths that the grouping asks for."""

    def __init__(self, path):
        table = pq.read_table(path).to_pydict()
        self.ids, self.labels = table["input_ids"], table["label"]

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, row):
        return {"input_ids": self.ids[row], "labels": self.labels[row], "length": len(self.ids[row])}


class Collator:
    """Pads a batch to its longest row, rounded up to a multiple, or to a fixed length as the guide does."""

    def __init__(self, pad_to, multiple):
        self.pad_to, self.multiple = pad_to, multiple
        self.tokens = []

    def __call__(self, rows):
        longest = max(len(row["input_ids"]) for row in rows)
        width = self.pad_to or -(-longest // self.multiple) * self.multiple
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        mask = torch.zeros(len(rows), width, dtype=torch.long)
        for place, row in enumerate(rows):
            ids[place, : len(row["input_ids"])] = torch.tensor(row["input_ids"])
            mask[place, : len(row["input_ids"])] = 1
        self.tokens.append(int(mask.sum()))
        return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([row["labels"] for row in rows])}


class Clock(TrainerCallback):
    """When each step ended; on a GPU, the steps that count."""

    def __init__(self, counting):
        self.ends, self.counting = [], counting

    def on_step_end(self, args, state, control, **kwargs):
        if torch.cuda.is_available() and state.global_step in self.counting:
            torch.cuda.synchronize()
        self.ends.append(time.perf_counter())


def model_of(folder, attention):
    config = BertConfig.from_pretrained(folder, num_labels=2)
    config._attn_implementation = attention
    return BertForSequenceClassification.from_pretrained(folder, config=config)


def main():
    folder, tokens, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    first, last, batch = settings["first_step"], settings["last_step"], settings["batch"]
    rows = Rows(f"{tokens}/train.parquet")
    compiled = settings.get("compile", False)
    collator, clock = Collator(settings.get("pad_to"), 32 if compiled else 1), Clock((1, first, last))
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            output_dir=out,
            per_device_train_batch_size=batch,
            learning_rate=5e-5,
            weight_decay=0.01,
            max_steps=last,
            bf16=settings["precision"] == "bf16",
            optim="adamw_torch_fused",
            train_sampling_strategy="random" if settings.get("pad_to") else "group_by_length",
            length_column_name="length",
            remove_unused_columns=False,
            save_strategy="no",
            logging_steps=10**6,
            report_to=[],
            disable_tqdm=True,
            use_cpu=settings["device"] == "cpu",
            seed=42,
            torch_compile=compiled,
        )
        model = model_of(folder, settings["attention"])
        trainer = Trainer(model=model, args=arguments, train_dataset=rows, data_collator=collator, callbacks=[clock])
        trainer.train()
    seconds = clock.ends[last - 1] - clock.ends[first - 1]
    n_steps = last - first
    print(
        json.dumps(
            {
                "sentences_per_second": n_steps * batch / seconds,
                "tokens_per_second": sum(collator.tokens[first:last]) / seconds,
                "first_step_seconds": clock.ends[0] - started,
                "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "versions": f"transformers {transformers.__version__}, torch {torch.__version__}",
            }
        )
    )


if __name__ == "__main__":
    main()
