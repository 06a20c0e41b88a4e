//! `report.html`: an evaluation on one page that opens by double click.

mod figures_table;
mod errors_table;
mod provenance;

use figures::{Cell, Chart, Column, DataTable, Emphasis, Page, Part, Tile};
use metrics::Interval;
use run_files::metrics_json::{ClassMetrics, Metrics, ScoreMetrics};

use self::errors_table::errors_table;
use self::figures_table::figures_table;
pub(crate) use self::provenance::Provenance;
use super::baseline_report::BaselineReport;
use super::errors::WrongPrediction;
use super::pictures::Picture;
use super::slice_figures::SliceFigures;
use crate::p_value;

/// Everything that the page tells.
pub(crate) struct Report<'a> {
    pub(crate) metrics: &'a Metrics,
    pub(crate) pictures: &'a [Picture],
    pub(crate) slices: &'a SliceFigures,
    pub(crate) baseline: Option<&'a BaselineReport>,
    /// `None` where none were requested.
    pub(crate) errors: Option<&'a [WrongPrediction]>,
    /// Labels of classes that are likely wrong.
    pub(crate) n_label_issues: usize,
    pub(crate) warnings: &'a [String],
    pub(crate) provenance: Provenance<'a>,
}

/// The page.
pub(crate) fn page(report: &Report) -> Page {
    let evaluated = report.metrics.evaluated();
    let mut parts = vec![Part::Tiles(tiles(report))];
    let notices = evaluated.disclaimer.iter().chain(report.warnings);
    parts.extend(notices.map(|text| Part::Notice { emphasis: Emphasis::Warning, text: text.clone() }));
    for picture in report.pictures.iter().filter(|picture| picture.name != "slices") {
        parts.push(Part::Heading(picture.title.to_owned()));
        parts.push(chart(picture));
    }
    parts.push(Part::Heading("All figures".to_owned()));
    parts.push(figures_table(report.metrics));
    parts.push(Part::Heading("Slices".to_owned()));
    parts.extend(report.pictures.iter().filter(|picture| picture.name == "slices").map(chart));
    parts.push(slices_table(report.slices));
    parts.extend(report.errors.into_iter().flat_map(|errors| error_parts(report, errors)));
    parts.push(Part::Heading("Where it comes from".to_owned()));
    parts.extend(report.provenance.parts());
    Page { title: format!("{}: {}", evaluated.dataset, evaluated.split), parts }
}

fn error_parts(report: &Report, errors: &[WrongPrediction]) -> Vec<Part> {
    let heading = match report.metrics {
        Metrics::Classes(_) => "The surest errors",
        Metrics::Scores(_) => "The farthest predictions",
    };
    let mut parts = vec![Part::Heading(heading.to_owned())];
    parts.extend((report.n_label_issues > 0).then(|| label_issues(report.n_label_issues)));
    parts.extend(errors_table(errors));
    parts
}

fn label_issues(n: usize) -> Part {
    let labels = if n == 1 { "1 label of this split is".to_owned() } else { format!("{n} labels of this split are") };
    Part::Text(format!(
        "{labels} likely wrong, rather than the model (confident learning). Those among the errors below are marked; look at \
         the text before you change one. bert-eval suspects looks for such labels in train."
    ))
}

fn chart(picture: &Picture) -> Part {
    Part::Chart(Chart {
        svg: picture.svg.clone(),
        caption: picture.caption.to_owned(),
        alternative: picture.title.to_owned(),
    })
}

fn tiles(report: &Report) -> Vec<Tile> {
    let baseline = report.baseline.map(BaselineReport::headline);
    match report.metrics {
        Metrics::Classes(metrics) => class_tiles(metrics, baseline),
        Metrics::Scores(metrics) => score_tiles(metrics, baseline),
    }
}

