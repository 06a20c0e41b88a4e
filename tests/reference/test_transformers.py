"""What Transformers makes of the exported folder, and of the texts."""

import json

import numpy
import pandas
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from conftest import stage


def sentences(run, split):
    predictions = pandas.read_parquet(run.evaluation(split) / "predictions.parquet")
    texts = pandas.read_parquet(run.raw / f"{split}.parquet").set_index("id").text
    return predictions, [texts[row] for row in predictions.id]


def test_token_ids_are_those_of_the_reference(run):
    tokenizer = AutoTokenizer.from_pretrained(run.model)
    tokens = pandas.read_parquet(run.tokens / "train.parquet")
    texts = pandas.read_parquet(run.raw / "train.parquet").set_index("id").text
    expected = tokenizer([texts[row] for row in tokens.id], truncation=True, max_length=512)["input_ids"]
    assert len(tokens) == 6920
    assert [list(ids) for ids in tokens.input_ids] == expected


def test_the_export_loads_and_gives_the_same_logits_and_labels(run):
    predictions, texts = sentences(run, "validation")
    assert len(texts) == 872
    model = AutoModelForSequenceClassification.from_pretrained(run.export / "hf").eval()
    tokenizer = AutoTokenizer.from_pretrained(run.export / "hf")
    assert model.config.id2label == {0: "negative", 1: "positive"}
    assert model.config.label2id == {"negative": 0, "positive": 1}
    logits = []
    with torch.no_grad():
        for begin in range(0, len(texts), 64):
            batch = tokenizer(texts[begin:begin + 64], padding=True, truncation=True, max_length=512, return_tensors="pt")
            logits.append(model(**batch).logits)
    logits = torch.cat(logits)
    ours = torch.from_numpy(numpy.stack(predictions.logits.to_numpy()))
    print(f"largest difference of a logit: {(logits - ours).abs().max():.2e}")
    assert (logits - ours).abs().max() < 1e-4
    assert logits.argmax(1).tolist() == predictions.prediction.tolist()


def test_the_pipeline_names_labels_as_bert_predict_does(run):
    texts = ["A film of rare beauty.", "Two hours I will never get back.", "The plot? What plot — “none”, naïve me!"]
    theirs = pipeline("text-classification", str(run.export / "hf"))(texts)
    lines = stage("bert-predict", "--model", run.export / "hf", "--precision", "float32", *texts).splitlines()
    for line, answer in zip(map(json.loads, lines), theirs, strict=True):
        assert line["label"] == answer["label"]
        assert abs(line["probabilities"][line["label"]] - answer["score"]) < 1e-5


def test_one_by_one_a_batch_and_the_padded_reference_agree(run):
    _, texts = sentences(run, "validation")
    texts = texts[:40]
    shares = lambda *words: [
        list(json.loads(line)["probabilities"].values())
        for line in stage("bert-predict", "--model", run.export / "hf", "--precision", "float32", *words).splitlines()
    ]
    together = torch.tensor(shares(*texts))
    alone = torch.tensor([shares(text)[0] for text in texts[:8]])
    model = AutoModelForSequenceClassification.from_pretrained(run.export / "hf").eval()
    tokenizer = AutoTokenizer.from_pretrained(run.export / "hf")
    with torch.no_grad():
        batch = tokenizer(texts, padding="max_length", truncation=True, max_length=128, return_tensors="pt")
        padded = model(**batch).logits.softmax(1)
    assert (together[:8] - alone).abs().max() < 1e-5
    assert (together - padded).abs().max() < 1e-5
