"""crates/baseline against scikit-learn's TfidfVectorizer with LogisticRegression and Ridge."""

import csv
import json
import re
import subprocess

import numpy
import pytest
from conftest import BIN, TREES
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

GLUE = TREES.parent / "glue"


def ask(**request):
    done = subprocess.run([BIN / "examples/baseline"], input=json.dumps(request), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return numpy.array(json.loads(done.stdout))


def glue(split):
    if not GLUE.is_dir():
        pytest.skip(f"SST-2 of GLUE is not in {GLUE}; set SST_DIR")
    with open(GLUE / f"{split}.tsv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row["sentence"] for row in rows], [int(row["label"]) for row in rows]


def test_sst2_has_the_probabilities_of_scikit_learn():
    (texts, labels), (others, truth) = glue("train"), glue("dev")
    ours = ask(texts=texts, labels=labels, n_classes=2, others=others).reshape(-1, 2)
    exact = make_pipeline(TfidfVectorizer(), LogisticRegression(tol=1e-8, max_iter=10_000)).fit(texts, labels)
    assert abs(ours - exact.predict_proba(others)).max() < 1e-4
    # The default tolerance ends before the minimum, where accuracy differs by some rows of 872.
    accuracy = (ours.argmax(axis=1) == truth).mean()
    assert accuracy == (exact.predict(others) == truth).mean() and accuracy > 0.8


def test_five_classes_and_scores_of_trees():
    leaf = re.compile(r"\((\d) ([^()]+)\)")
    if not TREES.is_dir():
        pytest.skip(f"the Stanford Sentiment Treebank is not in {TREES}; set SST_DIR")
    lines = {split: (TREES / f"{split}.txt").read_text(encoding="utf-8").splitlines() for split in ("train", "dev")}
    texts, others = ([" ".join(word for _, word in leaf.findall(line)) for line in lines[split]] for split in lines)
    labels = [int(line[1]) for line in lines["train"]]
    ours = ask(texts=texts, labels=labels, n_classes=5, others=others).reshape(-1, 5)
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(tol=1e-8, max_iter=10_000)).fit(texts, labels)
    assert abs(ours - model.predict_proba(others)).max() < 1e-4

    targets = [label / 4 for label in labels]
    scores = ask(texts=texts, targets=targets, others=others)
    model = make_pipeline(TfidfVectorizer(), Ridge(tol=1e-10)).fit(texts, targets)
    assert abs(scores - model.predict(others)).max() < 1e-4


def test_words_are_those_of_scikit_learn():
    texts = ["It's a Good, good_film: 10/10 É té!", "naïve Ünder ßtraße", "电影 很好 看", "½ x² ab½", "foo\u200bbar", "кино Хорошее", "a b"]
    labels = [0, 1, 0, 1, 0, 1, 1]
    ours = ask(texts=texts, labels=labels, n_classes=2, others=texts).reshape(-1, 2)
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(tol=1e-8, max_iter=1000)).fit(texts, labels)
    assert abs(ours - model.predict_proba(texts)).max() < 1e-6
