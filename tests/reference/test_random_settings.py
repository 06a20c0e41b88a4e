"""Whole runs of random settings against the reference's Trainer, float32, without dropout: what is logged of each step, what each
evaluation found, where a run stopped early, which weights it kept. `SETTINGS=1000` asks for more of them than CI does.

One number makes a case: sizes of model and data, arguments of the training by the reference's names, and whether our run pauses on
the way.
"""

import json
import math
import os
import random

import numpy
import pandas
import pytest
import torch
from safetensors.torch import load_file
from scipy import stats
from sklearn import metrics
from transformers import BertConfig, BertForSequenceClassification, EarlyStoppingCallback, PrinterCallback, TrainingArguments

import peer
from conftest import ROOT, stage

VOCABULARY = ROOT / "tests/fixtures/small-bert/vocab.txt"
WORDS = VOCABULARY.read_text().split()
CLASSIFICATION = ["loss", "accuracy", "precision", "recall", "f1", "f1_macro", "mcc"]
REGRESSION = ["loss", "mse", "pearson", "spearman"]
#: Arguments that the reference's TrainingArguments has under other names, or not at all.
OWN = {"early_stopping_patience", "early_stopping_threshold", "freeze_layers", "freeze_embeddings", "stop_at_step"}
OPTIMIZERS = {"adamw": "adamw_torch", "sgd": "sgd", "adafactor": "adafactor"}


