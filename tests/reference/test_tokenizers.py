"""Tokenizers of model folders: the ids of the current Transformers, over a grid of folders and of texts."""

import json
import random
import subprocess

import pytest

from conftest import BIN, CURRENT, MINILM, TREES
from tokenizer_folders import FOLDERS, REFUSED, write

LENGTHS = [1_000_000, 512, 7]
SPECIAL = "[PAD] [UNK] [CLS] [SEP] [MASK] [NEW] [Word] <new> new york NEWLY <s> </s> [EXTRA] [X] héy".split(" ")


def generated_texts():
    """A thousand texts of every Unicode plane, and of what tokenizers stumble over."""
    source = random.Random(15)
    letters = [chr(code) for begin, end in [
        (0x20, 0x7F), (0xA0, 0x180), (0x300, 0x370), (0x370, 0x500), (0x590, 0x700), (0x900, 0x980), (0xE00, 0xE80), (0x1E00, 0x2000), (0x2000, 0x2070),
        (0x3000, 0x3100), (0x4E00, 0x4F00), (0xAC00, 0xAD00), (0xF900, 0xFA00), (0xFE00, 0xFE10), (0xFF00, 0xFFF0), (0x1F300, 0x1F700), (0x1D400, 0x1D500)] for code in range(begin, end)]
    planes = [chr(plane * 0x10000 + offset) for plane in range(17) for offset in (0, 1, 0x41, 0x3FF, 0xABCD, 0xFFFD, 0xFFFE, 0xFFFF)
              if not 0xD800 <= plane * 0x10000 + offset < 0xE000]
    controls = [chr(code) for code in [*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x200B, 0x200D, 0x200E, 0x202E, 0x2028, 0x2029, 0xFEFF, 0xFFFD]]
    words = "The film is not good , a charming romp it's CAFÉ naïve Straße İstanbul ΟΔΟΣ שלום עולם مرحبا 电影 映画 영화 ไทย हिन्दी".split(" ")
    emoji = ["👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇫🇷", "1️⃣", "❤️"]
    texts = ["", " ", "a", "\n", "x" * 99, "x" * 100, "x" * 101, "é" * 100, "e\u0301" * 60, "a" * 10_000, "電" * 10_000, "good " * 3000, "\u0301" * 50, ".".join("a" * 300), *emoji, *SPECIAL]
    texts += [f"{a}{between}{b}" for a in SPECIAL for b in SPECIAL[::4] for between in ("", " ", "  ", ".")]
    while len(texts) < 1000:
        pool = source.choice([words, words + SPECIAL, letters, letters + controls, planes, emoji + words, letters + SPECIAL + words])
        texts.append(source.choice(["", " ", " ", "-"]).join(source.choice(pool) for _ in range(source.randrange(1, 25))))
    return texts


def ask(command, requests):
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run(command, input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def both(requests):
    ours = ask([BIN / "examples/token_ids"], requests)
    theirs = ask([CURRENT, "tests/reference/current_token_ids.py"], requests)
    assert len(ours) == len(theirs) == len(requests)
    return ours, theirs


def differing(ours, theirs):
    return [index for index, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1]]


def test_the_ids_of_every_folder_are_those_of_the_reference(tmp_path):
    texts = generated_texts()
    folders = [write(tmp_path, name) for name in FOLDERS]
    requests = [{"model": str(folder), "max_lengths": LENGTHS, "texts": texts} for folder in folders]
    wrong, n_rows = [], 0
    for name, ours, theirs in zip(FOLDERS, *both(requests), strict=True):
        if "error" in ours or "error" in theirs:
            wrong.append(f"{name}: ours {ours.get('error')}, theirs {theirs.get('error')}")
            continue
        for part in ("truncation_side", "said"):
            expected = theirs[part] if part in theirs else FOLDERS[name]["said"]
            found = ours[part] if part in theirs else bool(ours[part])
            if found != expected:
                wrong.append(f"{name}: {part} is {ours[part]}")
        for length, rows, expected in zip(LENGTHS, ours["input_ids"], theirs["input_ids"], strict=True):
            n_rows += len(rows)
            for index in differing(rows, expected)[:3]:
                wrong.append(f"{name}, {length}: {texts[index]!r}: ours {rows[index]}, theirs {expected[index]}, {ours['said']}")
    print(f"{len(folders)} folders, {n_rows} rows, {len(wrong)} differences")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_refused_by_name(tmp_path, name):
    [answer] = ask([BIN / "examples/token_ids"], [{"model": str(write(tmp_path, name)), "max_lengths": [512], "texts": ["a"]}])
    for part in REFUSED[name]["refused"]:
        assert part in answer["error"], answer


def test_the_ids_of_the_corpus_are_those_of_the_reference(tmp_path, prepared):
    glue = TREES.parent / "glue"
    rows = [line.split("\t")[0] for name in ("train.tsv", "dev.tsv") for line in (glue / name).read_text().splitlines()[1:]]
    trees = [line for name in ("train", "dev", "test") for line in (TREES / f"{name}.txt").read_text().splitlines()]
    texts = rows + [" ".join(part.rstrip(")") for part in tree.split() if not part.startswith("(")) for tree in trees]
    assert len(texts) == 67_349 + 872 + 11_855
    folders = [MINILM, write(tmp_path, "vocab.txt alone"), write(tmp_path, "tokenizer.json, cased")]
    requests = [{"model": str(folder), "max_lengths": [512, 16], "texts": texts} for folder in folders]
    for folder, ours, theirs in zip(folders, *both(requests), strict=True):
        for rows, expected in zip(ours["input_ids"], theirs["input_ids"], strict=True):
            assert not differing(rows, expected), folder
    print(f"{2 * len(folders)} x {len(texts)} rows, 0 differences")
