"""What sst-fetch splits off, and its folds, against what Python computes from the table itself; scikit-learn's folds as a yardstick."""

import re

import numpy
import pandas
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from conftest import stage

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
SIZES = (20, 200, 5000)
N_FOLDS = 5
CLASSES = {
    "balanced": lambda n, rng: rng.permutation(n) % 2,
    "95 to 5": lambda n, rng: rng.permutation(n) % 20 == 0,
    "30 classes": lambda n, rng: rng.permutation(n) % 30,
}
# Of the second kind, every fifth text is a copy or a piece of an earlier one; of the third, rows have one of n / 4 authors, at least 12: of fewer nothing
# can be split off.
KINDS = ("all different", "copies and pieces", "authors")


def made(classes, kind, n):
    """A table whose labels are sorted, as tables often are. Every text has words that no other has."""
    rng = numpy.random.default_rng(7)
    texts = [" ".join(f"w{index}x{place}" for place in range(rng.integers(6, 20))) for index in range(n)]
    if kind == "copies and pieces":
        for index in range(4, n, 5):
            words = texts[index - rng.integers(1, 4)].split()
            texts[index] = (", ".join(words[1:5]), " ".join(words).upper() + "!")[index // 5 % 2]
    labels = numpy.sort(CLASSES[classes](n, rng).astype(int))
    authors = rng.integers(0, max(n // 4, 12), n) if kind == "authors" else range(n)
    order = rng.permutation(n) if kind == "copies and pieces" else range(n)  # pieces come before what they are of, too
    frame = pandas.DataFrame({"text": texts, "label": [f"class {label:02}" for label in labels], "author": [f"author {a}" for a in authors]})
    return frame.iloc[order].reset_index(drop=True)


def normalized(text):
    return " ".join(re.findall(r"\w+", text.lower()))


def groups_of(frame):
    """The group of each row: rows of one author, and those whose normalized text is, or is in, that of another."""
    texts = [f" {normalized(text)} " for text in frame.text]
    first_word = {}  # no other text has it, but for copies and pieces
    for index, text in enumerate(texts):
        first_word.setdefault(text.split("x")[0], []).append(index)
    parents = list(range(len(frame)))

    def root(index):
        while parents[index] != index:
            index = parents[index]
        return index

    for rows in first_word.values():
        for row in rows:
            for other in rows:
                if texts[row] in texts[other]:
                    parents[root(row)] = root(other)
    for rows in frame.groupby("author").indices.values():
        for row in rows[1:]:
            parents[root(row)] = root(rows[0])
    return numpy.array([root(index) for index in range(len(frame))])


def fetched(frame, kind, folder, *flags):
    """The split of each row of the table, by its id; fails unless every row is in one split, as it was."""
    table, raw = folder / "table.csv", folder / "raw"
    frame.to_csv(table, index=False)
    columns = ("--group-column", "author") if kind == "authors" else ()
    stage("sst-fetch", "dataset", "--source", table, "--label-column", "label", *columns, *flags, "--force", "--out", raw)
    splits = {path.stem: pandas.read_parquet(path) for path in raw.glob("*.parquet")}
    rows = pandas.concat([rows.assign(split=name) for name, rows in splits.items()]).set_index("id").sort_index()
    assert list(rows.index) == list(range(len(frame)))
    assert list(rows.text) == list(frame.text)
    names = sorted(set(frame.label))
    assert [names[label] for label in rows.label] == list(frame.label)
    return rows.split.to_numpy()


def cases():
    for n in SIZES:
        for classes in CLASSES:
            for kind in KINDS:
                if classes != "30 classes" or n > 20:
                    yield pytest.param(classes, kind, n, id=f"{classes}, {kind}, {n}")


@pytest.mark.parametrize("classes, kind, n", list(cases()))
def test_what_is_split_off(classes, kind, n, tmp_path):
    frame = made(classes, kind, n)
    groups = groups_of(frame)
    splits = fetched(frame, kind, tmp_path)
    assert set(splits) == set(SHARES)
    for _, rows in pandas.Series(splits).groupby(groups):
        assert len(set(rows)) == 1, frame.loc[rows.index]
    for label in sorted(set(frame.label)):
        is_label = (frame.label == label).to_numpy()
        largest_group = numpy.bincount(groups[is_label]).max()
        for split, share in SHARES.items():
            wanted, got = share * is_label.sum(), (is_label & (splits == split)).sum()
            assert abs(got - wanted) <= largest_group, f"{label}: {got} of {is_label.sum()} in {split}"


def imbalance(frame, folds):
    """Of all rows, how many are in another fold than they would be if every fold had its exact share of every class."""
    counts = pandas.crosstab(folds, frame.label)
    return (counts - counts.sum() / N_FOLDS).abs().to_numpy().sum() / 2


@pytest.mark.parametrize("classes, kind, n", list(cases()))
def test_folds(classes, kind, n, tmp_path):
    frame = made(classes, kind, n)
    groups = groups_of(frame)
    folds = numpy.zeros(n, int)
    for fold in range(1, N_FOLDS + 1):
        is_validation = fetched(frame, kind, tmp_path, "--folds", N_FOLDS, "--fold", fold) == "validation"
        assert is_validation.any()
        assert not folds[is_validation].any(), "a row is in two folds"
        folds[is_validation] = fold
    assert folds.all(), "a row is in no fold"
    for _, rows in pandas.Series(folds).groupby(groups):
        assert len(set(rows)) == 1
    theirs = numpy.zeros(n, int)
    for fold, (_, rows) in enumerate(StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0).split(frame.text, frame.label, groups)):
        theirs[rows] = fold
    ours, yardstick = imbalance(frame, folds), imbalance(frame, theirs)
    print(f"imbalance {ours:.1f}, of scikit-learn {yardstick:.1f}")
    assert ours <= yardstick * 1.1 + 2