class Case:
    """What a number stands for."""

    def __init__(self, number):
        self.draw = draw = random.Random(number)
        self.n_classes = draw.choice([1, 2, 2, 3, 5])
        self.n_rows = {"train": draw.randint(6, 40), "validation": draw.randint(6, 20)}
        heads = draw.choice([1, 2, 4])
        self.sizes = dict(
            vocab_size=len(WORDS), hidden_size=heads * draw.choice([4, 8, 12]), num_attention_heads=heads,
            num_hidden_layers=draw.randint(1, 3), intermediate_size=draw.choice([16, 44, 64]), max_position_embeddings=24,
            hidden_act=draw.choice(["gelu", "gelu_new", "relu"]), layer_norm_eps=draw.choice([1e-12, 1e-5]), initializer_range=0.2,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=self.n_classes,
        )
        self.arguments = self.length() | self.optimizer() | self.schedule()
        self.arguments |= self.evaluations()
        if draw.random() < 0.2:
            self.arguments["freeze_layers"] = draw.randint(1, self.sizes["num_hidden_layers"])
            self.arguments["freeze_embeddings"] = draw.random() < 0.5
        if draw.random() < 0.3:
            self.arguments["stop_at_step"] = draw.randint(1, 6)

    def length(self):
        draw = self.draw
        chosen = dict(
            per_device_train_batch_size=draw.randint(2, 9), gradient_accumulation_steps=draw.choice([1, 1, 2, 3, 5]),
            seed=draw.randint(0, 2**31), num_train_epochs=draw.choice([1, 2, 3, 4, 0.4, 1.5, 2.3]),
        )
        if draw.random() < 0.3:
            chosen["max_steps"] = draw.randint(1, 25)
        if draw.random() < 0.3:
            chosen["data_seed"] = draw.randint(0, 2**31)
        return chosen

    def optimizer(self):
        draw = self.draw
        name = draw.choice(["adamw", "adamw", "adamw", "sgd", "adafactor"])
        chosen = dict(
            optim=name, learning_rate=10 ** draw.uniform(-5, -3), weight_decay=draw.choice([0, 0, 0.01, 0.3]),
            max_grad_norm=draw.choice([0, 0.1, 1.0, 1.0, 100.0]),
        )
        if name == "adamw":
            chosen |= dict(adam_beta1=draw.choice([0.9, 0.8, 0.0]), adam_beta2=draw.choice([0.999, 0.95]), adam_epsilon=draw.choice([1e-8, 1e-6]))
        if self.n_classes > 1:
            chosen["label_smoothing_factor"] = draw.choice([0, 0, 0.1, 0.4])
        return chosen

    def schedule(self):
        draw = self.draw
        name, kwargs = draw.choice([
            ("linear", {}), ("linear", {}), ("cosine", {}), ("cosine", {"num_cycles": 1.25}), ("cosine_with_restarts", {"num_cycles": 2}),
            ("polynomial", {"power": 2.0, "lr_end": 1e-6}), ("constant", {}), ("constant_with_warmup", {}), ("inverse_sqrt", {}),
            ("cosine_with_min_lr", {"min_lr_rate": 0.1}), ("warmup_stable_decay", {"num_decay_steps": 3, "min_lr_ratio": 0.1}),
            ("reduce_lr_on_plateau", {"patience": 0, "factor": 0.5, "mode": "max"}),
        ])
        chosen = dict(lr_scheduler_type=name, lr_scheduler_kwargs=kwargs)
        # The reference's polynomial divides by zero where there is nothing but warm-up.
        if name in ("constant", "polynomial", "reduce_lr_on_plateau"):
            return chosen
        if draw.random() < 0.5:
            chosen["warmup_ratio"] = draw.choice([0.1, 0.25, 0.5, 1.0])
        if draw.random() < 0.4:
            chosen["warmup_steps"] = draw.randint(0, 8)
        return chosen

    def evaluations(self):
        draw = self.draw
        chosen = dict(logging_strategy=draw.choice(["steps", "steps", "epoch"]), eval_strategy=draw.choice(["no", "epoch", "steps"]))
        if self.arguments["lr_scheduler_type"] == "reduce_lr_on_plateau":
            chosen["eval_strategy"] = "epoch"
        if chosen["logging_strategy"] == "steps":
            chosen["logging_steps"] = draw.choice([1, 1, 2, 3])
        chosen["save_strategy"] = chosen["eval_strategy"]
        if chosen["eval_strategy"] == "steps":
            chosen["eval_steps"] = chosen["save_steps"] = draw.randint(1, 6)
        if chosen["eval_strategy"] != "no":
            name = draw.choice(CLASSIFICATION if self.n_classes > 1 else ["loss", "mse"])
            chosen["metric_for_best_model"] = name
            chosen["greater_is_better"] = name not in ("loss", "mse") if draw.random() < 0.8 else draw.random() < 0.5
            chosen["save_total_limit"] = draw.choice([1, 2, 3])
            if draw.random() < 0.5:
                chosen["early_stopping_patience"] = draw.randint(1, 3)
                chosen["early_stopping_threshold"] = draw.choice([0.0, 0.001, 0.1])
        return chosen

    def write(self, folder):
        """Tables and a model as a user has them."""
        (folder / "data").mkdir()
        for split, n_rows in self.n_rows.items():
            texts = [" ".join(self.draw.choices(WORDS[5:], k=self.draw.randint(1, 24))) for _ in range(n_rows)]
            if self.n_classes == 1:
                labels = [round(self.draw.random(), 3) for _ in range(n_rows)]
            else:
                labels = [row if row < self.n_classes else self.draw.randrange(self.n_classes) for row in range(n_rows)]
            pandas.DataFrame({"text": texts, "label": labels}).to_csv(folder / f"data/{split}.csv", index=False)
        torch.manual_seed(self.draw.randrange(2**31))
        BertForSequenceClassification(BertConfig(**self.sizes)).save_pretrained(folder / "start")
        (folder / "start/vocab.txt").write_text(VOCABULARY.read_text())
        scores = ["--score-column", "label"] if self.n_classes == 1 else []
        stage("sst-fetch", "dataset", "--source", folder / "data", *scores, "--out", folder / "raw")
        stage("sst-tokenize", "--raw", folder / "raw", "--model", folder / "start", "--task", "regression" if self.n_classes == 1 else "labels",
              "--out", folder / "tokens")


def flags(arguments):
    words = []
    for name, value in arguments.items():
        if isinstance(value, bool):
            value = str(value).lower()
        words.append(f"--{name.replace('_', '-')}={json.dumps(value) if isinstance(value, dict) else value}")
    return words


def ours(case, folder):
    command = ["bert-finetune", "--tokens", folder / "tokens", "--model", folder / "start", "--out", folder / "train", "--precision", "float32",
               "--quiet"]
    arguments = dict(case.arguments)
    stop = arguments.pop("stop_at_step", None)
    if stop is not None:
        stage(*command, *flags(arguments), "--stop-at-step", stop)
    stage(*command, *flags(arguments))
    return [json.loads(line) for line in (folder / "train/log.jsonl").read_text().splitlines()]