fn class_tiles(metrics: &ClassMetrics, baseline: Option<f64>) -> Vec<Tile> {
    let (figures, intervals) = (&metrics.classification, &metrics.intervals);
    let baseline = baseline.map(|accuracy| format!("baseline {}", percent(accuracy)));
    let majority = metrics.more.majority_rate.map(|rate| format!("majority {}", percent(rate)));
    let beside = baseline.into_iter().chain(majority).collect::<Vec<_>>().join(", ");
    let more = |name: &str| intervals.more.get(name);
    let defined = |value: Option<f64>| value.map_or("undefined".to_owned(), decimal);
    vec![
        tile("Accuracy", percent(figures.accuracy), Some(&intervals.accuracy), percent, beside),
        tile("F1, macro", decimal(figures.macro_.f1), intervals.f1.macro_.as_ref(), decimal, String::new()),
        tile("F1, weighted", decimal(figures.weighted.f1), intervals.f1.weighted.as_ref(), decimal, String::new()),
        tile("Matthews correlation", decimal(figures.mcc), more("mcc"), decimal, String::new()),
        tile("ROC AUC", defined(metrics.roc_auc), more("roc_auc"), decimal, String::new()),
        tile("Cross-entropy", decimal(metrics.loss), more("loss"), decimal, "nats; less is better".to_owned()),
        rows_tile(figures.n, metrics.evaluated.rows),
    ]
}

fn score_tiles(metrics: &ScoreMetrics, baseline: Option<f64>) -> Vec<Tile> {
    let regression = &metrics.regression;
    let defined = |value: Option<f64>| value.map_or("undefined".to_owned(), decimal);
    let of = |name: &str| metrics.intervals.get(name);
    let baseline = baseline.map(|mse| format!("baseline {}", decimal(mse)));
    let beside = std::iter::once("less is better".to_owned()).chain(baseline).collect::<Vec<_>>().join("; ");
    vec![
        tile("R²", defined(regression.r2), of("r2"), decimal, String::new()),
        tile("Pearson", defined(regression.pearson), of("pearson"), decimal, String::new()),
        tile("Spearman", defined(regression.spearman), of("spearman"), decimal, String::new()),
        tile("Mean squared error", decimal(regression.mse), of("mse"), decimal, beside),
        tile("Mean absolute error", decimal(regression.mae), of("mae"), decimal, "less is better".to_owned()),
        rows_tile(regression.n, metrics.evaluated.rows),
    ]
}

fn rows_tile(n: u64, rows: usize) -> Tile {
    let without = rows as u64 - n.min(rows as u64);
    let note = if without == 0 { String::new() } else { format!("{without} more have no label") };
    tile("Texts", n.to_string(), None, decimal, note)
}

fn tile(name: &str, value: String, interval: Option<&Interval>, format: fn(f64) -> String, note: String) -> Tile {
    Tile {
        name: name.to_owned(),
        value,
        interval: interval.map_or(String::new(), |it| format!("{} to {}", format(it.low), format(it.high))),
        note,
    }
}

fn percent(value: f64) -> String {
    format!("{:.1}\u{a0}%", 100.0 * value) // no line begins with the sign
}

fn decimal(value: f64) -> String {
    format!("{value:.4}")
}

fn slices_table(figures: &SliceFigures) -> Part {
    let number = |value: f64| if figures.is_accuracy() { Cell::percent(value, 1) } else { Cell::number(value, 4) };
    let optional = |value: Option<f64>| value.map_or(Cell::Empty, number);
    let name = if figures.is_accuracy() { "accuracy" } else { "mean absolute error" };
    let rows = figures.slices.iter().map(|slice| {
        let interval = slice.interval.as_ref();
        vec![
            Cell::from(slice.group.as_str()),
            Cell::from(slice.name.as_str()),
            Cell::count(slice.n as u64),
            number(slice.value),
            optional(interval.map(|interval| interval.low)),
            optional(interval.map(|interval| interval.high)),
            optional(slice.rest),
            p_value::cell(slice.p_adjusted),
            if slice.is_worse { Cell::badge(Emphasis::Bad, "worse") } else { Cell::Empty },
        ]
    });
    Part::DataTable(DataTable {
        name: "Each slice beside all other texts; p is corrected for the number of slices (Holm)".to_owned(),
        columns: vec![
            Column::filtered("group"),
            Column::new("slice"),
            Column::new("texts"),
            Column::new(name),
            Column::new("from"),
            Column::new("to"),
            Column::new("all others"),
            Column::new("p"),
            Column::new("more than chance"),
        ],
        rows: rows.collect(),
    })
}
