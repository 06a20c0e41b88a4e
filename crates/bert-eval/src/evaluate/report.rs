//! Report of an evaluation: `metrics.json`, the pictures of the confusion matrix, and a summary in one line.

use anyhow::Context;
use figures::{Confusion, FigureError, confusion_matrix, png};
use metrics::ConfusionMatrix;
use run_files::layout::eval::{CONFUSION_MATRIX_PNG, CONFUSION_MATRIX_SVG, METRICS};
use run_files::metrics_json::{ClassMetrics, Metrics};
use stage::OutputFolder;

use super::most_confused::most_confused;

/// The number of classes that are drawn where there is no picture of all of them.
const MAX_CLASSES: usize = 20;
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
    let (svg, pixels) = match draw("Confusion matrix", &subtitle, matrix) {
        // So many classes, or such long names, that there is no picture of all of them.
        Err(FigureError::Size { .. }) => {
            let reduced = most_confused(matrix, MAX_CLASSES);
            draw(&reduced_title(matrix.label_names.len()), &subtitle, &reduced)
        }
        drawn => drawn,
    }
    .context("cannot draw the confusion matrix")?;
    output.write(CONFUSION_MATRIX_SVG, &svg)?;
    output.write(CONFUSION_MATRIX_PNG, pixels)
}

/// A confusion matrix as SVG and as PNG.
fn draw(title: &str, subtitle: &str, matrix: &ConfusionMatrix) -> Result<(String, Vec<u8>), FigureError> {
    let (label_names, counts) = (matrix.label_names.as_slice(), matrix.counts.as_slice());
    let svg = confusion_matrix(&Confusion { title, subtitle, label_names, counts });
    let pixels = png(&svg, PNG_SCALE)?;
    Ok((svg, pixels))
}

fn reduced_title(n_classes: usize) -> String {
    if n_classes > MAX_CLASSES {
        format!(
            "Confusion matrix: the {MAX_CLASSES} of {n_classes} classes with the most errors, and all others as one"
        )
    } else {
        "Confusion matrix".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(label_names: Vec<String>) -> ConfusionMatrix {
        let counts = vec![vec![1; label_names.len()]; label_names.len()];
        ConfusionMatrix { label_names, counts }
    }

    #[test]
    fn what_no_picture_holds_is_drawn_in_part() {
        let many = matrix((0..174).map(|class| format!("class {class}")).collect());
        let long = matrix(vec!["x".repeat(4000), "y".to_owned()]);
        for matrix in [many, long] {
            assert!(matches!(draw("all", "", &matrix), Err(FigureError::Size { .. })));
            let (svg, _) = draw("some", "", &most_confused(&matrix, MAX_CLASSES)).unwrap();
            assert!(svg.len() < 300_000, "{}", svg.len());
        }
        assert_eq!(reduced_title(2), "Confusion matrix");
    }

    #[test]
    fn a_picture_that_fits_shows_every_class() {
        let (svg, _) = draw("all", "", &matrix((0..60).map(|class| format!("class {class}")).collect())).unwrap();
        assert!(svg.contains("class 59") && !svg.contains("other classes"));
    }
}
