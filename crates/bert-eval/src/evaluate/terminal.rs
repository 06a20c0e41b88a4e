//! What is said of an evaluation on the terminal: a table of the classes, as scikit-learn's `classification_report` has it, and
//! a line of figures.

use std::fmt::Write;

use corpus::shortened_name;
use run_files::metrics_json::{ClassMetrics, Metrics};
use unicode_width::UnicodeWidthStr;

/// Of more classes those with the lowest F1 are shown.
const MAX_CLASSES: usize = 20;

/// The figures that a person looks at first, in one line.
pub(crate) fn summary(metrics: &Metrics) -> String {
    match metrics {
        Metrics::Classes(metrics) => {
            let (figures, interval) = (&metrics.classification, &metrics.intervals.accuracy);
            let majority =
                metrics.more.majority_rate.map_or(String::new(), |rate| format!(", majority {:.1} %", 100.0 * rate));
            format!(
                "accuracy {:.2} % ({:.1} to {:.1}{majority}), F1 {:.4}, loss {:.4}, n = {}",
                100.0 * figures.accuracy,
                100.0 * interval.low,
                100.0 * interval.high,
                figures.weighted.f1,
                metrics.loss,
                figures.n
            )
        }
        Metrics::Scores(metrics) => {
            let regression = &metrics.regression;
            let r2 = regression.r2.map_or(String::new(), |r2| format!(", R² {r2:.4}"));
            format!("mean squared error {:.4}{r2}, n = {}", regression.mse, regression.n)
        }
    }
}

/// Precision, recall, F1 and support of the classes and their averages; empty for a regression.
pub(crate) fn class_table(metrics: &Metrics) -> String {
    let Metrics::Classes(metrics) = metrics else { return String::new() };
    let mut rows: Vec<Row> = class_rows(metrics);
    let n_classes = rows.len();
    if n_classes > MAX_CLASSES {
        rows.sort_by(|a, b| a.scores[2].total_cmp(&b.scores[2]));
        rows.truncate(MAX_CLASSES);
    }
    let figures = &metrics.classification;
    let averages = [("macro", figures.macro_), ("weighted", figures.weighted)];
    rows.extend(averages.map(|(name, average)| Row {
        name: format!("{name} average"),
        scores: [average.precision, average.recall, average.f1],
        support: figures.n,
    }));
    let width = rows.iter().map(|row| row.name.width()).max().unwrap_or(0);
    let mut table = format!("{:width$}  precision  recall      f1  support\n", "");
    for Row { name, scores: [precision, recall, f1], support } in &rows {
        // Writing to a string cannot fail.
        let blanks = width - name.width();
        let _ = writeln!(table, "{name}{:blanks$}  {precision:9.4}  {recall:6.4}  {f1:6.4}  {support:7}", "");
    }
    if n_classes > MAX_CLASSES {
        let _ = writeln!(table, "the {MAX_CLASSES} of {n_classes} classes with the lowest F1; metrics.json has all");
    }
    table
}

struct Row {
    name: String,
    /// Precision, recall, F1.
    scores: [f64; 3],
    support: u64,
}

fn class_rows(metrics: &ClassMetrics) -> Vec<Row> {
    let names = metrics.confusion_matrix.label_names.iter();
    let row = |(name, class): (&String, &metrics::PerClass)| Row {
        name: shortened_name(name),
        scores: [class.precision, class.recall, class.f1],
        support: class.support,
    };
    names.zip(&metrics.classification.per_class).map(row).collect()
}
