"""Attributions of bert-eval are integrated gradients of Transformers' model, computed anew with NumPy's Gauss-Legendre points.

The definition is that of Captum's `LayerIntegratedGradients` over `word_embeddings` with `method="gausslegendre"`.
"""

import json

import numpy
import pytest
import torch
from conftest import stage
from transformers import AutoModelForSequenceClassification, AutoTokenizer

N_TEXTS = 100


@pytest.fixture(scope="session")
def errors(run):
    out = run.folder / "attributed"
    stage("bert-eval", "--run", run.train, "--tokens", run.tokens, "--raw", run.raw, "--split", "test",
          "--errors", N_TEXTS, "--attributions", N_TEXTS, "--out", out)
    return [json.loads(line) for line in (out / "errors.jsonl").read_text().splitlines()]


@pytest.fixture(scope="session")
def model(run):
    return AutoModelForSequenceClassification.from_pretrained(run.train).eval()


def ids_of(error, tokenizer):
    return tokenizer.convert_tokens_to_ids([piece["token"] for piece in error["attribution"]])


def words_of(model, ids):
    return model.bert.embeddings.word_embeddings(torch.tensor([ids])).detach()


def logit_of(model, words, output):
    return model(inputs_embeds=words).logits[:, output]


def baseline_of(ids, tokenizer):
    return [ids[0]] + [tokenizer.pad_token_id] * (len(ids) - 2) + [ids[-1]]


def integrated(model, ids, baseline, output, n_points):
    start, end = words_of(model, baseline), words_of(model, ids)
    points, weights = (torch.tensor(values / 2, dtype=torch.float32).view(-1, 1, 1)
                       for values in numpy.polynomial.legendre.leggauss(n_points))
    words = (start + (points + 0.5) * (end - start)).requires_grad_(True)
    gradient = torch.autograd.grad(logit_of(model, words, output).sum(), words)[0]
    return ((gradient * weights).sum(0, keepdim=True) * (end - start)).sum(-1)[0].tolist()


def test_attributions_add_up_within_a_hundredth(errors, run, model):
    tokenizer = AutoTokenizer.from_pretrained(run.train)
    assert len(errors) == N_TEXTS
    for error in errors:
        ids, output = ids_of(error, tokenizer), model.config.label2id[error["prediction"]]
        with torch.no_grad():
            ends = [logit_of(model, words_of(model, of), output).item() for of in (ids, baseline_of(ids, tokenizer))]
        change, total = ends[0] - ends[1], sum(piece["contribution"] for piece in error["attribution"])
        assert abs(total - change) <= 0.01 * max(abs(change), 0.01) + 1e-4, (change, total)


def test_attributions_are_those_of_the_reference(errors, run, model):
    tokenizer = AutoTokenizer.from_pretrained(run.train)
    differences = []
    for error in errors[:20]:
        ids, output = ids_of(error, tokenizer), model.config.label2id[error["prediction"]]
        ours = [piece["contribution"] for piece in error["attribution"]]
        of_error = []
        # The number of points is doubled from 16 on; one of them is the one that was taken.
        for n_points in (16, 32, 64, 128):
            theirs = integrated(model, ids, baseline_of(ids, tokenizer), output, n_points)
            of_error.append(max(abs(a - b) for a, b in zip(ours, theirs)))
            if of_error[-1] < 1e-4:
                break
        differences.append(min(of_error))
    print("largest difference of a contribution:", max(differences))
    assert max(differences) < 1e-4
