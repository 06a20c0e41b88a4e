"""Exports held against ONNX's checker, ONNX Runtime, and both versions of Transformers."""

import collections
import json
import random
import subprocess

import huggingface_hub
import numpy
import onnx
import onnxruntime
import pandas
import pytest
import torch
from transformers import AutoModelForSequenceClassification, BertConfig, BertModel

from conftest import CURRENT, ROOT, stage

GRAPHS = ("onnx/model.onnx", "onnx/model_int8.onnx")
ALL = ("--format", "hf,onnx,onnx-int8")


class Export:
    """A verified export, and the rows that it was verified on."""

    def __init__(self, train, tokens, folder, *flags):
        stage("bert-export", "--run", train, "--tokens", tokens, "--threads", 1, *flags, "--out", folder)
        self.hf = folder / "hf"
        self.verification = json.loads((folder / "verification.json").read_text())
        rows = pandas.read_parquet(tokens / "validation.parquet")
        self.rows = [list(row) for row in rows.input_ids]
        self.targets = rows.label.to_numpy() if "label" in rows else rows.score.to_numpy()

    def verified(self, name):
        return next(it for it in self.verification["formats"] if it["file"] == f"hf/{name}")

    def batches(self, size):
        """Rows of similar length, padded, with their places."""
        order = sorted(range(len(self.rows)), key=lambda row: len(self.rows[row]))
        for begin in range(0, len(order), size):
            places = order[begin:begin + size]
            longest = max(len(self.rows[row]) for row in places)
            ids = numpy.zeros((len(places), longest), numpy.int64)
            mask = numpy.zeros_like(ids)
            for at, row in enumerate(places):
                ids[at, :len(self.rows[row])] = self.rows[row]
                mask[at, :len(self.rows[row])] = 1
            yield places, {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}

    def collected(self, compute, size):
        logits = {}
        for places, batch in self.batches(size):
            logits.update(zip(places, compute(batch), strict=True))
        return numpy.stack([logits[row] for row in range(len(self.rows))])

    def transformers(self):
        model = AutoModelForSequenceClassification.from_pretrained(self.hf, dtype=torch.float32).eval()
        with torch.no_grad():
            return self.collected(lambda batch: model(**{k: torch.from_numpy(v) for k, v in batch.items()}).logits.numpy(), 32)

    def onnx_runtime(self, name, size):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(self.hf / name, options, providers=["CPUExecutionProvider"])
        return self.collected(lambda batch: session.run(None, batch)[0], size)


def probabilities(logits):
    return torch.from_numpy(logits).double().softmax(1).numpy()


@pytest.fixture(scope="module")
def export(run, tmp_path_factory):
    return Export(run.train, run.tokens, tmp_path_factory.mktemp("exports") / "export", *ALL, "--max-flips", "5%")


def test_the_files_pass_onnx_checker_and_say_what_they_are(export):
    for name in GRAPHS:
        onnx.checker.check_model(export.hf / name, full_check=True)
        model = onnx.load(export.hf / name)
        assert [(it.domain, it.version) for it in model.opset_import] == [("", 17)] and model.ir_version == 8
        shape = lambda value: [it.dim_param or it.dim_value for it in value.type.tensor_type.shape.dim]
        assert [it.name for it in model.graph.input] == ["input_ids", "attention_mask", "token_type_ids"]
        assert all(shape(it) == ["batch_size", "sequence_length"] for it in model.graph.input)
        assert [(it.name, shape(it)) for it in model.graph.output] == [("logits", ["batch_size", 2])]
        facts = {it.key: it.value for it in model.metadata_props}
        assert json.loads(facts["labels"]) == ["negative", "positive"] and facts["max_length"] == "512"


def test_float32_is_what_transformers_computes_on_872_sentences(export):
    theirs = export.transformers()
    assert len(theirs) == 872
    for size in (1, 32):
        ours = export.onnx_runtime(GRAPHS[0], size)
        difference = abs(ours - theirs).max()
        print(f"ONNX float32, batches of {size}: largest difference of a logit {difference:.2e}")
        assert difference <= 1e-4
        assert (ours.argmax(1) == theirs.argmax(1)).all()
    verified = export.verified(GRAPHS[0])
    assert verified["flips"] == 0 and verified["max_difference"] < 1e-5


