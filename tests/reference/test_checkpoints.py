"""Model folders of every kind against Transformers: what loads gives its logits, is trained, exported and loaded again; what is refused
says why. Nothing is learned (the learning rate is far below rounding), so that an export has the weights that were read.

Transformers 4 is the one of this Python, 5 the current one."""

import json
import re
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertTokenizer
from transformers.utils import logging

from checkpoint_cases import LOADED, NAMES, REFUSED, TEXTS, Case
from conftest import BIN, CURRENT, ROOT, stage
from transformers_answers import answer

UNTRAINED = ("--learning-rate", "1e-30", "--max-steps", 1, "--eval-strategy", "no", "--save-strategy", "no", "--precision", "float32",
             "--per-device-train-batch-size", 4)
logging.set_verbosity_error()


def ended(*words):
    return subprocess.run([BIN / words[0], *map(str, words[1:])], capture_output=True, text=True)


class Grid:
    """Where the folders are, the tokens to train on, and what Transformers 5 is to be asked at the end."""

    def __init__(self, folder):
        self.folder = folder
        self.model = Case("plain", names=NAMES).make(folder / "for-tokens")
        self.asked = {}  # by folder: the case, the logits, the names

    def tokens(self, names):
        """Token files for these classes, or for scores where there is one."""
        out = self.folder / "tokens" / "-".join(names)
        if not out.exists():
            raw, table = self.folder / "raw" / out.name, self.folder / f"{out.name}.csv"
            scores = len(names) == 1
            rows = [(text, row / 10 if scores else names[row % len(names)]) for row, text in enumerate(TEXTS * len(names))]
            table.write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
            columns = ["--score-column", "label"] if scores else ["--label-names", ",".join(names)]
            stage("sst-fetch", "dataset", "--train", table, *columns, "--split", "none", "--out", raw)
            task = "regression" if scores else "labels"
            stage("sst-tokenize", "--raw", raw, "--model", self.model, "--task", task, "--out", out)
        return out


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    return Grid(tmp_path_factory.mktemp("checkpoints"))


def predicted(model, n):
    """Names and logits of bert-predict: those of classes are known but for a number that is added to all. Its stderr."""
    done = ended("bert-predict", "--model", model, "--precision", "float32", *TEXTS)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if "score" in lines[0]:
        return None, torch.tensor([[line["score"]] for line in lines], dtype=torch.float64), done.stderr
    rows = torch.tensor([list(line["probabilities"].values()) for line in lines], dtype=torch.float64)
    assert rows.shape == (len(TEXTS), n)
    names = list(lines[0]["probabilities"])
    if "labels" in lines[0]:
        assert all(line["labels"] == [name for name in names if line["probabilities"][name] >= 0.5] for line in lines)
        return names, torch.logit(rows), done.stderr
    return names, centered(rows.log()), done.stderr


def centered(logits):
    return logits - logits.mean(1, keepdim=True)


def hold(ours, theirs, what):
    theirs = torch.as_tensor(theirs, dtype=torch.float64)
    if theirs.shape[1] > 1 and torch.allclose(ours.mean(1), torch.zeros(len(ours), dtype=torch.float64), atol=1e-9):
        theirs = centered(theirs)
    difference = (ours - theirs).abs().max()
    assert difference < 1e-5, f"{what}: {difference:.2e}"


