"""The tables of sst-fetch against pandas: what it writes in each dialect is read back, and what it reads is read alike."""

import csv
import io
import json

import pandas
import pyarrow.parquet
import pytest

from conftest import stage

TEXTS = [
    "plain", "a, b; c | d", 'he said "no", twice', "two\nlines", "a\ttab", "café – naïve", " spaces around ", "", "NA", "5\" tall",
    '"', "back\\slash", "it's", "\U0001f600 \u4f60\u597d",
]
FRAME = pandas.DataFrame({"id": range(len(TEXTS)), "text": TEXTS, "label": [index % 3 - 1 for index in range(len(TEXTS))]})
WESTERN = FRAME[[text.isascii() or text.startswith("café") for text in TEXTS]].reset_index(drop=True)


def fetched(path, *flags):
    """Texts and labels of what sst-fetch makes of a file; None where a label is missing."""
    raw = path.parent / "raw"
    stage("sst-fetch", "dataset", "--train", path, *flags, "--force", "--out", raw)
    frame = pandas.read_parquet(raw / "train.parquet")
    names = json.loads(pyarrow.parquet.read_metadata(raw / "train.parquet").metadata[b"label_names"])
    return list(frame.text), [None if pandas.isna(label) else names[int(label)] for label in frame.label]


def hold_against(frame, path, *flags):
    texts, labels = fetched(path, *flags)
    assert texts == list(frame.text)
    assert labels == [str(label) for label in frame.label]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC], ids=["minimal", "all", "nonnumeric"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
@pytest.mark.parametrize("extension", ["csv", "tsv"])
def test_what_pandas_separates_is_read_back(extension, separator, quoting, tmp_path):
    path = tmp_path / f"train.{extension}"
    FRAME.to_csv(path, sep=separator, quoting=quoting, index=False)
    hold_against(FRAME, path)
    FRAME.to_csv(path, sep=separator, quoting=quoting)  # with the index, whose name is empty
    hold_against(FRAME, path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_end_in_many_ways(end, tmp_path):
    # Python's writer does not quote a line break of another kind than its own, so nobody can read it back.
    frame = FRAME if "\n" in end else FRAME[~FRAME.text.str.contains("\n")]
    path = tmp_path / "train.csv"
    frame.to_csv(path, lineterminator=end, index=False)
    hold_against(frame, path)


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_without_a_header(separator, tmp_path):
    path = tmp_path / "train.csv"
    FRAME.to_csv(path, sep=separator, header=False, index=False)
    hold_against(FRAME, path, "--no-header", "--text-column", 2, "--label-column", 3, "--delimiter", separator)


@pytest.mark.parametrize("separator", [",", "\t"], ids=["comma", "tab"])
def test_quotes_escaped_by_backslashes(separator, tmp_path):
    frame = FRAME[~FRAME.text.str.contains("\\", regex=False)].reset_index(drop=True)
    path = tmp_path / "train.csv"
    frame.to_csv(path, sep=separator, quoting=csv.QUOTE_ALL, doublequote=False, escapechar="\\", index=False)
    hold_against(frame, path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_told_from_the_file(encoding, tmp_path):
    path = tmp_path / "train.csv"
    FRAME.to_csv(path, encoding=encoding, index=False)
    hold_against(FRAME, path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark(encoding, tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(FRAME.to_csv(index=False).encode(encoding))
    hold_against(FRAME, path)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250", "utf-8", "utf-16-le", "gb18030"])
def test_an_encoding_by_pythons_name(encoding, tmp_path):
    frame = WESTERN if encoding.startswith("cp12") else FRAME
    if encoding == "cp1250":
        frame = frame.assign(text=frame.text.str.replace("ï", "i"))
    path = tmp_path / "train.csv"
    path.write_bytes(frame.to_csv(index=False).encode(encoding))
    hold_against(frame, path, "--encoding", encoding)


@pytest.mark.parametrize("ending", ["csv.gz", "csv.zst", "tsv.gz"])
def test_archives(ending, tmp_path):
    path = tmp_path / f"train.{ending}"
    FRAME.to_csv(path, sep="\t" if ending.startswith("tsv") else ",", index=False)
    hold_against(FRAME, path)


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "indented"])
def test_json_of_pandas(orient, indent, tmp_path):
    frame = FRAME.sample(frac=1, random_state=0)  # the order of the rows is not that of the index
    path = tmp_path / "train.json"
    frame.to_json(path, orient=orient, indent=indent)
    hold_against(frame, path)


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "ndjson"])
def test_json_lines_of_pandas(ending, tmp_path):
    path = tmp_path / f"train.{ending}"
    FRAME.to_json(path, orient="records", lines=True)
    hold_against(FRAME, path)


def test_null_texts_are_those_of_pandas(tmp_path):
    frame = FRAME.assign(text=[None if index % 5 == 1 else text for index, text in enumerate(TEXTS)])
    rest = frame.dropna(subset=["text"])
    for path in (tmp_path / "train.jsonl", tmp_path / "train.parquet"):
        if path.suffix == ".parquet":
            frame.to_parquet(path)
        else:
            frame.to_json(path, orient="records", lines=True)
        hold_against(rest, path)


# Each is read by pandas as it stands, with its separator told.
WRITTEN = {
    "spaces in the header": ("text, label\na,1\nb,0\n", {"skipinitialspace": True}),
    "quotes in the middle": ('text,label\n5" tall,1\nsay ""no"",0\n', {}),
    "blank lines": ("text,label\n\na,1\n\n\nb,0\n", {}),
    "an empty first column": (",text,label\n0,a,1\n1,b,0\n", {}),
    "semicolons, quoted": ('"text";"label"\r\n"a; b";"1"\r\n"c ""d""";"0"\r\n', {"sep": ";"}),
    "no line break at the end": ("text,label\na,1\nb,0", {}),
    "literal quotes": ('text\tlabel\n"a\t1\nb" c\t0\n', {"sep": "\t", "quoting": csv.QUOTE_NONE}),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_what_others_write_is_read_alike(kind, tmp_path):
    content, arguments = WRITTEN[kind]
    path = tmp_path / ("train.tsv" if arguments.get("sep") == "\t" else "train.csv")
    path.write_bytes(content.encode())
    frame = pandas.read_csv(io.StringIO(content, newline=""), keep_default_na=False, **arguments)
    hold_against(frame, path)


def test_rows_that_pandas_joins_by_quotes_that_were_text_are_refused(tmp_path):
    content = 'text,label\n"great he said,1\nfine,0\n"bad he said,0\nok,1\n'
    assert len(pandas.read_csv(io.StringIO(content))) == 2
    path = tmp_path / "train.csv"
    path.write_text(content)
    with pytest.raises(AssertionError, match="line 4: text follows the quote that closes a field"):
        fetched(path)
    texts, labels = fetched(path, "--quotes", "literal")
    assert (len(texts), labels) == (4, ["1", "0", "0", "1"])


def test_rows_that_pandas_loses_to_an_open_quote_are_refused(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text('text,label\na,1\n"b,0\nc,1\n')
    with pytest.raises(AssertionError, match="line 3: the quote that opens a field here is not closed"):
        fetched(path)
