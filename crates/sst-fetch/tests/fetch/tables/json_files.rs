//! JSON: lines, lists, and documents that hold a table.

use corpus::Split::Train;

use crate::labels::{case, check};

const ROWS: [&str; 2] = ["a|1|-", "b|0|-"];

#[test]
fn a_document_may_hold_a_table() {
    check(&[
        case("an answer of a program")
            .file(
                "train.json",
                "{\"status\": \"ok\", \"data\": [{\"text\": \"a\", \"label\": 1}, {\"text\": \"b\", \"label\": 0}]}",
            )
            .rows(Train, &ROWS)
            .said(&["data/train.json: the JSON list under `data`"]),
        case("the same over several lines")
            .file(
                "train.json",
                "{\n  \"data\": [\n    {\"text\": \"a\", \"label\": 1},\n    {\"text\": \"b\", \"label\": 0}\n  ]\n}\n",
            )
            .rows(Train, &ROWS),
        case("a list over several lines")
            .file(
                "train.json",
                "[\n  {\n    \"text\": \"a\",\n    \"label\": 1\n  },\n  {\"text\": \"b\", \"label\": 0}\n]\n",
            )
            .rows(Train, &ROWS)
            .unsaid("JSON"),
        case("several lists")
            .file("train.json", "{\"train\": [{\"text\": \"a\"}], \"test\": [{\"text\": \"b\"}]}")
            .refused(&["data/train.json", "several lists of objects, train, test", "jq '.[\"train\"]'"]),
        case("pandas, by columns: the order of the rows is that of the file")
            .file("train.json", "{\"text\": {\"10\": \"a\", \"9\": \"b\"}, \"label\": {\"10\": 1, \"9\": 0}}")
            .rows(Train, &ROWS),
        case("pandas, by rows")
            .file("train.json", "{\"7\": {\"text\": \"a\", \"label\": 1}, \"3\": {\"text\": \"b\", \"label\": 0}}")
            .rows(Train, &ROWS),
        case("pandas, split")
            .file(
                "train.json",
                "{\"columns\": [\"label\", \"text\"], \"index\": [0, 1], \"data\": [[1, \"a\"], [0, \"b\"]]}",
            )
            .rows(Train, &ROWS),
        case("lists by column").file("train.json", "{\"text\": [\"a\", \"b\"], \"label\": [1, 0]}").rows(Train, &ROWS),
        case("columns of different lengths")
            .file("train.json", "{\"text\": [\"a\", \"b\"], \"label\": [1]}")
            .refused(&["data/train.json", "2 values for text, but 1 for label"]),
    ]);
}

#[test]
fn lines_are_objects() {
    check(&[
        case("keys that vary, blank lines, CRLF")
            .file("train.jsonl", "{\"text\": \"a\"}\r\n\r\n{\"label\": 1, \"text\": \"b\", \"more\": []}\r\n{\"text\": \"c\", \"label\": 0}\r\n\r\n\r\n")
            .rows(Train, &["a|-|-", "b|1|-", "c|0|-"]),
        case("CR alone").file("train.jsonl", "{\"text\": \"a\", \"label\": 1}\r{\"text\": \"b\", \"label\": 0}\r").rows(Train, &ROWS),
        case("one line only, with a list in it")
            .file("train.jsonl", "{\"text\": \"a\", \"label\": 1, \"spans\": [{\"begin\": 0}]}\n")
            .rows(Train, &["a|0|-"]),
        case("written over several lines each, as jq does")
            .file("train.json", "{\n  \"text\": \"a\",\n  \"label\": 1\n}\n{\n  \"text\": \"b\",\n  \"label\": 0\n}\n")
            .rows(Train, &ROWS),
        case("a text inside")
            .file("train.jsonl", "{\"review\": {\"text\": \"a\"}, \"stars\": 1}\n{\"review\": {\"text\": \"b\"}, \"stars\": 0}\n")
            .flags("--text-column review.text --label-column stars")
            .rows(Train, &ROWS),
        case("a damaged first line")
            .file("train.jsonl", "{\"text\": \n{\"text\": \"b\", \"label\": 0}\n")
            .refused(&["data/train.jsonl, line 1: expected a JSON object"]),
        case("a damaged object over several lines")
            .file("train.json", "{\n  \"text\": \"a\"\n}\n{\n  \"text\": }\n")
            .refused(&["data/train.json, line 5: expected a JSON object"]),
        case("a number for a text").file("train.jsonl", "{\"text\": 7, \"label\": 1}\n").refused(&["line 1: text is `7`; expected a text"]),
        case("an empty list").file("train.json", "[]").refused(&["data/train.json is empty"]),
        case("scalars").file("train.json", "[1, 2]").refused(&["data/train.json cannot be read as a JSON list of objects"]),
    ]);
}