def computed(prediction):
    """The metrics by which a run may choose its best checkpoint."""
    labels, logits = prediction.label_ids, prediction.predictions
    if logits.shape[1] == 1:
        scores = logits[:, 0]
        return {"mse": metrics.mean_squared_error(labels, scores), "pearson": stats.pearsonr(labels, scores)[0],
                "spearman": stats.spearmanr(labels, scores)[0]}
    classes = logits.argmax(1)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(labels, classes, average="weighted", zero_division=0)
    return {"accuracy": metrics.accuracy_score(labels, classes), "precision": precision, "recall": recall, "f1": f1,
            "f1_macro": metrics.f1_score(labels, classes, average="macro", zero_division=0), "mcc": metrics.matthews_corrcoef(labels, classes)}


def theirs(case, folder):
    rows = {}
    for split in case.n_rows:
        table = pandas.read_parquet(folder / f"tokens/{split}.parquet")
        rows[split] = [{"input_ids": list(ids), "labels": label} for ids, label in zip(table.input_ids, table.iloc[:, table.columns.get_indexer(["label", "score"]).max()])]
    arguments = {name: value for name, value in case.arguments.items() if name not in OWN}
    arguments["optim"] = OPTIMIZERS[arguments["optim"]]
    evaluates = arguments["eval_strategy"] != "no"
    model = BertForSequenceClassification.from_pretrained(folder / "start")
    if case.arguments.get("freeze_embeddings"):
        model.bert.embeddings.requires_grad_(False)
    model.bert.encoder.layer[: case.arguments.get("freeze_layers", 0)].requires_grad_(False)
    trainer = peer.Recorder(
        model=model, train_dataset=rows["train"], eval_dataset=rows["validation"], compute_metrics=computed,
        data_collator=lambda batch: peer.padded(batch, model.config.pad_token_id),
        args=TrainingArguments(output_dir=folder / "reference", report_to=[], use_cpu=True, disable_tqdm=True, load_best_model_at_end=evaluates,
                               per_device_eval_batch_size=64, **arguments),
        callbacks=[EarlyStoppingCallback(case.arguments["early_stopping_patience"], case.arguments["early_stopping_threshold"])]
        if "early_stopping_patience" in case.arguments else [],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return trainer


def near(ours, theirs, allowed=2e-5):
    return math.isclose(ours, theirs, rel_tol=allowed, abs_tol=allowed)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(int(os.environ.get("SETTINGS", 24))))
def test_a_run_of_random_settings_is_the_references(number, tmp_path):
    case = Case(number)
    print(case.n_classes, case.n_rows, case.sizes, case.arguments)
    case.write(tmp_path)
    events, trainer = ours(case, tmp_path), theirs(case, tmp_path)

    history = trainer.state.log_history
    expected = [line for line in history if "loss" in line]
    steps = {event["step"]: event for event in events if event["event"] == "train"}
    last = 0
    for line in expected:
        step = line["step"]
        loss = sum(trainer.losses[earlier] for earlier in range(last, step)) / (step - last)
        last = step
        event = steps.pop(step)
        assert near(event["loss"], loss), (event, line, loss)
        assert near(event["learning_rate"], line["learning_rate"], 1e-12), (event, line)
        # The reference measures no norm where it clips nothing.
        assert "grad_norm" not in line or near(event["grad_norm"], float(line["grad_norm"]), 1e-3), (event, line)
        assert near(event["epoch"], line["epoch"], 1e-9), (event, line)
    assert set(steps) <= {trainer.state.global_step}, "only the last step is logged beyond the reference's"

    evaluations = {event["step"]: event for event in events if event["event"] == "evaluate"}
    for line in (line for line in history if "eval_loss" in line):
        event = evaluations.pop(line["step"])
        assert near(event["epoch"], line["epoch"], 1e-9), (event, line)
        for name in ["loss"] + (CLASSIFICATION[1:] if case.n_classes > 1 else REGRESSION[1:]):
            assert near(event[f"eval_{name}"], line[f"eval_{name}"]), (name, event, line)
    assert set(evaluations) <= {trainer.state.global_step}, "only the last step is evaluated beyond the reference's"

    end = events[-1]
    assert end["event"] == "end" and end["step"] == trainer.state.global_step, (end, trainer.state.global_step)
    if not evaluations and case.arguments["eval_strategy"] != "no":
        assert end["best_step"] == trainer.state.best_global_step, (end, trainer.state.best_global_step)
    if not evaluations:
        weights = trainer.model.state_dict()
        for name, ours_ in load_file(tmp_path / "train/model.safetensors").items():
            difference = (ours_ - weights[name]).abs().max().item()
            assert name.endswith("key.bias") or difference <= 5e-5, (name, difference)
