"""The committed fixtures are what the live reference computes today."""

import json

import make_fixtures
import pytest
from safetensors.torch import load_file


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fixtures")
    make_fixtures.main(folder)
    return folder


def test_the_small_bert_is_up_to_date(made):
    for name in ("config.json", "data.json", "vocab.txt"):
        assert (made / "small-bert" / name).read_text() == (make_fixtures.FIXTURES / "small-bert" / name).read_text()
    for name in ("model.safetensors", "expected.safetensors"):
        ours, theirs = load_file(make_fixtures.FIXTURES / "small-bert" / name), load_file(made / "small-bert" / name)
        assert ours.keys() == theirs.keys()
        for tensor in ours:
            allowed = 2e-2 if tensor.startswith("trained/") and tensor.endswith("key.bias") else 1e-5
            assert (ours[tensor] - theirs[tensor]).abs().max() < allowed, tensor


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