@pytest.mark.parametrize("case", LOADED, ids=lambda case: case.name)
def test_what_loads_is_what_transformers_loads(case, grid):
    source = case.make(grid.folder / case.name / "source")
    model, run, export = (source.parent / name for name in ("model", "run", "export"))
    fetched = ended("sst-fetch", "model", "--source", source, "--out", model)
    assert fetched.returncode == 0, fetched.stderr
    names, meant, said = case.label_names(), None, fetched.stderr

    if case.head and not case.unpredictable:
        meant = logits_of(case, source)
        output_names, logits, stderr = predicted(model, case.n)
        said += stderr
        assert output_names is None or output_names == names
        hold(logits, meant, "bert-predict")
        if "4" in case.reference:
            theirs = answer(source, TEXTS)
            hold(logits, theirs["logits"], "Transformers 4")
            assert theirs["names"] == names
        if "5" in case.reference:
            grid.asked[source] = (logits, names)
    elif case.unpredictable:
        done = ended("bert-predict", "--model", model, *TEXTS)
        assert done.returncode == 2 and case.unpredictable in done.stderr, done.stderr

    trained = ("bert-finetune", "--tokens", grid.tokens(names), "--model", model, "--out", run, *UNTRAINED)
    if case.untrainable:
        done = ended(*trained)
        assert done.returncode == 2 and case.untrainable in done.stderr, done.stderr
        trained += ("--new-head",)
    done = ended(*trained)
    assert done.returncode == 0, done.stderr
    assert case.said in said + done.stderr, said + done.stderr
    is_kept = case.head and not case.untrainable
    assert ("newly initialized: " in done.stderr and "classifier.weight" in done.stderr) != is_kept, done.stderr
    stage("bert-export", "--run", run, "--out", export)

    # The encoder of the export is the one that was meant, number by number, and so is a classifier that was kept.
    weights = load_file(export / "hf/model.safetensors")
    for name, tensor in case.model().state_dict().items():
        drawn = name.startswith("classifier.") and not is_kept or "pooler" in name and case.name == "token-classification"
        assert drawn or torch.equal(weights[name], tensor), name
    if not is_kept or meant is None:  # else the same weights were predicted with above
        output_names, logits, _ = predicted(export / "hf", case.n)
        assert output_names is None or output_names == names
    theirs = answer(export / "hf", TEXTS)
    hold(logits, theirs["logits"], "Transformers 4 on the export")
    assert theirs["names"] == (names if case.n > 1 else ["score"])
    assert not {"num_labels", "_num_labels", "finetuning_task", "task_specific_params"} & exported_keys(export)
    grid.asked[export / "hf"] = (logits, theirs["names"])


def logits_of(case, source):
    """Those of the model that the folder means: made of Python objects, not of its files."""
    model, tokenizer = case.model(), BertTokenizer(source / "vocab.txt")
    with torch.no_grad():
        return torch.stack([model(**tokenizer(text, return_tensors="pt")).logits[0] for text in TEXTS])


def exported_keys(export):
    return set(json.loads((export / "hf/config.json").read_text()))


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case.name}-{case.refused[:20]}")
def test_what_is_refused_says_why(case, grid, tmp_path):
    source = case.make(tmp_path / "source")
    done = ended("sst-fetch", "model", "--source", source, "--out", tmp_path / "model")
    assert done.returncode == 2, done.stderr
    assert case.refused in done.stderr, done.stderr
    assert "expected usize" not in done.stderr and "invalid type" not in done.stderr
    assert not (tmp_path / "model" / "manifest.json").exists()


def test_the_command_for_a_pickle_makes_a_folder_that_loads(grid, tmp_path):
    plain = predicted(grid.model, 2)[1]
    for case in [case for case in REFUSED if case.name in ("pickle", "pickles")]:
        source = case.make(tmp_path / case.name)
        stderr = ended("sst-fetch", "model", "--source", source, "--out", tmp_path / "model").stderr
        command = re.search(r"python3 (-c '.*')$", stderr.strip(), re.S).group(1)
        subprocess.run(f"{sys.executable} {command}", shell=True, cwd=source, check=True)
        stage("sst-fetch", "model", "--source", source, "--out", tmp_path / "model")
        hold(predicted(tmp_path / "model", 2)[1], plain, case.name)


def test_the_dropout_of_the_training_is_exported(grid, tmp_path):
    rates = {"hidden_dropout_prob": 0.25, "classifier_dropout": 0.0}
    flags = [word for key, rate in rates.items() for word in (f"--{key.replace('_', '-')}", rate)]
    stage("bert-finetune", "--tokens", grid.tokens(NAMES), "--model", grid.model, "--out", tmp_path / "run", *UNTRAINED, *flags)
    stage("bert-export", "--run", tmp_path / "run", "--out", tmp_path / "export")
    assert answer(tmp_path / "export/hf", TEXTS)["dropout"] == [0.25, 0.1, 0.0]


def test_transformers_5_reads_folders_and_exports_alike(grid):
    script = ROOT / "tests/reference/transformers_answers.py"
    done = subprocess.run([CURRENT, script, *grid.asked], input=json.dumps(TEXTS), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for (folder, (logits, names)), theirs in zip(grid.asked.items(), json.loads(done.stdout), strict=True):
        assert theirs["names"] == names, folder
        hold(logits, theirs["logits"], folder)
    print(f"{len(grid.asked)} folders")
