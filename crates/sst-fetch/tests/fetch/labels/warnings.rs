//! What looks wrong and goes on: a class alone, a class without rows, a majority.

use corpus::Split;

use super::{case, check, csv};

/// So many rows of the one, so many of the other.
fn rows(n_ham: usize, n_spam: usize) -> Vec<&'static str> {
    [vec!["ham"; n_ham], vec!["spam"; n_spam]].concat()
}

#[test]
fn one_class_alone_is_warned_of() {
    check(&[
        case("a word").train(&["good", "good", "good"]).names(&["good"]).labels("0 0 0").said(&["warning", "good"]),
        case("a number, in two spellings").train(&["7", "7.0"]).names(&["7"]).labels("0 0").said(&["warning", "7"]),
        case("and gaps").train(&["good", "", "good"]).names(&["good"]).labels("0 - 0").said(&["warning", "good"]),
        case("a boolean").train(&["True", "true"]).labels("0 0").said(&["warning", "true"]),
    ]);
}

/// A text of several classes is not learned as such, so each combination becomes a class; that may not be what is wanted.
#[test]
fn several_labels_in_one_are_warned_of() {
    const LOOKS_LIKE: &str = "look like several labels of one text, with ";
    check(&[
        case("as GoEmotions numbers them").train(&["\"2,27\"", "27", "2", "\"0,27\"", "0"]).said(&[
            "labels such as \"0,27\"",
            LOOKS_LIKE,
            "',' between them",
        ]),
        case("words").train(&["joy|anger", "joy", "anger", "fear|joy", "fear"]).said(&[
            "labels such as \"fear|joy\"",
            LOOKS_LIKE,
            "'|' between them",
        ]),
        case("one that holds a comma").train(&["\"Culture, arts\"", "Sport", "R&D"]).unsaid(LOOKS_LIKE),
        case("ratings with a decimal comma").train(&["\"1,5\"", "1", "5", "\"5,0\""]).unsaid(LOOKS_LIKE),
    ]);
}

#[test]
fn a_class_without_a_row_in_train_is_named() {
    check(&[
        case("validation alone has it")
            .train(&["positive", "negative"])
            .validation(&["neutral", "positive"])
            .names(&["negative", "neutral", "positive"])
            .labels("2 0")
            .labels_of(Split::Validation, "1 2")
            .said(&["warning", "neutral"]),
        case("the test split alone has it")
            .train(&["positive", "negative"])
            .test(&["neutral", "positive"])
            .names(&["negative", "neutral", "positive"])
            .labels_of(Split::Test, "1 2")
            .said(&["warning", "neutral", "test"]),
        case("two of them")
            .train(&["red", "green"])
            .validation(&["blue"])
            .test(&["yellow"])
            .names(&["blue", "green", "red", "yellow"])
            .said(&["warning", "blue"])
            .said(&["warning", "yellow", "test"]),
        case("a full stop after a label of validation")
            .train(&["positive", "negative"])
            .validation(&["positive.", "negative"])
            .names(&["negative", "positive", "positive."])
            .said(&["warning", "positive."]),
        case("a class that validation and test lack is no matter")
            .train(&["a", "b", "c"])
            .validation(&["a", "b"])
            .test(&["b", "c"])
            .unsaid("warning"),
    ]);
}

#[test]
fn labels_that_look_alike_are_warned_of() {
    check(&[
        case("composed letters and others")
            .train(&["caf\u{e9}", "cafe\u{301}"])
            .said(&["differ only in blanks, or in how"]),
        case("no width").train(&["pos", "pos\u{200b}"]).said(&["differ only in blanks"]),
        case("blanks").train(&["very good", "very\u{a0}good", "bad"]).said(&["differ only in blanks"]),
        case("case").train(&["Good", "good"]).said(&["differ only in case"]).unsaid("blanks"),
        case("different words").train(&["caf\u{e9}", "cafe"]).unsaid("differ only"),
    ]);
}

#[test]
fn a_majority_of_95_percent_is_warned_of() {
    check(&[
        case("19 of 20").train(&rows(19, 1)).names(&["ham", "spam"]).said(&["warning", "ham", "95"]),
        case("18 of 19 is less").train(&rows(18, 1)).names(&["ham", "spam"]).unsaid("warning"),
        case("rows without a label do not count")
            .train(&[rows(18, 1), vec![""; 10]].concat())
            .said(&["train: 29 rows, 29 sentences, 10 without a label"])
            .unsaid("warning"),
        case("99 of 100, the second class").train(&rows(1, 99)).said(&["warning", "spam", "99"]),
        case("of train, not of all").train(&rows(19, 1)).validation(&rows(0, 20)).said(&["warning", "ham", "95"]),
        case("in the test split alone")
            .train(&rows(2, 2))
            .test(&rows(40, 1))
            .said(&["warning", "ham", "97.5 %", "test"]),
    ]);
}

#[test]
fn what_is_as_it_should_be_is_not_warned_of() {
    check(&[
        case("two classes in three splits")
            .train(&rows(3, 2))
            .validation(&rows(1, 1))
            .test(&rows(1, 2))
            .said(&["train: 5 rows, 5 sentences"])
            .said(&["validation: 2 rows, 2 sentences"])
            .said(&["test: 3 rows, 3 sentences"])
            .unsaid("warning"),
        case("a test split to be predicted").train(&["1", "2", "3"]).file("test.csv", "text\na\n").unsaid("warning"),
        case("a word that another contains")
            .file("train.csv", csv(&["positive", "negative", "very positive", "very negative"]))
            .names(&["very negative", "negative", "positive", "very positive"])
            .unsaid("warning"),
    ]);
}
