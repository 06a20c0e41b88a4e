//! -1: a class of its own, or no label, by where it stands.

use corpus::Split;

use super::{case, check};

#[test]
fn minus_one_is_a_class_where_train_has_it_or_others_have_more() {
    check(&[
        case("train has it").train(&["-1", "1", "-1"]).names(&["-1", "1"]).labels("0 1 0").unsaid("without a label"),
        case("train has it, and the test split has nothing else")
            .train(&["-1", "1"])
            .test(&["-1", "-1"])
            .names(&["-1", "1"])
            .labels_of(Split::Test, "0 0")
            .unsaid("without a label"),
        case("train has it as a float")
            .train(&["-1.0", "0.0", "1.0"])
            .test(&["-1", "-1"])
            .names(&["-1", "0", "1"])
            .labels_of(Split::Test, "0 0"),
        case("the test split has more than it")
            .train(&["0", "1"])
            .test(&["-1", "0"])
            .names(&["-1", "0", "1"])
            .labels("1 2")
            .labels_of(Split::Test, "0 1")
            .said(&["warning", "-1", "test"]),
        case("in a TSV with other columns than GLUE's")
            .file("train.tsv", "text\tlabel\na\t-1\nb\t0\nc\t1\n")
            .names(&["-1", "0", "1"])
            .labels("0 1 2"),
        case("-1 and -2").train(&["-2", "-1", "0"]).names(&["-2", "-1", "0"]).labels("0 1 2"),
    ]);
}

#[test]
fn minus_one_is_no_label_where_a_split_has_nothing_else() {
    check(&[
        case("the test split")
            .train(&["0", "1"])
            .test(&["-1", "-1"])
            .names(&["0", "1"])
            .labels_of(Split::Test, "- -")
            .said(&["test: 2 rows, 2 sentences, 2 without a label"]),
        case("the validation split, as floats")
            .train(&["0", "1"])
            .validation(&["-1.0", "-1"])
            .names(&["0", "1"])
            .labels_of(Split::Validation, "- -")
            .said(&["validation: 2 rows, 2 sentences, 2 without a label"]),
        case("nothing else but gaps")
            .train(&["0", "1"])
            .test(&["-1", "", "-1"])
            .names(&["0", "1"])
            .labels_of(Split::Test, "- - -"),
        case("the train split has words")
            .train(&["good", "bad"])
            .test(&["-1", "-1"])
            .names(&["bad", "good"])
            .labels("1 0")
            .labels_of(Split::Test, "- -")
            .unsaid("alphabet"),
        case("the train split has booleans")
            .train(&["True", "False"])
            .test(&["-1"])
            .names(&["false", "true"])
            .labels_of(Split::Test, "-"),
    ]);
}

#[test]
fn minus_one_is_no_label_where_it_is_said() {
    check(&[
        case("by --unlabeled -1")
            .train(&["-1", "0", "1"])
            .flags("--unlabeled -1")
            .names(&["0", "1"])
            .labels("- 0 1")
            .said(&["train: 3 rows, 3 sentences, 1 without a label"]),
        case("by --unlabeled=-1, for floats, too")
            .train(&["-1.0", "0.0", "1.0", "-1"])
            .flags("--unlabeled=-1")
            .names(&["0", "1"])
            .labels("- 0 1 -"),
        case("by a profile")
            .train(&["-1", "0", "1"])
            .file("profile.toml", "[fetch.dataset]\nunlabeled = ['-1']\n")
            .flags("--profile data/profile.toml")
            .names(&["0", "1"])
            .labels("- 0 1"),
        case("by GLUE's layout")
            .file("train.tsv", "sentence\tlabel\na \t1\nb \t-1\nc \t0\n")
            .names(&["negative", "positive"])
            .rows(Split::Train, &["a|1|-", "b|-|-", "c|0|-"])
            .said(&["train: 3 rows, 3 sentences, 1 without a label"]),
        case("not by --label-order, which makes it a class again")
            .train(&["0", "1"])
            .test(&["-1", "-1"])
            .flags("--label-order=-1,0,1")
            .names(&["-1", "0", "1"])
            .labels_of(Split::Test, "0 0"),
    ]);
}
