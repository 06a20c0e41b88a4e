//! Figures by one name each, such as `f1_macro`: as MLflow and the like take them, and as `--require` and `compare` speak of
//! them.
//!
//! Averages have the average behind their name (`precision_weighted`), figures of a class its label (`f1.negative`), the ends
//! of an interval `_low` and `_high`.

use std::path::Path;

use anyhow::Context;
use run_files::layout::eval::METRICS;
use serde_json::{Map, Value};

/// The figures of a finished evaluation, but for those of single classes and the ends of intervals; none where no row had a
/// label.
pub(crate) fn of_folder(folder: &Path) -> anyhow::Result<Map<String, Value>> {
    let path = folder.join(METRICS);
    if !path.exists() {
        return Ok(Map::new());
    }
    let read = || -> anyhow::Result<Value> { Ok(serde_json::from_slice(&std::fs::read(&path)?)?) };
    let all = flat_figures(&read().with_context(|| format!("cannot read {}", path.display()))?);
    Ok(all.into_iter().filter(|(name, _)| !is_of_class(name) && !is_end_of_interval(name)).collect())
}

/// Those of [`flat_figures`] that are defined: MLflow logs all of a file or, where one of them is no number, none.
pub(crate) fn defined_figures(metrics: &Value) -> Map<String, Value> {
    flat_figures(metrics).into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// All numbers of `metrics.json` by their names, in its order; null where a figure is not defined.
pub(crate) fn flat_figures(metrics: &Value) -> Map<String, Value> {
    let mut flat = Map::new();
    for (name, value) in metrics.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("confusion_matrix" | "warnings" | "undefined", _) => {}
            ("per_class", Value::Array(classes)) => per_class(classes, &mut flat),
            ("intervals", Value::Object(intervals)) => add_intervals("", intervals, &mut flat),
            (average, Value::Object(figures)) => {
                let named = figures.iter().filter(|(_, value)| is_figure(value));
                flat.extend(named.map(|(figure, value)| (format!("{figure}_{average}"), value.clone())));
            }
            (_, value) if is_figure(value) => {
                flat.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    flat
}

/// Whether the number of this name is a figure: no end of an interval, and no number of rows.
pub(crate) fn is_figure_name(name: &str) -> bool {
    !is_end_of_interval(name) && !["rows", "n"].contains(&name)
}

fn is_of_class(name: &str) -> bool {
    name.contains('.')
}

/// What a class is called says nothing: no interval is that of a class.
fn is_end_of_interval(name: &str) -> bool {
    !is_of_class(name) && (name.ends_with("_low") || name.ends_with("_high"))
}

fn is_figure(value: &Value) -> bool {
    value.is_number() || value.is_null()
}

fn per_class(classes: &[Value], flat: &mut Map<String, Value>) {
    for class in classes {
        let label = class["label"].as_str().unwrap_or_default();
        let figures = class.as_object().into_iter().flatten().filter(|(_, value)| is_figure(value));
        flat.extend(figures.map(|(figure, value)| (format!("{figure}.{label}"), value.clone())));
    }
}

/// `{"accuracy": {"low": .., "high": ..}, "f1": {"macro": {"low": ..}}}` to `accuracy_low`, `f1_macro_low`.
fn add_intervals(prefix: &str, intervals: &Map<String, Value>, flat: &mut Map<String, Value>) {
    for (name, value) in intervals {
        match value {
            Value::Object(inner) => add_intervals(&format!("{prefix}{name}_"), inner, flat),
            value if is_figure(value) => {
                flat.insert(format!("{prefix}{name}"), value.clone());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_number_has_one_name() {
        let metrics = json!({
            "dataset": "sst", "n": 4, "accuracy": 0.75, "macro": {"f1": 0.5, "precision": 0.25}, "roc_auc": null,
            "per_class": [{"label": "negative", "f1": 0.5, "support": 2}],
            "warnings": ["a"], "undefined": {"roc_auc": "one class"}, "confusion_matrix": {"counts": [[1]]},
            "intervals": {"accuracy": {"low": 0.5, "high": 1.0}, "f1": {"macro": {"low": 0.25, "high": 0.75}}, "mcc": null},
        });
        let expected = json!({
            "n": 4, "accuracy": 0.75, "f1_macro": 0.5, "precision_macro": 0.25, "roc_auc": null, "f1.negative": 0.5,
            "support.negative": 2, "accuracy_low": 0.5, "accuracy_high": 1.0, "f1_macro_low": 0.25, "f1_macro_high": 0.75,
            "mcc": null,
        });
        assert_eq!(Value::Object(flat_figures(&metrics)), expected);
        let defined = defined_figures(&metrics);
        assert!(defined.len() == 10 && defined.values().all(Value::is_number), "{defined:?}");
    }

    #[test]
    fn a_class_may_be_called_as_the_end_of_an_interval_is() {
        let names = ["f1.very_low", "support.risk_high", "accuracy", "accuracy_low", "f1_macro_high", "n", "rows"];
        assert_eq!(names.map(is_figure_name), [true, true, true, false, false, false, false]);
    }
}
