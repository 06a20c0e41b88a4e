//! Curves of each class against the rest, and tables of curves and counts as CSV, for programs that plot them: DVC, pandas.

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
///
/// # Errors
/// Fails where memory does.
pub(crate) fn csv_files(
    curves: &[ClassCurve],
    matrix: &ConfusionMatrix,
    confidence: &Confidence,
) -> anyhow::Result<Vec<CsvFile>> {
    Ok(vec![
        ("roc.csv", curve_table(["false_positive_rate", "true_positive_rate"], curves, |curve| &curve.roc)?),
        ("precision_recall.csv", curve_table(["recall", "precision"], curves, |curve| &curve.precision_recall)?),
        ("confusion_matrix.csv", confusion_table(matrix)?),
        ("reliability.csv", reliability_table(confidence)?),
        ("coverage.csv", coverage_table(confidence)?),
    ])
}

fn curve_table(axes: [&str; 2], curves: &[ClassCurve], of: fn(&ClassCurve) -> &Curve) -> anyhow::Result<String> {
    let rows = curves.iter().flat_map(|curve| {
        of(curve).points.iter().map(|point| {
            let threshold = point.threshold.map_or(String::new(), |threshold| threshold.to_string());
            [curve.label.clone(), point.x.to_string(), point.y.to_string(), threshold]
        })
    });
    table(["label", axes[0], axes[1], "threshold"], rows)
}

/// One line for each pair of classes that occurs, as DVC's template `confusion` counts them.
fn confusion_table(matrix: &ConfusionMatrix) -> anyhow::Result<String> {
    let names = &matrix.label_names;
    let rows = names.iter().zip(&matrix.counts).flat_map(|(label, counts)| {
        let occurring = names.iter().zip(counts).filter(|(_, count)| **count > 0);
        occurring.map(|(prediction, count)| [label.clone(), prediction.clone(), count.to_string()])
    });
    table(["actual", "predicted", "count"], rows)
}

fn reliability_table(confidence: &Confidence) -> anyhow::Result<String> {
    let rows = confidence.reliability.iter().map(|bin| {
        let [mean, accuracy, low, high] =
            [bin.confidence, bin.accuracy, bin.interval.low, bin.interval.high].map(|number| number.to_string());
        [bin.low.to_string(), bin.high.to_string(), bin.n.to_string(), mean, accuracy, low, high]
    });
    table(["low", "high", "n", "confidence", "accuracy", "accuracy_low", "accuracy_high"], rows)
}

fn coverage_table(confidence: &Confidence) -> anyhow::Result<String> {
    let points = confidence.accuracy_by_coverage.iter();
    let rows = points.map(|point| [point.coverage, point.threshold, point.accuracy].map(|number| number.to_string()));
    table(["coverage", "threshold", "accuracy"], rows)
}

/// A header and its rows as CSV; fields are quoted where they have to be.
fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
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
        assert_eq!(confusion_table(&matrix).unwrap(), expected);
    }
}
