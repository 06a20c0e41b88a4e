//! What a task takes: sst2, sst3, sst5 and regression need classes in an order that is more than the alphabet's.

use arrow::array::Int64Array;

use super::parquet::class_label;
use super::{case, check};

#[test]
fn words_in_the_order_of_the_alphabet_are_classes_and_no_more() {
    let refused: &[&str] = &["--label-order"];
    check(&[
        case("ham, spam")
            .train(&["spam", "ham"])
            .task("labels", &["ham", "spam"], "1 0")
            .no_task("sst2", &["--label-order", "ham", "spam"])
            .no_task("regression", refused),
        case("three words").train(&["red", "blue", "green"]).no_task("sst3", refused).no_task("sst2", refused),
        case("five words")
            .train(&["e", "d", "c", "b", "a"])
            .task("labels", &["a", "b", "c", "d", "e"], "4 3 2 1 0")
            .no_task("sst5", refused)
            .no_task("sst3", refused)
            .no_task("sst2", refused)
            .no_task("regression", refused),
        case("five words, one of which has no known place")
            .train(&["awful", "bad", "weird", "good", "great"])
            .no_task("sst5", refused),
        case("zeros in front")
            .train(&["001", "002", "003", "004", "005"])
            .no_task("sst5", refused)
            .no_task("regression", refused),
    ]);
}

#[test]
fn numbers_booleans_and_known_words_have_an_order() {
    let polarity = ["negative", "positive"];
    check(&[
        case("stars from 1 to 5")
            .train(&["5", "1", "2", "3", "4"])
            .sst5("4 0 1 2 3")
            .task("sst3", &["negative", "neutral", "positive"], "2 0 0 1 2")
            .task("sst2", &polarity, "1 0 0 1")
            .task("regression", &[], "1 0 0.25 0.5 0.75"),
        case("0 to 4").train(&["4", "0", "1", "2", "3"]).sst5("4 0 1 2 3"),
        case("-2 to 2").train(&["2", "-2", "-1", "0", "1"]).sst5("4 0 1 2 3"),
        case("stars in words").train(&["5 stars", "1 star", "2 stars", "3 stars", "4 stars"]).sst5("4 0 1 2 3"),
        case("awful to great").train(&["ok", "awful", "great", "bad", "good"]).sst5("2 0 4 1 3"),
        case("the treebank's names in other spelling")
            .train(&["Very_Positive", "Negative", "Neutral", "Very_Negative", "Positive"])
            .sst5("4 1 2 0 3"),
        case("-1, 0 and 1")
            .train(&["1", "-1", "0"])
            .task("sst3", &["-1", "0", "1"], "2 0 1")
            .task("sst2", &polarity, "1 0")
            .task("regression", &[], "1 0 0.5"),
        case("-1 and 1").train(&["1", "-1"]).task("sst2", &["-1", "1"], "1 0").task("regression", &[], "1 0"),
        case("1010, 2020 and 3030").train(&["2020", "1010", "3030"]).task("labels", &["1010", "2020", "3030"], "1 0 2"),
        case("booleans").train(&["True", "False"]).task("sst2", &["false", "true"], "1 0"),
        case("love and hate").train(&["love", "hate"]).task("sst2", &["hate", "love"], "1 0"),
        case("a ClassLabel of the hub")
            .file("train.parquet", class_label("label", &polarity, Int64Array::from(vec![1, -1, 0])))
            .task("sst2", &polarity, "1 0"),
    ]);
}

#[test]
fn an_order_that_is_given_is_an_order() {
    check(&[
        case("words by --label-order")
            .train(&["medium", "large", "small"])
            .flags("--label-order small,medium,large")
            .task("sst3", &["small", "medium", "large"], "1 2 0")
            .task("regression", &[], "0.5 1 0"),
        case("five words by --label-order")
            .train(&["a", "b", "c", "d", "e"])
            .flags("--label-order e,d,c,b,a")
            .sst5("4 3 2 1 0"),
        case("words by --label-names").train(&["ham", "spam"]).flags("--label-names spam,ham").task(
            "sst2",
            &["spam", "ham"],
            "1 0",
        ),
        case("numbers with names").train(&["0", "4", "4"]).flags("--label-names negative,positive").task(
            "sst2",
            &["negative", "positive"],
            "0 1 1",
        ),
        case("known words, the other way round").train(&["bad", "good"]).flags("--label-order good,bad").task(
            "sst2",
            &["good", "bad"],
            "1 0",
        ),
    ]);
}

#[test]
fn rows_without_a_label_are_left_out_of_train() {
    check(&[
        case("a gap").train(&["5", "", "1", "2", "3", "4"]).sst5("4 0 1 2 3"),
        case("--unlabeled").train(&["0", "1", "-1"]).flags("--unlabeled -1").task("sst2", &["0", "1"], "0 1"),
        case("the number of classes does not fit the task")
            .train(&["1", "2", "3", "4"])
            .no_task("sst5", &["sst5", "1, 2, 3, 4", "labels"]),
    ]);
}
