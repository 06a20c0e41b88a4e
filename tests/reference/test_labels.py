"""The labels of sst-fetch against those that pandas and datasets see: values, missing ones, classes, order."""

import io
import json

import datasets
import numpy
import pandas
import pyarrow
import pyarrow.parquet
import pytest
from pandas._libs.parsers import STR_NA_VALUES

from conftest import stage

TEXT = "text"


def fetched(folder, *flags):
    """Label names and rows of what sst-fetch makes of the files in a folder, by split."""
    raw = folder / "raw"
    stage("sst-fetch", "dataset", "--source", folder / "data", *flags, "--out", raw)
    splits = {}
    for path in sorted(raw.glob("*.parquet")):
        names = json.loads(pyarrow.parquet.read_metadata(path).metadata[b"label_names"])
        splits[path.stem] = names, pandas.read_parquet(path)
    return splits


def write_csv(folder, split, labels):
    rows = "".join(f"t{row},{label}\n" for row, label in enumerate(labels))
    path = folder / "data" / f"{split}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"text,label\n{rows}")
    return path


def write_parquet(folder, split, labels):
    """Labels as pandas writes them, after a column of texts."""
    path = folder / "data" / f"{split}.parquet"
    path.parent.mkdir(exist_ok=True)
    frame = pandas.DataFrame({TEXT: [f"t{row}" for row in range(len(labels))], "label": labels})
    frame.to_parquet(path)
    return path


def name_of(value):
    """The name of the class of one of pandas' values; None where it is missing."""
    if pandas.isna(value):
        return None
    if isinstance(value, (bool, numpy.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, numpy.floating)):
        return numpy.format_float_positional(value, trim="-")
    return str(value)


def ours(names, frame):
    return [None if pandas.isna(label) else names[int(label)] for label in frame.label]


def hold_against(theirs, names, frame):
    """Each row has the value that pandas sees, and the classes are pandas' distinct values."""
    expected = [name_of(value) for value in theirs]
    assert ours(names, frame) == expected
    assert frame.label.isna().sum() == theirs.isna().sum()
    assert set(names) == {name_of(value) for value in theirs.dropna().unique()}
    counts = {name_of(value): n for value, n in theirs.value_counts().items()}
    assert {names[int(label)]: n for label, n in frame.label.value_counts().items()} == counts


