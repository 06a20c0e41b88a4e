//! Report of an evaluation: `metrics.json`, the pictures of the confusion matrix, and a summary in one line.

use figures::{Confusion, Shares, confusion_matrix, png};
use run_files::layout::eval::{CONFUSION_MATRIX_PNG, CONFUSION_MATRIX_SVG, METRICS};
use run_files::metrics_json::{ClassMetrics, Metrics};
use stage::OutputFolder;

/// Pixels of the picture for each unit of the drawing.
const PNG_SCALE: f32 = 2.0;

/// Writes the files that `metrics` has.
pub(crate) fn write(output: &mut OutputFolder, metrics: &Metrics) -> anyhow::Result<()> {
    output.write_json(METRICS, metrics)?;
    match metrics {
        Metrics::Classes(metrics) => write_confusion_matrix(output, metrics),
        Metrics::Scores(_) => Ok(()),
    }
}

/// The figures that a person looks at first.
pub(crate) fn summary(metrics: &Metrics) -> String {
    match metrics {
        Metrics::Classes(metrics) => {
            let (figures, interval) = (&metrics.classification, &metrics.intervals.accuracy);
            format!(
                "accuracy {:.2} % ({:.1} to {:.1}), F1 {:.4}, loss {:.4}, n = {}",
                100.0 * figures.accuracy,
                100.0 * interval.low,
                100.0 * interval.high,
                figures.weighted.f1,
                metrics.loss,
                figures.n
            )
        }
        Metrics::Scores(metrics) => {
            format!("mean squared error {:.4}, n = {}", metrics.regression.mse, metrics.regression.n)
        }
    }
}

fn write_confusion_matrix(output: &mut OutputFolder, metrics: &ClassMetrics) -> anyhow::Result<()> {
    let figures = &metrics.classification;
    let disclaimer = metrics.evaluated.disclaimer.as_ref().map_or(String::new(), |text| format!(" · {text}"));
    let subtitle = format!(
        "{} · n = {} · accuracy {:.1} % · F1 {:.3}{disclaimer}",
        metrics.evaluated.split,
        figures.n,
        100.0 * figures.accuracy,
        figures.weighted.f1
    );
    let matrix = &metrics.confusion_matrix;
    let svg = confusion_matrix(&Confusion {
        title: "Confusion matrix",
        subtitle: &subtitle,
        label_names: &matrix.label_names,
        counts: &matrix.counts,
        shares: Shares::ByRow,
    });
    output.write(CONFUSION_MATRIX_SVG, &svg)?;
    output.write(CONFUSION_MATRIX_PNG, png(&svg, PNG_SCALE)?)
}
