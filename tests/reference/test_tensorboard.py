"""The event file of a run, read back with TensorBoard's own reader, holds the figures of its log."""

import json
import pathlib
import random

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from conftest import stage

SMALL = pathlib.Path(__file__).resolve().parents[1] / "fixtures/small-bert"


def write_reviews(folder):
    """Sentences of the fixture's words; those with w5 are good."""
    draw = random.Random(1)
    folder.mkdir()
    for split, n in (("train", 120), ("validation", 40)):
        rows = [[f"w{draw.randint(5, 30)}" for _ in range(draw.randint(3, 9))] for _ in range(n)]
        lines = [f"{' '.join(words)},{int('w5' in words)}" for words in rows]
        (folder / f"{split}.csv").write_text("\n".join(["text,label", *lines]) + "\n")


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tensorboard")
    raw, tokens, train = folder / "raw", folder / "tokens", folder / "train"
    write_reviews(folder / "reviews")
    stage("sst-fetch", "dataset", "--source", folder / "reviews", "--label-names", "bad,good", "--out", raw)
    stage("sst-tokenize", "--raw", raw, "--model", SMALL, "--task", "labels", "--out", tokens)
    words = ["bert-finetune", "--tokens", tokens, "--model", SMALL, "--out", train, "--logging-steps", 3]
    stage(*words, "--stop-at-step", 20)
    stage(*words)
    return train


def test_the_figures_are_those_of_the_log(train):
    events = EventAccumulator(str(train / "tensorboard"), size_guidance={"scalars": 0}).Reload()
    tags = set(events.Tags()["scalars"])
    log = [json.loads(line) for line in (train / "log.jsonl").read_text().splitlines()]
    assert {"train/loss", "train/learning_rate", "train/grad_norm", "eval/loss", "eval/accuracy", "eval/f1"} <= tags
    for tag in tags:
        kind, name = tag.split("/")
        event, key = ("evaluate", f"eval_{name}") if kind == "eval" else ("train", name)
        found = [(scalar.step, scalar.value) for scalar in events.Scalars(tag)]
        if tag == "train/epoch":
            expected = [(line["step"], line["epoch"]) for line in log if line["event"] in ("train", "evaluate")]
        else:
            expected = [(line["step"], line[key]) for line in log if line["event"] == event]
        assert [step for step, _ in found] == [step for step, _ in expected], tag
        assert [value for _, value in found] == pytest.approx([value for _, value in expected], rel=1e-6), tag


def test_the_figures_of_an_evaluation_stand_at_the_step_of_the_weights(train):
    out = train.parent / "eval"
    stage("bert-eval", "--run", train, "--tokens", train.parent / "tokens", "--out", out)
    events = EventAccumulator(str(out), size_guidance={"scalars": 0}).Reload()
    figures = json.loads((out / "metrics_flat.json").read_text())
    defined = {f"eval/{name}": value for name, value in figures.items() if value is not None}
    assert set(events.Tags()["scalars"]) == set(defined) and "eval/accuracy" in defined
    best_step = json.loads((train / "log.jsonl").read_text().splitlines()[-1])["best_step"]
    for tag, value in defined.items():
        [scalar] = events.Scalars(tag)
        assert (scalar.step, scalar.value) == (best_step, pytest.approx(value, rel=1e-6)), tag