def test_the_current_transformers_reads_the_export_and_its_texts_alike_on_872_sentences(export, prepared):
    text_of = pandas.read_parquet(prepared.raw / "validation.parquet").set_index("id").text
    texts = text_of.loc[pandas.read_parquet(prepared.tokens / "validation.parquet").id].tolist()
    assert len(texts) == 872
    answer = transformers_answers("current" if CURRENT.exists() else "reference", export.hf, texts)
    difference = abs(export.onnx_runtime(GRAPHS[0], 32) - numpy.array(answer["logits"])).max()
    print(f"ONNX float32 and the current Transformers: largest difference of a logit {difference:.2e}")
    assert answer["names"] == ["negative", "positive"] and difference <= 1e-4


def test_int8_is_verified_as_onnx_runtime_computes_it(export):
    theirs = export.transformers()
    verified = export.verified(GRAPHS[1])
    accuracy = lambda logits: (logits.argmax(1) == export.targets).mean()
    for size in (1, 32):
        ours = export.onnx_runtime(GRAPHS[1], size)
        difference = abs(probabilities(ours) - probabilities(theirs))
        flips = (ours.argmax(1) != theirs.argmax(1)).sum()
        print(f"ONNX int8, batches of {size}: {flips} of {len(ours)} flip, accuracy {accuracy(ours):.4f} for {accuracy(theirs):.4f}, "
              f"differences of probabilities at most {difference.max():.3f}, mean {difference.mean():.4f}")
        assert flips <= 0.03 * len(ours) and abs(accuracy(ours) - accuracy(theirs)) <= 0.015
        if size == 1:
            # What was verified is what ONNX Runtime computes, but for roundings of activations that lie between two of their numbers.
            assert abs(flips - verified["flips"] - verified["ties"]) <= 3
            assert abs(difference.mean() - verified["mean_difference"]) <= 0.1 * difference.mean()


def test_onnx_runtime_takes_its_kernels_for_int8(export, tmp_path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    onnxruntime.InferenceSession(export.hf / GRAPHS[1], options, providers=["CPUExecutionProvider"])
    operators = collections.Counter(node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node)
    # Query, key and value share one quantization, but for the query of the first token alone in the last layer.
    assert (operators["DynamicQuantizeMatMul"], operators["MatMulIntegerToFloat"]) == (3 * 6 + 1, 3 * 5 + 2), operators
    assert operators["MatMulInteger"] == 0 and operators["DynamicQuantizeLinear"] == 6


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_weights_of_16_bits_are_what_transformers_makes_of_them(run, tmp_path, dtype):
    export = Export(run.train, run.tokens, tmp_path / "export", "--dtype", dtype)
    ours = AutoModelForSequenceClassification.from_pretrained(export.hf, dtype="auto")
    theirs = AutoModelForSequenceClassification.from_pretrained(run.train, dtype=getattr(torch, dtype))
    assert ours.config.dtype == getattr(torch, dtype) and ours.dtype == ours.config.dtype
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    if CURRENT.exists():
        texts = ["A film of rare beauty.", "Two hours I will never get back."]
        answers = [transformers_answers(python, export.hf, texts) for python in ("reference", "current")]
        assert abs(numpy.array(answers[0]["logits"]) - numpy.array(answers[1]["logits"])).max() <= 1e-5
        assert answers[0]["names"] == answers[1]["names"] == ["negative", "positive"]


def transformers_answers(environment, folder, texts):
    command = [ROOT / f".cache/{environment}/bin/python", ROOT / "tests/reference/transformers_answers.py", folder]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]


WORDS = [f"w{number}" for number in range(200)]


def small_model(folder, positions):
    """A random BERT over the words, with the activation that the others do not have."""
    folder.mkdir()
    torch.manual_seed(5)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    config = BertConfig(vocab_size=len(vocabulary), hidden_size=48, num_hidden_layers=3, num_attention_heads=4,
                        intermediate_size=80, max_position_embeddings=positions, initializer_range=0.2)
    BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")


def texts(n, classes, words, seed):
    """Texts whose first words say the class, or the number."""
    draw = random.Random(seed)
    for row in range(n):
        label = row % classes
        yield " ".join([WORDS[label % 200]] * 3 + draw.choices(WORDS, k=draw.randint(*words))), label


