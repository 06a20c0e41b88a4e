//! All splits together decide what the labels are.

use corpus::Split;

use super::{case, check, json_lines};

#[test]
fn splits_of_different_spelling_have_the_same_classes() {
    check(&[
        case("whole numbers, floats and JSON")
            .train(&["0", "1", "2"])
            .validation(&["2.0", "0.0", "1.0"])
            .file("test.jsonl", json_lines(&["1", "\"2\"", "0.0"]))
            .names(&["0", "1", "2"])
            .labels("0 1 2")
            .labels_of(Split::Validation, "2 0 1")
            .labels_of(Split::Test, "1 2 0")
            .unsaid("warning"),
        case("booleans in each spelling")
            .train(&["True", "False"])
            .validation(&["FALSE", "TRUE"])
            .file("test.jsonl", json_lines(&["true", "\"false\""]))
            .names(&["false", "true"])
            .labels("1 0")
            .labels_of(Split::Validation, "0 1")
            .labels_of(Split::Test, "1 0"),
        case("words with spaces around them in one split")
            .train(&["good", "bad"])
            .validation(&[" bad", "good "])
            .names(&["bad", "good"])
            .labels_of(Split::Validation, "0 1")
            .unsaid("warning"),
        case("the order of the rows, and of the splits, decides nothing")
            .train(&["9", "10"])
            .validation(&["10", "9"])
            .names(&["9", "10"])
            .labels("0 1")
            .labels_of(Split::Validation, "1 0"),
    ]);
}

#[test]
fn a_value_of_any_split_counts() {
    check(&[
        case("a word in the test split makes words of all numbers")
            .train(&["1", "2", "10"])
            .test(&["many", "10"])
            .names(&["1", "10", "2", "many"])
            .labels("0 2 1")
            .labels_of(Split::Test, "3 1")
            .said(&["warning", "many"]),
        case("numbers beside booleans make words of both")
            .train(&["true", "false"])
            .validation(&["1", "0"])
            .names(&["0", "1", "false", "true"])
            .labels("3 2")
            .labels_of(Split::Validation, "1 0")
            .said(&["warning"]),
        case("a number that only validation has is a class")
            .train(&["10", "20", "40"])
            .validation(&["30", "10"])
            .names(&["10", "20", "30", "40"])
            .labels("0 1 3")
            .labels_of(Split::Validation, "2 0")
            .said(&["warning", "30"]),
        case("a smaller number in the test split shifts no name")
            .train(&["20", "30"])
            .test(&["10", "30"])
            .names(&["10", "20", "30"])
            .labels("1 2")
            .labels_of(Split::Test, "0 2")
            .said(&["warning", "10", "test"]),
        case("a word without a known place in validation leaves the alphabet")
            .train(&["ok", "bad", "good"])
            .validation(&["weird", "ok"])
            .names(&["bad", "good", "ok", "weird"])
            .labels("2 0 1")
            .labels_of(Split::Validation, "3 2")
            .said(&["alphabet"]),
        case("words and numbers in files of different formats")
            .file("train.tsv", "text\tlabel\na\tspam\nb\tham\n")
            .file("validation.csv", "label,text\nham,c\n")
            .file("test.json", r#"[{"label": "spam", "text": "d"}]"#)
            .names(&["ham", "spam"])
            .rows(Split::Train, &["a|1|-", "b|0|-"])
            .rows(Split::Validation, &["c|0|-"])
            .rows(Split::Test, &["d|1|-"]),
        case("the names are those of all rows, also where only some are kept")
            .train(&["3", "1", "2", "2"])
            .flags("--max-samples 2")
            .names(&["1", "2", "3"])
            .labels("0 1"),
    ]);
}
