"""Texts that are longer than the model: windows whose logits are pooled, against the reference's windows pooled by hand; the
sides on which texts are cut; padded token files, from which one step of the reference is trained.

The model is two layers of MiniLM with a classifier of three classes that the reference draws. `pytest -s` shows the largest
differences.
"""

import json
import random
import shutil

import numpy
import pandas
import pytest
import torch
from transformers import AutoTokenizer, BertForSequenceClassification

from conftest import MINILM, stage

N_TEXTS, SHORTEST, LONGEST = 200, 600, 5000
MAX_LENGTH, STRIDE = 256, 64
LABELS = ("bad", "fair", "good")
WITHOUT_DROPOUT = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, classifier_dropout=0.0)


def vocabulary_words():
    words = (MINILM / "vocab.txt").read_text().splitlines()
    return [word for word in words if word.isascii() and word.isalpha()]


def generated(rng, words, n_tokens):
    """Words that are one token each, with some that are several and marks in between."""
    text = [rng.choice(words) for _ in range(n_tokens - 8)]
    text.insert(len(text) // 2, "unbelievably, overcomplicated!")
    return " ".join(text)


class LongTexts:
    """A folder with 200 long texts as the validation split, a model, tokens in windows, and a run of one step."""

    def __init__(self, folder):
        self.folder, self.model, self.train, self.tokens = folder, folder / "model", folder / "train", folder / "tokens"
        rng, words = random.Random(5), vocabulary_words()
        lengths = [SHORTEST, LONGEST] + [rng.randint(SHORTEST, LONGEST) for _ in range(N_TEXTS - 2)]
        self.texts = [generated(rng, words, length) for length in lengths]
        short = [generated(rng, words, rng.randint(10, 40)) for _ in range(24)]
        for name, texts in (("train", short), ("validation", self.texts)):
            labels = [LABELS[row % 3] for row in range(len(texts))]
            pandas.DataFrame({"text": texts, "label": labels}).to_csv(folder / f"{name}.csv", index=False)
        stage("sst-fetch", "dataset", "--train", folder / "train.csv", "--validation", folder / "validation.csv", "--out", folder / "raw")
        torch.manual_seed(0)
        model = BertForSequenceClassification.from_pretrained(MINILM, num_labels=3, num_hidden_layers=2, **WITHOUT_DROPOUT)
        torch.nn.init.normal_(model.classifier.weight, std=0.5)
        model.save_pretrained(self.model)
        for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
            shutil.copy(MINILM / name, self.model)
        self.tokenize(self.tokens, "--max-length", MAX_LENGTH, "--window-stride", STRIDE)
        self.finetune(self.tokens, self.train)

    def tokenize(self, out, *more):
        stage("sst-tokenize", "--raw", self.folder / "raw", "--model", self.model, "--task", "labels", "--out", out, *more)

    def finetune(self, tokens, out):
        stage("bert-finetune", "--tokens", tokens, "--model", self.model, "--out", out, "--precision", "float32", "--max-steps", 1,
              "--eval-strategy", "no", "--save-strategy", "no")

    def predicted(self, model, texts, *more):
        """The probabilities of bert-predict, and what it says."""
        source, output = self.folder / "texts.jsonl", self.folder / "answers.jsonl"
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        stage("bert-predict", "--model", model, "--input", source, "--output", output, "--precision", "float32", *more)
        lines = map(json.loads, output.read_text().splitlines())
        return torch.tensor([list(line["probabilities"].values()) for line in lines], dtype=torch.float64)


@pytest.fixture(scope="module")
def long_texts(tmp_path_factory):
    return LongTexts(tmp_path_factory.mktemp("long_texts"))


@pytest.fixture(scope="module")
def windows(long_texts):
    """The reference's windows of each text."""
    tokenizer = AutoTokenizer.from_pretrained(long_texts.model)
    ids = tokenizer(long_texts.texts, truncation=True, max_length=MAX_LENGTH, stride=STRIDE, return_overflowing_tokens=True)
    windows = [[] for _ in long_texts.texts]
    for text, window in zip(ids["overflow_to_sample_mapping"], ids["input_ids"]):
        windows[text].append(window)
    return windows


@pytest.fixture(scope="module")
def window_logits(long_texts, windows):
    """The reference's logits of every window, window by window of equal length, so that nothing is padded."""
    model = BertForSequenceClassification.from_pretrained(long_texts.train).eval()
    flat = [(text, window) for text, of_text in enumerate(windows) for window in of_text]
    logits = [None] * len(flat)
    by_length = {}
    for index, (_, window) in enumerate(flat):
        by_length.setdefault(len(window), []).append(index)
    with torch.no_grad():
        for indices in by_length.values():
            for begin in range(0, len(indices), 32):
                part = indices[begin:begin + 32]
                for index, row in zip(part, model(torch.tensor([flat[index][1] for index in part])).logits):
                    logits[index] = row.double()
    of_texts = [[] for _ in windows]
    for (text, _), row in zip(flat, logits):
        of_texts[text].append(row)
    return [torch.stack(rows) for rows in of_texts]


def pooled(window_logits, pooling):
    pool = {"mean": lambda rows: rows.mean(0), "max": lambda rows: rows.amax(0)}[pooling]
    return torch.stack([pool(rows) for rows in window_logits])


def test_windows_are_those_of_the_reference(long_texts, windows):
    table = pandas.read_parquet(long_texts.tokens / "validation.parquet")
    of_texts = table.groupby("id", sort=False)
    ours = [[list(row) for row in rows.input_ids] for _, rows in of_texts]
    lengths = [sum(map(len, rows)) - (STRIDE + 2) * (len(rows) - 1) for rows in windows]
    print(f"{len(ours)} texts of {min(lengths)} to {max(lengths)} tokens in {len(table)} windows")
    assert len(ours) == N_TEXTS and min(lengths) < 620 and max(lengths) > 4900
    assert ours == windows
    assert all(rows.window.tolist() == list(range(len(rows))) and rows.label.nunique() == 1 for _, rows in of_texts)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_bert_predict_pools_the_windows_of_the_reference(long_texts, window_logits, pooling):
    by_text = long_texts.predicted(long_texts.train, long_texts.texts[:20], "--window-pooling", pooling)
    difference = (by_text - pooled(window_logits[:20], pooling).softmax(1)).abs().max()
    print(f"{pooling}: largest difference of a probability {difference:.1e}")
    assert difference < 1e-5


def test_predictions_are_the_windows_of_the_reference_averaged_by_hand(long_texts, window_logits):
    out = long_texts.folder / "eval"
    stage("bert-eval", "--run", long_texts.train, "--tokens", long_texts.tokens, "--precision", "float32", "--out", out)
    predictions, metrics = pandas.read_parquet(out / "predictions.parquet"), json.loads((out / "metrics.json").read_text())
    expected = pooled(window_logits, "mean")
    ours = torch.from_numpy(numpy.stack(predictions.logits.to_numpy())).double()
    difference = (ours - expected).abs().max()
    print(f"largest difference of a logit {difference:.1e}")
    assert len(predictions) == metrics["n"] == metrics["rows"] == N_TEXTS
    assert difference < 1e-5
    assert (expected.amax(0) - expected.amin(0)).min() > 1e-3, "the texts differ in nothing that could be wrong"
    loss = torch.nn.functional.cross_entropy(expected, torch.tensor(predictions.label.to_numpy()).long())
    assert abs(metrics["loss"] - loss.item()) < 1e-5


def test_an_export_carries_what_becomes_of_long_texts(long_texts):
    export, texts = long_texts.folder / "export", long_texts.texts[:3]
    stage("bert-export", "--run", long_texts.train, "--out", export)
    config = json.loads((export / "hf/tokenizer_config.json").read_text())
    assert (config["model_max_length"], config["long_texts"]) == (MAX_LENGTH, {"window_stride": STRIDE})
    assert AutoTokenizer.from_pretrained(export / "hf").model_max_length == MAX_LENGTH
    of_run, of_export = (long_texts.predicted(model, texts) for model in (long_texts.train, export / "hf"))
    cut = long_texts.predicted(export / "hf", texts, "--truncation-side", "right")
    assert (of_run - of_export).abs().max() == 0
    assert (of_run - cut).abs().max() > 1e-4


@pytest.mark.parametrize("side", ["right", "left", "head-tail"])
def test_each_side_is_cut_as_in_the_reference_also_after_the_export(long_texts, side):
    folder, texts = long_texts.folder / side, long_texts.texts[:20]
    long_texts.tokenize(folder / "tokens", "--max-length", MAX_LENGTH, "--truncation-side", side)
    long_texts.finetune(folder / "tokens", folder / "train")
    stage("bert-export", "--run", folder / "train", "--out", folder / "export")
    tokenizer = AutoTokenizer.from_pretrained(folder / "export/hf")
    if side == "head-tail":
        content = tokenizer(texts, add_special_tokens=False)["input_ids"]
        head, tail = (MAX_LENGTH - 1) // 2, (MAX_LENGTH - 2) // 2
        cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
        expected = [[cls, *ids[:head], *ids[-tail:], sep] for ids in content]
    else:
        assert tokenizer.truncation_side == side
        expected = tokenizer(texts, truncation=True)["input_ids"]
    table = pandas.read_parquet(folder / "tokens/validation.parquet")
    assert [list(ids) for ids in table.input_ids[:20]] == expected
    model = BertForSequenceClassification.from_pretrained(folder / "export/hf").eval()
    with torch.no_grad():
        shares = model(torch.tensor(expected)).logits.double().softmax(1)
    for folder in (folder / "train", folder / "export/hf"):
        assert (long_texts.predicted(folder, texts) - shares).abs().max() < 1e-5


@pytest.mark.parametrize("padding", ["longest", "max_length"])
def test_one_step_of_the_reference_from_a_padded_file(long_texts, padding):
    """A file that is padded gives the reference the step that it takes from rows of their own lengths."""
    plain, padded = long_texts.folder / "plain", long_texts.folder / padding
    long_texts.tokenize(plain, "--max-length", MAX_LENGTH)
    long_texts.tokenize(padded, "--max-length", MAX_LENGTH, "--padding", padding)
    table, rows = pandas.read_parquet(padded / "train.parquet"), pandas.read_parquet(plain / "train.parquet")
    columns = ["input_ids", "attention_mask", "token_type_ids"]
    batch = {name: torch.from_numpy(numpy.stack(table[name].to_numpy())).long() for name in columns}
    longest = max(map(len, rows.input_ids))
    assert batch["input_ids"].shape == (len(rows), longest if padding == "longest" else MAX_LENGTH)
    reference = AutoTokenizer.from_pretrained(long_texts.model)
    texts = pandas.read_csv(long_texts.folder / "train.csv").text.tolist()
    expected = reference(texts, padding=padding, truncation=True, max_length=MAX_LENGTH, return_tensors="pt")
    assert all(torch.equal(batch[name], expected[name]) for name in columns)

    labels = torch.tensor(rows.label.to_numpy()).long()
    losses = []
    for forward in (
        lambda model: model(**batch).logits,
        lambda model: torch.cat([model(torch.tensor([list(ids)])).logits for ids in rows.input_ids]),
    ):
        model = BertForSequenceClassification.from_pretrained(long_texts.model).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
        for _ in range(2):
            loss = torch.nn.functional.cross_entropy(forward(model), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    before, after, of_rows, after_of_rows = losses
    print(f"{padding}: losses {before:.6f} and {after:.6f}, differences {abs(before - of_rows):.1e} and {abs(after - after_of_rows):.1e}")
    assert abs(before - of_rows) < 1e-5 and abs(after - after_of_rows) < 1e-5 and after < before - 1e-3

    # The stages here take the same step from either, to the byte.
    for tokens in (plain, padded):
        long_texts.finetune(tokens, long_texts.folder / "train-of" / tokens.name)
    weights = [(long_texts.folder / "train-of" / tokens.name / "model.safetensors").read_bytes() for tokens in (plain, padded)]
    assert weights[0] == weights[1]
