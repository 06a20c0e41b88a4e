//! `--score-range LOW,HIGH`: scores of another scale, mapped to 0 to 1.

use arrow::array::Float64Array;
use corpus::Split;
use corpus::task::FINE_GRAINED;

use super::parquet::{column, with_texts};
use super::{Case, case, check};

fn ranged(name: &'static str, range: &str, scores: &[&str]) -> Case {
    let rows: Vec<String> = (1..).zip(scores).map(|(row, score)| format!("t{row},{score}\n")).collect();
    let file = format!("text,score\n{}", rows.concat());
    case(name).file("train.csv", file).flags("--score-column score").arguments(&["--score-range", range])
}

#[test]
fn scores_are_mapped_and_make_classes() {
    check(&[
        ranged("from 1 to 5", "1,5", &["1", "2", "3", "4", "5", "4.5"])
            .names(&FINE_GRAINED)
            .rows(Split::Train, &["t1|0|0", "t2|1|0.25", "t3|2|0.5", "t4|3|0.75", "t5|4|1", "t6|4|0.875"])
            .task("regression", &[], "0 0.25 0.5 0.75 1 0.875")
            .sst5("0 1 2 3 4 4"),
        ranged("from -1 to 1", "-1,1", &["-1", "-0.5", "0", "0.5", "1"])
            .names(&FINE_GRAINED)
            .rows(Split::Train, &["t1|0|0", "t2|1|0.25", "t3|2|0.5", "t4|3|0.75", "t5|4|1"]),
        ranged("from 0 to 100, on the bounds of the classes", "0,100", &["20", "40", "60", "80", "21"])
            .names(&FINE_GRAINED)
            .labels("0 1 2 3 1"),
        ranged("with fractions as bounds", "0.5,4.5", &["0.5", "2.5", "4.5"])
            .rows(Split::Train, &["t1|0|0", "t2|2|0.5", "t3|4|1"]),
        ranged("what is missing stays missing", "1,5", &["5", "", "nan"])
            .rows(Split::Train, &["t1|4|1", "t2|-|-", "t3|-|-"]),
        ranged("the same scale in every split", "0,10", &["10", "0"])
            .file("validation.csv", "text,score\na,5\n")
            .rows(Split::Train, &["t1|4|1", "t2|0|0"])
            .rows(Split::Validation, &["a|2|0.5"]),
        case("stars in the column of labels")
            .train(&["5", "1", "4"])
            .flags("--score-column label --score-range 1,5")
            .names(&FINE_GRAINED)
            .rows(Split::Train, &["t1|4|1", "t2|0|0", "t3|3|0.75"]),
        case("beside labels, which stay")
            .file("train.csv", "text,label,score\na,good,10\nb,bad,0\n")
            .flags("--score-column score --score-range 0,10")
            .names(&["bad", "good"])
            .rows(Split::Train, &["a|1|1", "b|0|0"]),
        case("from a profile")
            .file("train.csv", "text,score\na,10\nb,0\n")
            .file("profile.toml", "[fetch.dataset]\nscore_column = 'score'\nscore_range = [0, 10]\n")
            .flags("--profile data/profile.toml")
            .rows(Split::Train, &["a|4|1", "b|0|0"]),
    ]);
}

#[test]
fn what_lies_outside_is_refused_with_its_line() {
    check(&[
        ranged("above", "1,5", &["5", "7"]).refused(&["data/train.csv, line 3", "7"]),
        ranged("below, a zero for one who did not vote", "1,5", &["5", "3", "0"])
            .refused(&["data/train.csv, line 4", "0"]),
        ranged("in the test split", "0,1", &["0.5", "1"])
            .file("test.csv", "text,score\na,0.5\nb,1.01\n")
            .refused(&["data/test.csv, line 3", "1.01"]),
        case("in Parquet")
            .file("train.parquet", with_texts(vec![column("score", Float64Array::from(vec![0.5, 1.5]))], &[]))
            .flags("--score-column score --score-range 0,1")
            .refused(&["data/train.parquet, row 2", "1.5"]),
        case("a range without a column of scores")
            .train(&["1", "5"])
            .flags("--score-range 1,5")
            .refused(&["--score-column"]),
        ranged("a range of nothing", "1,1", &["1"]).refused(&["--score-range"]),
        ranged("a range from high to low", "5,1", &["1", "5"]).refused(&["--score-range"]),
        ranged("three bounds", "1,3,5", &["1", "5"]).refused(&["--score-range"]),
        ranged("one bound", "5", &["1", "5"]).refused(&["--score-range"]),
        ranged("a bound that is no number", "one,five", &["1", "5"]).refused(&["--score-range"]),
        ranged("a bound that is infinite", "0,inf", &["1", "5"]).refused(&["--score-range"]),
    ]);
}
