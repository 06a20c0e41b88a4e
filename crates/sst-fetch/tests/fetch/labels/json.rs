//! Labels in JSON: booleans, numbers, texts, null.

use corpus::Split;

use super::{case, check, json_lines};

#[test]
fn values_of_json_are_labels() {
    check(&[
        case("booleans")
            .file("train.jsonl", json_lines(&["true", "false", "null"]))
            .names(&["false", "true"])
            .labels("1 0 -")
            .said(&["train: 3 rows, 3 sentences, 1 without a label"]),
        case("whole floats and texts of numbers")
            .file("train.jsonl", json_lines(&["1", "1.0", "\"1\"", "0", "\"0.0\""]))
            .names(&["0", "1"])
            .labels("1 1 1 0 0"),
        case("-1 is a class")
            .file("train.jsonl", json_lines(&["-1", "0", "1"]))
            .names(&["-1", "0", "1"])
            .labels("0 1 2"),
        case("a few fractions")
            .file("train.jsonl", json_lines(&["0.5", "1.5", "0.50"]))
            .names(&["0.5", "1.5"])
            .labels("0 1 0"),
        case("texts, and what is missing among them")
            .file("train.jsonl", json_lines(&["\"good\"", "\"NaN\"", "\"\"", "null", "\" bad\""]))
            .names(&["bad", "good"])
            .labels("1 - - - 0"),
        case("numbers of more digits than their bits hold")
            .file("train.jsonl", json_lines(&["12345678901234567890123", "12345678901234567890124", "7"]))
            .refused(&["line 1: label is `1.2345678901234568e+22`; expected a number of at most 15 digits"]),
        case("the largest that they hold")
            .file("train.jsonl", json_lines(&["18446744073709551615", "18446744073709551614"]))
            .names(&["18446744073709551614", "18446744073709551615"])
            .labels("1 0"),
        case("booleans beside numbers are words")
            .file("train.jsonl", json_lines(&["true", "0", "1"]))
            .names(&["0", "1", "true"])
            .labels("2 0 1"),
        case("one list instead of lines")
            .file("train.json", r#"[{"text": "a", "label": 2.0}, {"text": "b", "label": 10}]"#)
            .names(&["2", "10"])
            .rows(Split::Train, &["a|0|-", "b|1|-"]),
        case("a row without the key, and the first one is such a row")
            .file("train.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\", \"label\": 1}\n{\"label\": 0, \"text\": \"c\"}\n{\"text\": \"d\"}\n")
            .names(&["0", "1"])
            .rows(Split::Train, &["a|-|-", "b|1|-", "c|0|-", "d|-|-"])
            .said(&["train: 4 rows, 4 sentences, 2 without a label"]),
        case("numbers that a float64 cannot tell apart")
            .file("train.jsonl", json_lines(&["9007199254740993", "9007199254740992"]))
            .names(&["9007199254740992", "9007199254740993"])
            .labels("1 0"),
    ]);
}

#[test]
fn lists_and_objects_are_refused_with_their_line() {
    check(&[
        case("a list")
            .file("train.jsonl", json_lines(&["1", "[1, 0]"]))
            .refused(&["data/train.jsonl, line 2", "label"]),
        case("an object, after an empty line")
            .file("train.jsonl", "{\"text\": \"a\", \"label\": 1}\n\n{\"text\": \"b\", \"label\": {\"good\": 1}}\n")
            .refused(&["data/train.jsonl, line 3", "label"]),
        case("an object in the test split")
            .file("train.jsonl", json_lines(&["1", "0"]))
            .file("test.jsonl", json_lines(&["0", "1", "{}"]))
            .refused(&["data/test.jsonl, line 3", "label"]),
    ]);
}
