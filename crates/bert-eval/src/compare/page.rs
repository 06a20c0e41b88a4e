//! `report.html` of a comparison: evaluations side by side.

use figures::{Cell, Chart, Column, DataTable, Emphasis, Page, Part, Slice, Slices};
use serde_json::Value;

use super::comparison::{BootstrappedFigure, Comparison, Pair};
use super::disagreements::Disagreement;
use super::settings::Row;
use crate::evaluations::Evaluation;
use crate::flat_figures::is_figure_name;
use crate::p_value;

/// Rows of disagreement that the page shows; the file has all.
const MAX_ROWS: usize = 1000;

/// The page.
pub(crate) fn page(
    evaluations: &[Evaluation],
    comparison: &Comparison,
    differing: &[Row],
    disagreements: &[Disagreement],
) -> Page {
    let mut parts = Vec::new();
    for pair in &comparison.pairs {
        parts.push(Part::Notice { emphasis: Emphasis::Note, text: format!("{}.", pair.in_words) });
    }
    parts.push(Part::Heading("Figures".to_owned()));
    parts.extend(headline_chart(comparison));
    parts.push(figures_table(comparison));
    for pair in &comparison.pairs {
        parts.push(Part::Heading(format!("{} against {}", pair.second, pair.first)));
        parts.extend(pair_parts(pair));
    }
    parts.push(Part::Heading("What differs in settings".to_owned()));
    parts.push(Part::Table {
        head: std::iter::once(String::new()).chain(evaluations.iter().map(|it| it.name.clone())).collect(),
        rows: differing
            .iter()
            .map(|(name, values)| std::iter::once(name.clone()).chain(values.clone()).collect())
            .collect(),
    });
    parts.push(Part::Heading("Where they disagree".to_owned()));
    parts.push(disagreement_table(evaluations, disagreements));
    parts.push(Part::Heading("Evaluations".to_owned()));
    parts.push(Part::Definitions(
        evaluations.iter().map(|it| (it.name.clone(), it.folder.display().to_string())).collect(),
    ));
    Page { title: format!("Comparison on {}: {}", comparison.dataset, comparison.split), parts }
}

fn number(value: Option<&Value>) -> Option<f64> {
    value.and_then(Value::as_f64)
}

/// Accuracy of each evaluation with its interval, where they have one.
fn headline_chart(comparison: &Comparison) -> Option<Part> {
    let slices: Vec<Slice> = comparison
        .evaluations
        .iter()
        .filter_map(|evaluation| {
            let figure = |name: &str| number(evaluation.figures.get(name));
            Some(Slice {
                name: &evaluation.name,
                n: comparison.n as u64,
                estimate: figures::Estimate {
                    value: figure("accuracy")?,
                    interval: figure("accuracy_low").zip(figure("accuracy_high")),
                },
                marked: false,
            })
        })
        .collect();
    if slices.is_empty() {
        return None;
    }
    let chart = Slices {
        title: "Accuracy",
        subtitle: &format!("{} · n = {}", comparison.split, comparison.n),
        metric: "Accuracy",
        is_percent: true,
        overall: None,
        slices: &slices,
    };
    let caption = "Accuracy with its 95 % interval. Of two evaluations of the same rows a difference may be more than chance \
                   though intervals overlap: the tests below say.";
    Some(Part::Chart(Chart {
        svg: figures::slices(&chart),
        caption: caption.to_owned(),
        alternative: "Accuracy of each evaluation".to_owned(),
    }))
}

fn figures_table(comparison: &Comparison) -> Part {
    let names = comparison.evaluations.first().map(|evaluation| evaluation.figures.keys()).into_iter().flatten();
    let rows = names.filter(|name| is_figure_name(name)).map(|name| {
        let of = |figures: &serde_json::Map<String, Value>| {
            number(figures.get(name)).map_or(Cell::Empty, |value| Cell::number(value, 4))
        };
        let values = comparison.evaluations.iter().map(|evaluation| of(&evaluation.figures));
        std::iter::once(Cell::from(name.replace('_', " "))).chain(values).collect()
    });
    let columns = comparison.evaluations.iter().map(|evaluation| Column::new(evaluation.name.as_str()));
    Part::DataTable(DataTable {
        name: "Figures of each evaluation".to_owned(),
        rows: rows.collect(),
        columns: std::iter::once(Column::new("figure")).chain(columns).collect(),
    })
}

