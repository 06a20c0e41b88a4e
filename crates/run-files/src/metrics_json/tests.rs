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
/// What version 2 adds.
const MORE: &str = concat!(
    r#","balanced_accuracy":0.8333333333333333,"kappa":0.5,"quadratic_kappa":null,"mean_absolute_error":null,"#,
    r#""brier":0.125,"pr_auc":null,"top_2_accuracy":null,"top_3_accuracy":null,"top_5_accuracy":null,"majority_rate":0.75,"#,
    r#""undefined":{"pr_auc":"a class has no rows"},"no_interval":{"f1_macro":"too few rows"}}"#
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
            f1: AverageIntervals { weighted: Some(interval(0.25, 1.0)), macro_: Some(interval(0.2, 1.0)) },
            precision: AverageIntervals::default(),
            recall: AverageIntervals::default(),
            per_class: Vec::new(),
            more: BTreeMap::new(),
        },
        confusion_matrix,
        more: MoreFigures::default(),
        reasons: Reasons::default(),
    }))
}

/// The same with what version 2 adds.
fn more_classes() -> Metrics {
    let Metrics::Classes(mut metrics) = classes() else { unreachable!() };
    let interval = Some(Interval { low: 0.25, high: 1.0 });
    metrics.intervals.f1.macro_ = None;
    metrics.intervals.recall.weighted = interval;
    metrics.intervals.per_class =
        vec![ClassIntervals { label: "negative".to_owned(), f1: interval, ..ClassIntervals::default() }];
    metrics.intervals.more = interval.map(|interval| ("mcc".to_owned(), interval)).into_iter().collect();
    metrics.more = MoreFigures {
        balanced_accuracy: Some(0.833_333_333_333_333_3),
        kappa: Some(0.5),
        brier: Some(0.125),
        majority_rate: Some(0.75),
        ..MoreFigures::default()
    };
    let reason = |figure: &str, reason: &str| BTreeMap::from([(figure.to_owned(), reason.to_owned())]);
    metrics.reasons =
        Reasons { undefined: reason("pr_auc", "a class has no rows"), no_interval: reason("f1_macro", "too few rows") };
    Metrics::Classes(metrics)
}

fn scores() -> Metrics {
    Metrics::Scores(Box::new(ScoreMetrics {
        evaluated: EvaluatedSplit {
            dataset: "sst".to_owned(),
            split: "validation".to_owned(),
            rows: 3,
            disclaimer: None,
        },
        loss: 0.25,
        regression: Regression { n: 2, mse: 0.25, mae: 0.5, pearson: None, spearman: None, r2: Some(-1.5) },
        five_class_accuracy: None,
        intervals: BTreeMap::new(),
        reasons: Reasons::default(),
    }))
}

fn read_text(text: &str) -> Result<Metrics, RunFileError> {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    read(file.path())
}

#[test]
fn files_of_earlier_versions_are_read() {
    assert_eq!(read_text(CLASSES).unwrap(), classes());
    assert_eq!(read_text(SCORES).unwrap(), scores());
}

#[test]
fn the_bytes_are_those_of_earlier_versions_and_more_behind() {
    let text = serde_json::to_string(&more_classes()).unwrap();
    let f1 = r#""f1":{"weighted":{"low":0.25,"high":1.0},"macro":null},"recall":{"weighted":{"low":0.25,"high":1.0},"macro":null},"#;
    let per_class = r#""per_class":[{"label":"negative","precision":null,"recall":null,"f1":{"low":0.25,"high":1.0}}],"mcc":{"low":0.25,"high":1.0}"#;
    let old_f1 = r#""f1":{"weighted":{"low":0.25,"high":1.0},"macro":{"low":0.2,"high":1.0}}"#;
    let head = CLASSES.strip_suffix('}').unwrap().replace(old_f1, &format!("{f1}{per_class}"));
    assert_eq!(text, head + MORE);
    assert_eq!(read_text(&text).unwrap(), more_classes());
    let head = SCORES.strip_suffix('}').unwrap();
    let text = serde_json::to_string(&scores()).unwrap();
    assert_eq!(
        text,
        format!(r#"{head},"five_class_accuracy":null,"intervals":{{}},"undefined":{{}},"no_interval":{{}}}}"#)
    );
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
    let (classes, scores) = (serde_json::to_value(more_classes()).unwrap(), serde_json::to_value(scores()).unwrap());
    let records = [
        &classes,
        &classes["macro"],
        &classes["per_class"][0],
        &classes["intervals"],
        &classes["intervals"]["f1"]["weighted"],
        &classes["confusion_matrix"],
        &scores,
    ];
    assert_eq!(records.len(), TABLES.len());
    for (record, table) in records.into_iter().zip(TABLES) {
        check_json(record, table).unwrap();
    }
}
