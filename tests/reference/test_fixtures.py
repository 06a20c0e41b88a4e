"""The committed fixtures are what the live reference computes today."""

import json

import make_fixtures
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertForSequenceClassification, BertModel

MODELS = ["small-bert"] + [f"parity/{name}" for name in make_fixtures.models_fixture.VARIANTS]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fixtures")
    make_fixtures.main(folder)
    return folder


def test_every_file_is_made(made):
    files = lambda folder: sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files(make_fixtures.FIXTURES) == files(made)
    assert sum(path.stat().st_size for path in make_fixtures.FIXTURES.rglob("*") if path.is_file()) <= 300_000


@pytest.mark.parametrize("model", MODELS)
def test_a_model_and_what_is_expected_of_it_are_up_to_date(made, model):
    committed = make_fixtures.FIXTURES / model
    for path in sorted(committed.iterdir()):
        if path.suffix != ".safetensors":
            assert path.read_text() == (made / model / path.name).read_text()
            continue
        ours, theirs = load_file(path), load_file(made / model / path.name)
        assert ours.keys() == theirs.keys()
        for tensor in ours:
            allowed = 1e-4 if tensor.startswith("trained/") and tensor.endswith("key.bias") else 1e-5
            assert (ours[tensor] - theirs[tensor]).abs().max() < allowed, tensor


@pytest.mark.parametrize("model", MODELS)
def test_the_reference_reads_every_spelling_of_the_names(model):
    """An encoder's checkpoint without a head is what lies about with bare names; one with a prefix brings its classifier."""
    folder = make_fixtures.FIXTURES / model
    tensors = load_file(folder / "model.safetensors")
    prefixed = any(name.startswith("bert.") for name in tensors)
    kind = BertForSequenceClassification if prefixed else BertModel
    loaded, report = kind.from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    modern = {name.replace(".gamma", ".weight").replace(".beta", ".bias"): value for name, value in tensors.items()}
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, modern[name]), name


@pytest.mark.parametrize(("name", "allowed"), [("schedules.json", 1e-15), ("optimizers.json", 1e-6)])
def test_the_tables_are_up_to_date(made, name, allowed):
    committed = json.loads((make_fixtures.FIXTURES / name).read_text())
    assert agree(committed, json.loads((made / name).read_text()), allowed)


def agree(ours, theirs, allowed):
    """Everything is equal, but numbers may differ by the rounding of another processor."""
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(agree(ours[key], theirs[key], allowed) for key in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(agree(*pair, allowed) for pair in zip(ours, theirs))
    if isinstance(ours, float):
        return abs(ours - theirs) <= allowed
    return ours == theirs