@pytest.mark.parametrize("classes, task, positions", [(5, "labels", 64), (150, "labels", 64), (9, "regression", 64), (3, "labels", 512)])
def test_runs_of_every_kind_are_exported(tmp_path, classes, task, positions):
    words = (300, 450) if positions == 512 else (1, 40)
    source = tmp_path / "source"
    source.mkdir()
    for split, n, seed in (("train", 400, 1), ("validation", 100, 2)):
        lines = [f"{text},{label / 8 if task == 'regression' else f'class {label:03}'}" for text, label in texts(n, classes, words, seed)]
        (source / f"{split}.csv").write_text("\n".join(["text,score" if task == "regression" else "text,label", *lines]) + "\n")
    small_model(tmp_path / "base", positions)
    names = [] if task == "regression" else ["--label-names", ",".join(f"class {label:03}" for label in range(classes))]
    stage("sst-fetch", "dataset", "--source", source, *names, "--out", tmp_path / "raw")
    stage("sst-fetch", "model", "--source", tmp_path / "base", "--out", tmp_path / "model")
    stage("sst-tokenize", "--raw", tmp_path / "raw", "--model", tmp_path / "model", "--task", task, "--max-length", positions,
          "--out", tmp_path / "tokens")
    stage("bert-finetune", "--tokens", tmp_path / "tokens", "--model", tmp_path / "model", "--out", tmp_path / "train", "--precision",
          "float32", "--max-steps", 20, "--learning-rate", 1e-3, "--eval-strategy", "no", "--save-strategy", "no", "--threads", 1)
    export = Export(tmp_path / "train", tmp_path / "tokens", tmp_path / "export", *ALL, "--max-flips", "100%")
    theirs = export.transformers()
    assert theirs.shape == (100, 1 if task == "regression" else classes)
    for size in (1, 16):
        assert abs(export.onnx_runtime(GRAPHS[0], size) - theirs).max() <= 1e-4
    onnx.checker.check_model(export.hf / GRAPHS[1], full_check=True)
    ours = export.onnx_runtime(GRAPHS[1], 1)
    difference = abs(ours - theirs) if task == "regression" else abs(probabilities(ours) - probabilities(theirs))
    print(f"{classes} classes, {task}, {positions} positions: int8 differs by at most {difference.max():.4f}")
    assert abs(difference.max() - export.verified(GRAPHS[1])["max_difference"]) <= 0.2 * difference.max()
    assert ("mse" if task == "regression" else "accuracy") == export.verification["figure"]


def test_the_hub_reads_the_card_and_its_examples_run(run, export, tmp_path, capsys):
    folder = tmp_path / "export"
    stage("bert-export", "--run", run.train, "--eval", run.evaluation("validation"), "--raw", run.raw, "--base-model", run.model,
          "--calibration", run.evaluation("validation") / "calibration.json", "--format", "hf,onnx", "--license", "mit", "--language", "en",
          "--out", folder)
    card = huggingface_hub.ModelCard.load(folder / "hf/README.md")
    assert (card.data.license, card.data.language, card.data.pipeline_tag) == ("mit", ["en"], "text-classification")
    figures = {(it.dataset_split, it.metric_name): it.metric_value for it in card.data.eval_results}
    assert figures["validation", "Accuracy"] == run.metrics("validation")["accuracy"]
    blocks = [block.split("```")[0] for block in card.content.split("```python\n")[1:]]
    assert len(blocks) == 2, "the pipeline, and ONNX Runtime"
    for block in blocks:
        exec(block.replace("PATH", str(folder / "hf")), {})
    by_pipeline, by_onnx_runtime = (eval(line, {"np": numpy}) for line in capsys.readouterr().out.splitlines())
    texts = ["A text.", "Another one."]
    lines = stage("bert-predict", "--model", folder / "hf", "--precision", "float32", "--calibration",
                  run.evaluation("validation") / "calibration.json", *texts).splitlines()
    for theirs, (label, probability), line in zip(by_pipeline, by_onnx_runtime, map(json.loads, lines), strict=True):
        assert theirs[0]["label"] == label == line["label"]
        assert abs(probability - line["probabilities"][label]) < 1e-5