# Not here, since they differ on purpose: 007, which pandas takes for 7, and spaces around a word, which it keeps.
COLUMNS = {
    "whole numbers": ["3", "1", "2", "3"],
    "numbers below zero": ["-1", "0", "1", "-1", "-1"],
    "numbers with gaps, which pandas makes floats": ["1", "", "0", "NA"],
    "floats that are whole": ["1.0", "0.0", "1.0"],
    "fractions": ["0.5", "1.5", "-2.25", "0.50"],
    "a point without digits on one side": [".5", "1.", "0.5", "1"],
    "exponents": ["1e2", "100", "2.5e1"],
    "9 before 10": ["10", "9", "100", "9"],
    "large numbers": ["9007199254740993", "9007199254740992"],
    "booleans": ["True", "False", "True"],
    "booleans in capitals": ["TRUE", "FALSE", "TRUE"],
    "words": ["spam", "ham", "spam"],
    "words with gaps": ["spam", "", "ham", "null", "N/A", "spam"],
    "words that are nearly missing": ["none", "Nan", "nil", "spam", "-"],
    "numbers and a word": ["1", "2", "many", "1"],
    "words with capitals": ["b", "B", "a", "é"],
    "words with a comma": ['"Culture, arts"', "R&D", '"Culture, arts"'],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_csv_has_the_labels_that_pandas_sees(kind, tmp_path):
    path = write_csv(tmp_path, "train", COLUMNS[kind])
    theirs = pandas.read_csv(path)["label"]
    names, frame = fetched(tmp_path)["train"]
    hold_against(theirs, names, frame)
    # pandas sorts numbers as numbers, and words by their code points.
    assert names == [name_of(value) for value in sorted(theirs.dropna().unique())]


@pytest.mark.parametrize("among", [["1", "0"], ["spam", "ham"]], ids=["numbers", "words"])
def test_missing_is_what_pandas_takes_for_missing(among, tmp_path):
    spellings = sorted(STR_NA_VALUES)
    path = write_csv(tmp_path, "train", among + spellings)
    theirs = pandas.read_csv(path)["label"]
    assert theirs.isna().sum() == len(spellings)
    names, frame = fetched(tmp_path)["train"]
    hold_against(theirs, names, frame)


def test_missing_in_every_split(tmp_path):
    columns = {"train": ["spam", "", "ham", "NaN"], "validation": ["ham", "null", "spam"], "test": ["", "n/a"]}
    theirs = {split: pandas.read_csv(write_csv(tmp_path, split, labels))["label"] for split, labels in columns.items()}
    for split, (names, frame) in fetched(tmp_path).items():
        assert names == ["ham", "spam"]
        assert ours(names, frame) == [name_of(value) for value in theirs.pop(split)]
    assert not theirs


def test_texts_that_look_missing_are_texts(tmp_path):
    """pandas needs to be told so, where all columns hold for it."""
    (tmp_path / "data").mkdir()
    path = tmp_path / "data/train.csv"
    path.write_text("text,label\nNA,0\nnull,1\nnan,\nNone,1\n")
    _, frame = fetched(tmp_path)["train"]
    theirs = pandas.read_csv(path, keep_default_na=False, na_values={"label": sorted(STR_NA_VALUES)})
    assert list(frame.text) == list(theirs.text)
    assert list(frame.label.isna()) == list(theirs.label.isna())


CATEGORIES = ["low", "medium", "high"]
FRAMES = {
    "bool": lambda: pandas.Series([True, False, True]),
    "boolean with NA": lambda: pandas.Series([True, None, False], dtype="boolean"),
    "objects of bool and None": lambda: pandas.Series([True, None, False], dtype="object"),
    "int8": lambda: pandas.Series([4, 0, 4], dtype="int8"),
    "uint16": lambda: pandas.Series([3030, 1010, 2020], dtype="uint16"),
    "int64 below zero": lambda: pandas.Series([-1, 0, 1]),
    "Int64 with NA": lambda: pandas.Series([2, None, 1], dtype="Int64"),
    "whole float64 with NaN": lambda: pandas.Series([1.0, float("nan"), 0.0]),
    "whole float32": lambda: pandas.Series([1.0, 2.0], dtype="float32"),
    "Float64 with NA": lambda: pandas.Series([1.0, None, 3.0], dtype="Float64"),
    "str": lambda: pandas.Series(["spam", "ham", None]),
    "string of pyarrow": lambda: pandas.Series(["spam", "ham", None], dtype="string[pyarrow]"),
    "objects of str": lambda: pandas.Series(["spam", "ham", None], dtype="object"),
    "category of str": lambda: pandas.Series(["spam", "ham", None, "spam"], dtype="category"),
    "category of int": lambda: pandas.Series([20, 10, None, 20], dtype="category"),
    "category of whole float": lambda: pandas.Series([2.0, 1.0, 2.0], dtype="category"),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_parquet_of_pandas_has_the_labels_that_pandas_reads(kind, tmp_path):
    theirs = pandas.read_parquet(write_parquet(tmp_path, "train", FRAMES[kind]()))["label"]
    names, frame = fetched(tmp_path)["train"]
    hold_against(theirs, names, frame)
    assert names == [name_of(value) for value in sorted(theirs.dropna().unique())]


@pytest.mark.parametrize("categories", [CATEGORIES, CATEGORIES[::-1]], ids=["rising", "falling"])
def test_ordered_categories_keep_their_order(categories, tmp_path):
    """The rows come in another order than the categories, as does the alphabet."""
    labels = pandas.Categorical(["high", "low", None, "medium", "high"], categories=categories, ordered=True)
    theirs = pandas.read_parquet(write_parquet(tmp_path, "train", labels))["label"]
    names, frame = fetched(tmp_path)["train"]
    assert names == list(theirs.cat.categories) == categories
    assert [-1 if pandas.isna(label) else int(label) for label in frame.label] == list(theirs.cat.codes)


def write_as_datasets(path, names, labels):
    features = datasets.Features({TEXT: datasets.Value("string"), "label": datasets.ClassLabel(names=names)})
    texts = [f"t{row}" for row in range(len(labels))]
    datasets.Dataset.from_dict({TEXT: texts, "label": labels}, features=features).to_parquet(str(path))


def write_with_metadata_of_datasets(path, names, labels):
    """What `datasets` writes, by hand: it keeps a table's features in the metadata of the Arrow schema."""
    features = {TEXT: {"dtype": "string", "_type": "Value"}, "label": {"names": names, "_type": "ClassLabel"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pyarrow.schema([(TEXT, pyarrow.string()), ("label", pyarrow.int64())], metadata=metadata)
    table = pyarrow.table({TEXT: [f"t{row}" for row in range(len(labels))], "label": labels}, schema=schema)
    pyarrow.parquet.write_table(table, path)


@pytest.mark.parametrize("write", [write_as_datasets, write_with_metadata_of_datasets])
def test_a_class_label_is_an_index_into_its_names(write, tmp_path):
    (tmp_path / "data").mkdir()
    names = ["World", "Business", "Arts"]
    write(tmp_path / "data/train.parquet", names, [2, 0, None, 1, 2])
    write(tmp_path / "data/test.parquet", names, [-1, -1])
    splits = fetched(tmp_path)
    assert splits["train"][0] == splits["test"][0] == names
    assert ours(*splits["train"]) == ["Arts", "World", None, "Business", "Arts"]
    assert ours(*splits["test"]) == [None, None]


def test_json_lines_have_the_labels_that_pandas_sees(tmp_path):
    (tmp_path / "data").mkdir()
    for name, values in {"whole": "[1.0, 0.0, 1.0, null]", "booleans": "[true, false, true]", "words": '["spam", null, "ham"]'}.items():
        lines = "".join(json.dumps({TEXT: "a", "label": value}) + "\n" for value in json.loads(values))
        (tmp_path / "data/train.jsonl").write_text(lines)
        theirs = pandas.read_json(io.StringIO(lines), lines=True)["label"]
        found, frame = fetched(tmp_path)["train"]
        assert ours(found, frame) == [name_of(value) for value in theirs], name


def test_raw_files_are_read_back_by_pandas(tmp_path):
    write_csv(tmp_path, "train", ["spam", "", "ham"])
    _, frame = fetched(tmp_path)["train"]
    assert {name: str(kind) for name, kind in frame.dtypes.items() if name != TEXT} == {
        "id": "int64", "sentence_id": "int64", "label": "float64", "score": "float32", "is_root": "bool",
        "depth": "int32", "source_file": str(frame.source_file.dtype), "source_line": "int64"}
    assert list(frame.text) == ["t0", "t1", "t2"]
    # With types that have a missing value, the indices are the integers that they are in the file.
    labels = pandas.read_parquet(tmp_path / "raw/train.parquet", dtype_backend="numpy_nullable").label
    assert str(labels.dtype) == "Int32"
    assert labels.tolist() == [1, pandas.NA, 0]


def test_scores_are_those_of_pandas(tmp_path):
    (tmp_path / "data").mkdir()
    path = tmp_path / "data/train.csv"
    path.write_text("text,stars\na,1\nb,4.5\nc,\nd,NaN\ne,5\n")
    theirs = pandas.read_csv(path)["stars"]
    names, frame = fetched(tmp_path, "--score-column", "stars", "--score-range", "1,5")["train"]
    numpy.testing.assert_array_equal(frame.score, ((theirs - 1) / 4).astype("float32"))
    # The classes of the treebank: [0, .2] (.2, .4] (.4, .6] (.6, .8] (.8, 1].
    bounds = [0, 0.2, 0.4, 0.6, 0.8, 1]
    cut = pandas.cut((theirs - 1) / 4, bounds, include_lowest=True, labels=False)
    assert names == ["very negative", "negative", "neutral", "positive", "very positive"]
    numpy.testing.assert_array_equal(frame.label, cut)