fn pair_parts(pair: &Pair) -> Vec<Part> {
    let optional = |value: Option<f64>| value.map_or(Cell::Empty, |value| Cell::number(value, 4));
    let rows = pair.figures.iter().map(|figure| {
        let is_better = (figure.difference > 0.0) == figure.greater_is_better;
        let verdict = match figure.p_adjusted {
            Some(p) if p < p_value::LEVEL && is_better => Cell::badge(Emphasis::Good, "better"),
            Some(p) if p < p_value::LEVEL => Cell::badge(Emphasis::Bad, "worse"),
            Some(_) => Cell::from("no more than chance may give"),
            None => figure.reason.map_or(Cell::Empty, Cell::from),
        };
        vec![
            Cell::from(figure.figure.replace('_', " ")),
            Cell::number(figure.first, 4),
            Cell::number(figure.second, 4),
            Cell::number(figure.difference, 4),
            optional(figure.interval.as_ref().map(|interval| interval.low)),
            optional(figure.interval.as_ref().map(|interval| interval.high)),
            p_value::cell(figure.p_adjusted),
            verdict,
        ]
    });
    let mut parts = vec![Part::DataTable(DataTable {
        name: format!("Differences of {} to {}", pair.second, pair.first),
        rows: rows.collect(),
        columns: vec![
            Column::new("figure"),
            Column::new(pair.first.as_str()),
            Column::new(pair.second.as_str()),
            Column::new("difference"),
            Column::new("from"),
            Column::new("to"),
            Column::new("p"),
            Column::new("verdict"),
        ],
    })];
    if let Some(mcnemar) = &pair.mcnemar {
        parts.push(Part::Text(format!(
            "McNemar: only {} is right on {} rows, only {} on {}; mid-p {}, exact {}. The p of accuracy is the mid-p, that \
             of the others comes from the influence of each row; all are corrected for the number of comparisons (Holm).",
            pair.first, mcnemar.only_first, pair.second, mcnemar.only_second, p_value::shown(mcnemar.mid_p), p_value::shown(mcnemar.exact)
        )));
    }
    for text in pair.bootstrap.iter().map(bootstrap_text) {
        parts.push(Part::Text(text));
    }
    parts
}

fn bootstrap_text(figure: &BootstrappedFigure) -> String {
    let bootstrap = &figure.bootstrap;
    format!(
        "Paired bootstrap of {} ({} resamples): difference {:+.4}, 95 %: {:+.4} to {:+.4}, p {}.",
        figure.figure.replace('_', " "),
        bootstrap.n_resamples,
        bootstrap.value,
        bootstrap.interval.low,
        bootstrap.interval.high,
        p_value::shown(bootstrap.p_value)
    )
}

fn disagreement_table(evaluations: &[Evaluation], disagreements: &[Disagreement]) -> Part {
    if disagreements.is_empty() {
        return Part::Text("Nowhere.".to_owned());
    }
    let has_text = disagreements.iter().any(|it| it.text.is_some());
    let cell = |value: Option<&Value>| match value {
        Some(Value::String(text)) => Cell::from(text.as_str()),
        Some(value) => value.as_f64().map_or(Cell::Empty, |value| Cell::number(value, 4)),
        None => Cell::Empty,
    };
    let rows = disagreements.iter().take(MAX_ROWS).map(|it| {
        let mut cells = vec![Cell::Number { value: it.id as f64, text: it.id.to_string() }, cell(Some(&it.label))];
        cells.extend(evaluations.iter().map(|evaluation| cell(it.predictions.get(&evaluation.name))));
        cells.extend(has_text.then(|| it.text.as_deref().map_or(Cell::Empty, Cell::from)));
        cells
    });
    // Nearly every row has a score of its own.
    let is_of_scores = disagreements.iter().any(|it| it.label.is_number());
    let outcome = |name: &str| if is_of_scores { Column::new(name) } else { Column::filtered(name) };
    let mut columns = vec![Column::new("id"), outcome("true")];
    columns.extend(evaluations.iter().map(|evaluation| outcome(&evaluation.name)));
    columns.extend(has_text.then(|| Column::wide("text")));
    let shown = disagreements.len().min(MAX_ROWS);
    Part::DataTable(DataTable {
        name: format!("{shown} of {} rows", disagreements.len()),
        rows: rows.collect(),
        columns,
    })
}
