//! `--score-column`: real numbers, beside labels or in place of them.

use std::sync::Arc;

use arrow::array::{DictionaryArray, Float32Array, Float64Array, Int8Array, Int64Array, StringArray};
use arrow::datatypes::Int8Type;
use corpus::Split;
use corpus::task::FINE_GRAINED;

use super::parquet::{column, with_texts};
use super::{Case, case, check};

/// A case with a column `score` in train.
fn scored(name: &'static str, scores: &[&str]) -> Case {
    let rows: Vec<String> = (1..).zip(scores).map(|(row, score)| format!("t{row},{score}\n")).collect();
    case(name).file("train.csv", format!("text,score\n{}", rows.concat())).flags("--score-column score")
}

#[test]
fn scores_alone_make_the_classes_of_the_treebank() {
    check(&[
        scored("one in each interval", &["0.1", "0.3", "0.5", "0.7", "0.9"])
            .names(&FINE_GRAINED)
            .rows(Split::Train, &["t1|0|0.1", "t2|1|0.3", "t3|2|0.5", "t4|3|0.7", "t5|4|0.9"])
            .said(&["very negative", "very positive"])
            .unsaid("alphabet")
            .sst5("0 1 2 3 4"),
        scored("a bound belongs to the interval below it", &["0", "0.2", "0.4", "0.6", "0.8", "1"])
            .names(&FINE_GRAINED)
            .labels("0 0 1 2 3 4"),
        scored("just above a bound", &["0.2001", "0.4001", "0.6001", "0.8001"]).names(&FINE_GRAINED).labels("1 2 3 4"),
        scored("what is missing has neither", &["0.9", "", "NaN", "NA", "0.1"])
            .names(&FINE_GRAINED)
            .rows(Split::Train, &["t1|4|0.9", "t2|-|-", "t3|-|-", "t4|-|-", "t5|0|0.1"]),
        scored("spaces, signs and exponents", &[" 0.25 ", "+0.5", "75e-2", "1.0"])
            .labels("1 2 3 4")
            .rows(Split::Train, &["t1|1|0.25", "t2|2|0.5", "t3|3|0.75", "t4|4|1"]),
        scored("a test split without the column", &["0.9", "0.1"])
            .file("test.csv", "text\na\n")
            .names(&FINE_GRAINED)
            .rows(Split::Test, &["a|-|-"]),
        case("a column of labels that is empty")
            .file("train.csv", "text,label,score\na,,0.9\nb,NA,0.1\n")
            .flags("--score-column score")
            .names(&FINE_GRAINED)
            .rows(Split::Train, &["a|4|0.9", "b|0|0.1"]),
        case("a column of scores by the name of labels")
            .train(&["0.9", "0.25", "0.5"])
            .flags("--score-column label")
            .names(&FINE_GRAINED)
            .rows(Split::Train, &["t1|4|0.9", "t2|1|0.25", "t3|2|0.5"]),
    ]);
}

#[test]
fn scores_outside_of_0_to_1_make_no_classes() {
    check(&[
        scored("from 1 to 10", &["7", "1", "10"])
            .names(&[])
            .rows(Split::Train, &["t1|-|7", "t2|-|1", "t3|-|10"])
            .said(&["--score-range"])
            .task("regression", &[], "7 1 10"),
        scored("one of them, in validation", &["0.5", "0.9"])
            .file("validation.csv", "text,score\na,1.5\n")
            .names(&[])
            .labels("- -")
            .rows(Split::Validation, &["a|-|1.5"])
            .said(&["--score-range"]),
        scored("below 0", &["-0.5", "0.5"]).names(&[]).labels("- -").said(&["--score-range"]),
    ]);
}

#[test]
fn scores_stand_beside_labels() {
    check(&[
        case("labels are those of their column")
            .file("train.csv", "text,label,score\na,good,0.1\nb,bad,0.9\nc,good,\nd,,0.5\n")
            .flags("--score-column score")
            .names(&["bad", "good"])
            .rows(Split::Train, &["a|1|0.1", "b|0|0.9", "c|1|-", "d|-|0.5"])
            .said(&["train: 4 rows, 4 sentences, 1 without a label"])
            .task("sst2", &["bad", "good"], "1 0 1"),
        case("beside labels they may be any numbers")
            .file("train.csv", "text,label,score\na,good,70\nb,bad,-3.5\n")
            .flags("--score-column score")
            .names(&["bad", "good"])
            .rows(Split::Train, &["a|1|70", "b|0|-3.5"]),
    ]);
}

#[test]
fn any_column_of_numbers_holds_scores() {
    let file = |values| with_texts(vec![values], &[]);
    let parquet = |name, values| case(name).file("train.parquet", file(values)).flags("--score-column score");
    let text =
        DictionaryArray::<Int8Type>::new(Int8Array::from(vec![1, 0]), Arc::new(StringArray::from(vec!["0.5", "1"])));
    check(&[
        parquet("float64 with NaN and null", column("score", Float64Array::from(vec![Some(0.5), Some(f64::NAN), None])))
            .rows(Split::Train, &["t1|2|0.5", "t2|-|-", "t3|-|-"]),
        parquet("float32 on a bound", column("score", Float32Array::from(vec![0.2, 0.4, 0.6, 0.8]))).labels("0 1 2 3"),
        parquet("integers", column("score", Int64Array::from(vec![Some(1), None, Some(0)])))
            .rows(Split::Train, &["t1|4|1", "t2|-|-", "t3|0|0"]),
        parquet("text of numbers", column("score", StringArray::from(vec![Some("0.5"), None, Some("1e0"), Some("")])))
            .rows(Split::Train, &["t1|2|0.5", "t2|-|-", "t3|4|1", "t4|-|-"]),
        parquet("categories of text of numbers", column("score", text)).rows(Split::Train, &["t1|4|1", "t2|2|0.5"]),
        case("JSON numbers and texts of numbers")
            .file("train.jsonl", "{\"text\": \"a\", \"score\": 1}\n{\"text\": \"b\", \"score\": \"0.5\"}\n{\"text\": \"c\", \"score\": null}\n{\"text\": \"d\"}\n")
            .flags("--score-column score")
            .names(&FINE_GRAINED)
            .rows(Split::Train, &["a|4|1", "b|2|0.5", "c|-|-", "d|-|-"]),
    ]);
}

#[test]
fn what_is_no_score_is_refused_with_its_line() {
    check(&[
        scored("a word", &["0.5", "often"]).refused(&["data/train.csv, line 3", "often"]),
        case("a word after a text of two lines")
            .file("train.csv", "text,score\n\"two\nlines\",0.5\nb,often\n")
            .flags("--score-column score")
            .refused(&["data/train.csv, line 4", "often"]),
        scored("infinity", &["inf", "0.5"]).refused(&["data/train.csv, line 2", "inf"]),
        case("a word in JSON lines")
            .file("train.jsonl", "{\"text\": \"a\", \"score\": 1}\n{\"text\": \"b\", \"score\": \"often\"}\n")
            .flags("--score-column score")
            .refused(&["data/train.jsonl, line 2", "often"]),
        case("a word in Parquet")
            .file("train.parquet", with_texts(vec![column("score", StringArray::from(vec!["1", "often"]))], &[]))
            .flags("--score-column score")
            .refused(&["data/train.parquet, row 2", "often"]),
        case("another name than a column has")
            .train(&["1", "0"])
            .flags("--score-column grade")
            .refused(&["data/train.csv has no column grade", "label"]),
        scored("no score at all", &["", "NaN"]).refused(&["train", "score"]),
    ]);
}
