"""The real MiniLM on SST-2 against the live reference, float32, without dropout: logits, loss, every gradient tensor, fifty
optimizer steps and the weights after them. `pytest -s` shows the largest differences.

Both sides start from one folder which the reference saved, so that they have the same classifier. The true gradient of
`key.bias` is zero: what either side has there is rounding, of which Adam makes steps, so it is held apart.
"""

import json
import shutil
import subprocess

import pandas
import peer
import pytest
import torch
from conftest import BIN, stage
from safetensors.torch import load, load_file
from transformers import BertForSequenceClassification

BATCH = 16
TRAINING = dict(
    per_device_train_batch_size=BATCH, max_steps=50, learning_rate=5e-5, weight_decay=0.01, warmup_steps=5, max_grad_norm=1.0,
    seed=42,
)
WITHOUT_DROPOUT = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, classifier_dropout=0.0)


@pytest.fixture(scope="module")
def start(prepared, tmp_path_factory):
    """MiniLM with a classifier drawn by the reference."""
    folder = tmp_path_factory.mktemp("start")
    torch.manual_seed(0)
    model = BertForSequenceClassification.from_pretrained(prepared.model, num_labels=2, **WITHOUT_DROPOUT)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        if (prepared.model / name).is_file():
            shutil.copy(prepared.model / name, folder)
    return folder


@pytest.fixture(scope="module")
def rows(prepared):
    table = pandas.read_parquet(prepared.tokens / "train.parquet")
    return [{"input_ids": list(ids), "labels": label} for ids, label in zip(table.input_ids, table.label)]


def reference(start):
    return BertForSequenceClassification.from_pretrained(start)


def is_key_bias(name):
    return name.endswith("key.bias")


def report(*lines):
    print("", *(f"{what:<60} {figure:.1e}  allowed {allowed:.0e}" for what, figure, allowed in lines), sep="\n")
    for what, figure, allowed in lines:
        assert figure <= allowed, what


def test_logits_loss_and_every_gradient(prepared, start, rows):
    command = [BIN / "examples" / "gradients", start, prepared.tokens / "train.parquet", str(BATCH)]
    ours = load(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    model = reference(start)
    loss, gradients = peer.loss_and_gradients(model, rows[:BATCH])
    with torch.no_grad():
        logits = model.eval()(**peer.padded(rows[:BATCH], 0)).logits

    global_norm = torch.cat([gradient.flatten() for gradient in gradients.values()]).norm()
    assert len(ours) == len(gradients) + 2
    worst = {True: (0.0, ""), False: (0.0, "")}
    for name, gradient in gradients.items():
        difference = (ours[f"gradient/{name}"] - gradient).norm()
        # As a share of what is allowed, but key.bias as a share of the global norm.
        allowed = global_norm if is_key_bias(name) else 1e-5 * gradient.norm() + 1e-8 * global_norm
        worst[is_key_bias(name)] = max(worst[is_key_bias(name)], ((difference / allowed).item(), name))
    report(
        ("logits", (ours["logits"] - logits).abs().max(), 1e-5),
        ("loss", (ours["loss"] - loss).abs().item(), 1e-5),
        (f"gradients, difference by what is allowed; {worst[False][1]}", worst[False][0], 1),
        ("gradients of key.bias, by the global norm", worst[True][0], 1e-7),
    )


def test_fifty_steps(prepared, start, rows, tmp_path):
    flags = [word for name, value in (TRAINING | WITHOUT_DROPOUT).items() for word in (f"--{name.replace('_', '-')}", value)]
    stage("bert-finetune", "--tokens", prepared.tokens, "--model", start, "--out", tmp_path / "train", "--precision", "float32",
          "--logging-steps", 1, "--eval-strategy", "no", "--save-strategy", "no", *flags)
    events = [json.loads(line) for line in (tmp_path / "train/log.jsonl").read_text().splitlines()]
    ours = [event for event in events if event["event"] == "train"]
    model = reference(start)
    theirs = peer.train(model, rows, TRAINING)
    assert len(ours) == len(theirs) == 50

    trained, weights = load_file(tmp_path / "train/model.safetensors"), dict(model.named_parameters())
    assert trained.keys() == weights.keys()
    difference = {name: (trained[name] - weight.detach()).abs().max().item() for name, weight in weights.items()}
    moved = {name: (trained[name] - weight).abs().max().item() for name, weight in load_file(start / "model.safetensors").items()}
    largest = lambda name: max(abs(a[name] - b[name]) for a, b in zip(ours, theirs))
    report(
        ("losses of the steps", largest("loss"), 1e-5),
        ("learning rates", largest("learning_rate"), 1e-15),
        ("norms of the gradients, relative", max(abs(a["grad_norm"] / b["grad_norm"] - 1) for a, b in zip(ours, theirs)), 1e-4),
        ("weights after the last step", max(d for name, d in difference.items() if not is_key_bias(name)), 1e-5),
        ("key.bias after the last step", max(d for name, d in difference.items() if is_key_bias(name)), 1e-4),
    )
    assert max(moved.values()) > 1e-3, "the steps changed nothing that could differ"
