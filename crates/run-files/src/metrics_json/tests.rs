use metrics::wilson_interval;

use super::*;
use crate::schema::check_json;

/// The file as version 1 of `bert-eval` has written it, without white space.
const CLASSES: &str = concat!(
    r#"{"dataset":"sample","split":"test","rows":5,"remark":"sample figures","loss":0.25,"n":4,"accuracy":0.75,"#,
    r#""weighted":{"precision":0.875,"recall":0.75,"f1":0.7666666666666667},"#,
    r#""macro":{"precision":0.75,"recall":0.8333333333333333,"f1":0.7333333333333334},"#,
    r#""micro":{"precision":0.75,"recall":0.75,"f1":0.75},"mcc":0.5773502691896258,"#,
    r#""per_class":[{"label":"negative","precision":0.5,"recall":1.0,"f1":0.6666666666666666,"support":1},"#,
    r#"{"label":"positive","precision":1.0,"recall":0.6666666666666666,"f1":0.8,"support":3}],"warnings":[],"#,
    r#""roc_auc":null,"expected_calibration_error":0.125,"#,
    r#""intervals":{"accuracy":{"low":0.3,"high":0.95},"#,
    r#""f1":{"weighted":{"low":0.25,"high":1.0},"macro":{"low":0.2,"high":1.0}}},"#,
    r#""confusion_matrix":{"label_names":["negative","positive"],"counts":[[1,0],[1,2]]}}"#
);
const SCORES: &str = concat!(
    r#"{"dataset":"sst","split":"validation","rows":3,"loss":0.25,"n":2,"mse":0.25,"mae":0.5,"pearson":null,"#,
    r#""spearman":null,"r2":-1.5}"#
);

fn classes() -> Metrics {
    let names = vec!["negative".to_owned(), "positive".to_owned()];
    let confusion_matrix = ConfusionMatrix::from_counts(names, vec![vec![1, 0], vec![1, 2]]).unwrap();
    let interval = |low, high| Interval { low, high };
    Metrics::Classes(Box::new(ClassMetrics {
        evaluated: EvaluatedSplit {
            dataset: "sample".to_owned(),
            split: "test".to_owned(),
            rows: 5,
            disclaimer: Some("sample figures".to_owned()),
        },
        loss: 0.25,
        classification: Classification::new(&confusion_matrix),
        roc_auc: None,
        expected_calibration_error: Some(0.125),
        intervals: Intervals {
            accuracy: interval(0.3, 0.95),
            f1: F1Intervals { weighted: interval(0.25, 1.0), macro_: interval(0.2, 1.0) },
        },
        confusion_matrix,
    }))
}

fn scores() -> Metrics {
    Metrics::Scores(ScoreMetrics {
        evaluated: EvaluatedSplit {
            dataset: "sst".to_owned(),
            split: "validation".to_owned(),
            rows: 3,
            disclaimer: None,
        },
        loss: 0.25,
        regression: Regression { n: 2, mse: 0.25, mae: 0.5, pearson: None, spearman: None, r2: Some(-1.5) },
    })
}

fn read_text(text: &str) -> Result<Metrics, RunFileError> {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    read(file.path())
}

#[test]
fn the_bytes_are_those_of_earlier_versions() {
    assert_eq!(serde_json::to_string(&classes()).unwrap(), CLASSES);
    assert_eq!(serde_json::to_string(&scores()).unwrap(), SCORES);
    assert_eq!(read_text(CLASSES).unwrap(), classes());
    assert_eq!(read_text(SCORES).unwrap(), scores());
}

#[test]
fn every_bit_of_a_number_comes_back() {
    let Metrics::Classes(mut metrics) = classes() else { unreachable!() };
    metrics.intervals.accuracy = wilson_interval(1613, 1821);
    metrics.loss = 0.1 + 0.2;
    let metrics = Metrics::Classes(metrics);
    assert_eq!(read_text(&serde_json::to_string(&metrics).unwrap()).unwrap(), metrics);
}

#[test]
fn a_missing_figure_is_an_error_that_names_the_field() {
    for (text, figure) in [(CLASSES, "accuracy"), (CLASSES, "low"), (CLASSES, "recall"), (SCORES, "mae")] {
        let damaged = text.replacen(&format!("\"{figure}\":"), "\"other\":", 1);
        let error = read_text(&damaged).unwrap_err().to_string();
        assert!(error.contains(&format!("missing field `{figure}`")), "{error}");
    }
}

#[test]
fn the_tables_are_those_of_the_types() {
    let (classes, scores) = (serde_json::to_value(classes()).unwrap(), serde_json::to_value(scores()).unwrap());
    let records = [
        &classes,
        &classes["macro"],
        &classes["per_class"][0],
        &classes["intervals"],
        &classes["intervals"]["f1"]["weighted"],
        &classes["confusion_matrix"],
        &scores,
    ];
    for (record, table) in records.into_iter().zip(TABLES) {
        check_json(record, table).unwrap();
    }
}
