//! The table of all figures, with their intervals, or why there is none.

use figures::{Cell, Column, DataTable, Part};
use run_files::metrics_json::{Metrics, Reasons};
use serde_json::{Map, Value};

use crate::flat_figures::{flat_figures, is_figure_name};

/// Figures of the classes have a picture and a table of their own.
const OF_A_CLASS: char = '.';

/// Every figure of all classes together, in the order of `metrics.json`.
pub(super) fn figures_table(metrics: &Metrics) -> Part {
    let flat = serde_json::to_value(metrics).map(|value| flat_figures(&value)).unwrap_or_default();
    let reasons = match metrics {
        Metrics::Classes(metrics) => &metrics.reasons,
        Metrics::Scores(metrics) => &metrics.reasons,
    };
    let is_shown = |name: &str| is_figure_name(name) && !name.contains(OF_A_CLASS);
    let rows = flat.iter().filter(|(name, _)| is_shown(name)).map(|(name, value)| row(name, value, &flat, reasons));
    Part::DataTable(DataTable {
        name: "Figures and their 95 % intervals".to_owned(),
        columns: vec![
            Column::new("figure"),
            Column::new("value"),
            Column::new("from"),
            Column::new("to"),
            Column::wide("remark"),
        ],
        rows: rows.collect(),
    })
}

fn row(name: &str, value: &Value, flat: &Map<String, Value>, reasons: &Reasons) -> Vec<Cell> {
    let number =
        |value: Option<&Value>| value.and_then(Value::as_f64).map_or(Cell::Empty, |value| Cell::number(value, 4));
    let bound = |end: &str| number(flat.get(&format!("{name}_{end}")));
    let reason = reasons.undefined.get(name).or_else(|| reasons.no_interval.get(name));
    vec![
        Cell::from(name.replace('_', " ")),
        number(Some(value)),
        bound("low"),
        bound("high"),
        reason.map_or(Cell::Empty, |reason| Cell::from(reason.as_str())),
    ]
}
