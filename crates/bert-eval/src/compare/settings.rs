//! Settings and facts in which the runs behind evaluations differ, read from the manifests of the evaluations.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::evaluations::Evaluation;

/// A name, and its value in each evaluation; empty where it has none.
pub(crate) type Row = (String, Vec<String>);

/// What differs among the settings of training and evaluation, then time and size.
pub(crate) fn differing(evaluations: &[Evaluation]) -> Vec<Row> {
    let training: Vec<Option<&Value>> =
        evaluations.iter().map(|evaluation| evaluation.manifest.recorded.get("training")).collect();
    let plans: Vec<Option<&Value>> = evaluations.iter().map(|evaluation| Some(&evaluation.manifest.plan)).collect();
    let mut rows = differing_keys(&training, "");
    rows.extend(differing_keys(&plans, "evaluation: "));
    let timing = |key: &str, evaluation: &Evaluation| {
        evaluation.manifest.recorded.get("timing").and_then(|timing| timing.get(key)).and_then(Value::as_f64)
    };
    let facts: [(&str, &str); 2] =
        [("seconds of training", "train_seconds"), ("sentences per second in training", "sentences_per_second")];
    for (name, key) in facts {
        let values: Vec<Option<f64>> = evaluations.iter().map(|evaluation| timing(key, evaluation)).collect();
        if values.iter().any(Option::is_some) {
            let shown = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.1}"));
            rows.push((name.to_owned(), values.into_iter().map(shown).collect()));
        }
    }
    let megabytes = |evaluation: &Evaluation| {
        evaluation.weights().map_or(String::new(), |weights| format!("{:.1}", weights.bytes as f64 / 1e6))
    };
    rows.push(("megabytes of weights".to_owned(), evaluations.iter().map(megabytes).collect()));
    rows
}

fn differing_keys(objects: &[Option<&Value>], prefix: &str) -> Vec<Row> {
    let object = |value: &Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let objects: Vec<serde_json::Map<String, Value>> = objects.iter().map(object).collect();
    let keys: BTreeSet<&String> = objects.iter().flat_map(|object| object.keys()).collect();
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let row = |key: &String| -> Row {
        (format!("{prefix}{key}"), objects.iter().map(|object| shown(object.get(key))).collect())
    };
    keys.into_iter().map(row).filter(|(_, values)| values.windows(2).any(|pair| pair[0] != pair[1])).collect()
}
