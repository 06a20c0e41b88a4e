//! Curves of each class against the rest, and tables of curves and counts as CSV, for programs that plot them: DVC, pandas.

use std::fmt::Write;

use metrics::{ClassRows, ConfusionMatrix, Curve, precision_recall_curve, roc_curve};

use super::calibrate::Confidence;

const MOST_POINTS: usize = 500;

/// The curves of a class that has rows, and not all of them.
#[derive(Debug, Clone)]
pub(crate) struct ClassCurve {
    pub(crate) label: String,
    pub(crate) support: u64,
    pub(crate) roc: Curve,
    pub(crate) precision_recall: Curve,
}

/// Of two classes the curves of the second, else those of each.
pub(crate) fn class_curves(rows: ClassRows, label_names: &[String]) -> Vec<ClassCurve> {
    let classes = if rows.n_classes() == 2 { 1..2 } else { 0..rows.n_classes() };
    let curve = |class: usize| {
        Some(ClassCurve {
            label: label_names.get(class)?.clone(),
            support: rows.labels().iter().filter(|&&label| label == class).count() as u64,
            roc: roc_curve(rows, class, MOST_POINTS).ok()?,
            precision_recall: precision_recall_curve(rows, class, MOST_POINTS).ok()?,
        })
    };
    classes.filter_map(curve).collect()
}

/// A table: its file's name and its text.
pub(crate) type CsvFile = (&'static str, String);

/// `roc.csv`, `precision_recall.csv`, `confusion_matrix.csv`, `reliability.csv`, `coverage.csv`.
pub(crate) fn csv_files(curves: &[ClassCurve], matrix: &ConfusionMatrix, confidence: &Confidence) -> Vec<CsvFile> {
    vec![
        ("roc.csv", curve_table(["false_positive_rate", "true_positive_rate"], curves, |curve| &curve.roc)),
        ("precision_recall.csv", curve_table(["recall", "precision"], curves, |curve| &curve.precision_recall)),
        ("confusion_matrix.csv", confusion_table(matrix)),
        ("reliability.csv", reliability_table(confidence)),
        ("coverage.csv", coverage_table(confidence)),
    ]
}

// Writing to a string cannot fail, so that results of `writeln!` are dropped below.

fn curve_table(axes: [&str; 2], curves: &[ClassCurve], of: fn(&ClassCurve) -> &Curve) -> String {
    let mut text = format!("label,{},{},threshold\n", axes[0], axes[1]);
    for curve in curves {
        for point in &of(curve).points {
            let threshold = point.threshold.map_or(String::new(), |threshold| threshold.to_string());
            let _ = writeln!(text, "{},{},{},{threshold}", field(&curve.label), point.x, point.y);
        }
    }
    text
}

/// One line for each pair of classes that occurs, as DVC's template `confusion` counts them.
fn confusion_table(matrix: &ConfusionMatrix) -> String {
    let mut text = String::from("actual,predicted,count\n");
    for (label, counts) in matrix.label_names.iter().zip(&matrix.counts) {
        for (prediction, count) in matrix.label_names.iter().zip(counts).filter(|(_, count)| **count > 0) {
            let _ = writeln!(text, "{},{},{count}", field(label), field(prediction));
        }
    }
    text
}

fn reliability_table(confidence: &Confidence) -> String {
    let mut text = String::from("low,high,n,confidence,accuracy,accuracy_low,accuracy_high\n");
    for bin in &confidence.reliability {
        let (low, high) = (bin.interval.low, bin.interval.high);
        let _ = writeln!(text, "{},{},{},{},{},{low},{high}", bin.low, bin.high, bin.n, bin.confidence, bin.accuracy);
    }
    text
}

fn coverage_table(confidence: &Confidence) -> String {
    let mut text = String::from("coverage,threshold,accuracy\n");
    for point in &confidence.accuracy_by_coverage {
        let _ = writeln!(text, "{},{},{}", point.coverage, point.threshold, point.accuracy);
    }
    text
}

/// A field of a table, quoted where it has to be (RFC 4180).
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_that_occur_are_counted_and_names_are_quoted() {
        let label_names = vec!["a, b".to_owned(), "\"c\"".to_owned()];
        let matrix = ConfusionMatrix { label_names, counts: vec![vec![3, 0], vec![1, 2]] };
        let expected =
            "actual,predicted,count\n\"a, b\",\"a, b\",3\n\"\"\"c\"\"\",\"a, b\",1\n\"\"\"c\"\"\",\"\"\"c\"\"\",2\n";
        assert_eq!(confusion_table(&matrix), expected);
    }
}
