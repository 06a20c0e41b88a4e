//! Rows without a label: what is missing, and that it is counted and said in every split alike.

use corpus::Split;

use super::{case, check, csv};

/// What `pandas.read_csv` takes for missing.
const MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
];

#[test]
fn what_pandas_takes_for_missing_is_missing() {
    let among_words = [["good", "bad"].as_slice(), &MISSING].concat();
    let among_numbers = [["1", "0"].as_slice(), &MISSING].concat();
    check(&[
        case("each spelling, among words")
            .train(&among_words)
            .names(&["bad", "good"])
            .labels(&format!("1 0{}", " -".repeat(19)))
            .said(&["train: 21 rows, 21 sentences, 19 without a label"]),
        case("each spelling, among numbers")
            .train(&among_numbers)
            .names(&["0", "1"])
            .labels(&format!("1 0{}", " -".repeat(19)))
            .said(&["train: 21 rows, 21 sentences, 19 without a label"]),
        case("other spellings are words")
            .train(&["Nan", "none", "nil", "-", "?", "missing", "good"])
            .names(&["-", "?", "Nan", "good", "missing", "nil", "none"])
            .labels("2 6 5 0 1 4 3")
            .unsaid("without a label"),
        case("spaces alone, and around")
            .train(&["good", "  ", " NaN ", "bad"])
            .names(&["bad", "good"])
            .labels("1 - - 0")
            .said(&["train: 4 rows, 4 sentences, 2 without a label"]),
        case("whole numbers that a gap has made floats")
            .train(&["1.0", "", "0.0"])
            .names(&["0", "1"])
            .labels("1 - 0")
            .said(&["train: 3 rows, 3 sentences, 1 without a label"]),
        case("in quotes").train(&["\"NA\"", "\"\"", "good", "bad"]).names(&["bad", "good"]).labels("- - 1 0"),
        case("in a TSV")
            .file("train.tsv", "text\tlabel\na\tgood\nb\tNULL\nc\t\nd\tbad\n")
            .names(&["bad", "good"])
            .labels("1 - - 0"),
        case("as a text they are texts")
            .file("train.csv", "text,label\nNA,0\nnull,1\nnan,0\nNone,1\n")
            .rows(Split::Train, &["NA|0|-", "null|1|-", "nan|0|-", "None|1|-"])
            .unsaid("without a label"),
    ]);
}

#[test]
fn rows_without_a_label_are_counted_in_every_split() {
    check(&[
        case("in all three")
            .train(&["good", "", "bad", "NA"])
            .validation(&["good", "nan", "bad"])
            .test(&["", "NULL"])
            .names(&["bad", "good"])
            .labels("1 - 0 -")
            .labels_of(Split::Validation, "1 - 0")
            .labels_of(Split::Test, "- -")
            .said(&["train: 4 rows, 4 sentences, 2 without a label"])
            .said(&["validation: 3 rows, 3 sentences, 1 without a label"])
            .said(&["test: 2 rows, 2 sentences, 2 without a label"]),
        case("a test split without the column")
            .train(&["good", "bad"])
            .file("test.csv", "text\na\nb\nc\n")
            .labels_of(Split::Test, "- - -")
            .said(&["train: 2 rows, 2 sentences"])
            .said(&["test: 3 rows, 3 sentences, 3 without a label"]),
        case("nowhere: then it is not said")
            .train(&["good", "bad"])
            .validation(&["good", "bad"])
            .said(&["validation: 2 rows, 2 sentences"])
            .unsaid("without a label"),
        case("no row of train has a label").train(&["", "NA"]).refused(&["train", "label"]),
        case("no row of train has a label, but one of validation has")
            .train(&["", "NA"])
            .validation(&["good", "bad"])
            .refused(&["train", "label"]),
    ]);
}

#[test]
fn unlabeled_names_a_value_that_is_missing() {
    check(&[
        case("a word")
            .train(&["good", "unknown", "bad"])
            .flags("--unlabeled unknown")
            .names(&["bad", "good"])
            .labels("1 - 0")
            .said(&["train: 3 rows, 3 sentences, 1 without a label"]),
        case("several")
            .train(&["good", "unknown", "bad", "?"])
            .flags("--unlabeled unknown --unlabeled ?")
            .names(&["bad", "good"])
            .labels("1 - 0 -"),
        case("with a space and a comma")
            .train(&["good", "\"not sure, really\"", "bad"])
            .arguments(&["--unlabeled", "not sure, really"])
            .names(&["bad", "good"])
            .labels("1 - 0"),
        case("from a profile")
            .train(&["good", "unknown", "bad", "?"])
            .file("profile.toml", "[fetch.dataset]\nunlabeled = ['unknown', '?']\n")
            .flags("--profile data/profile.toml")
            .names(&["bad", "good"])
            .labels("1 - 0 -"),
        case("a word that keeps numbers from being numbers")
            .train(&["10", "9", "unknown"])
            .flags("--unlabeled unknown")
            .names(&["9", "10"])
            .labels("1 0 -")
            .unsaid("alphabet"),
        case("a number").train(&["0", "99", "1", "99.0"]).flags("--unlabeled 99").names(&["0", "1"]).labels("0 - 1 -"),
        case("a number, in every split")
            .train(&["0", "1"])
            .validation(&["9", "1"])
            .test(&["9"])
            .flags("--unlabeled 9")
            .names(&["0", "1"])
            .labels_of(Split::Validation, "- 1")
            .labels_of(Split::Test, "-")
            .unsaid("warning"),
    ]);
}

#[test]
fn a_value_that_is_named_is_not_missing() {
    check(&[
        case("in --label-order")
            .train(&["some", "NA", "", "some"])
            .flags("--label-order NA,some")
            .names(&["NA", "some"])
            .labels("1 0 - 1")
            .said(&["train: 4 rows, 4 sentences, 1 without a label"]),
        case("in --label-names")
            .train(&["some", "None", "many", "null"])
            .flags("--label-names None,some,many")
            .names(&["None", "some", "many"])
            .labels("1 0 2 -"),
        case("Namibia among countries, in a profile")
            .file("train.csv", csv(&["NA", "ZA", "BW"]))
            .file("profile.toml", "[fetch.dataset]\nlabel_order = ['BW', 'NA', 'ZA']\n")
            .flags("--profile data/profile.toml")
            .names(&["BW", "NA", "ZA"])
            .labels("1 2 0"),
    ]);
}
