//! Pictures of an evaluation, each as SVG and as PNG. One that cannot be drawn is said and left out: it never costs figures.

mod of_classes;
mod of_confidence;
mod of_scores;

use figures::{Estimate, Slice, Slices, missing_glyphs, png};
use metrics::Interval;
use run_files::metrics_json::EvaluatedSplit;
use stage::{OutputFolder, OutputWriter};

use super::slice_figures::SliceFigures;

/// Pixels of a picture for each unit of the drawing.
const PNG_SCALE: f32 = 2.0;

/// A picture, not yet written.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// The name of its files, without the extension.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// How it is read.
    pub(crate) caption: &'static str,
    pub(crate) svg: String,
}

pub(crate) use self::of_classes::class_pictures;
pub(crate) use self::of_confidence::confidence_pictures;
pub(crate) use self::of_scores::score_pictures;

/// Writes each picture as `{name}.svg` and `{name}.png`; what could not be drawn, in words.
///
/// # Errors
/// Fails when a file cannot be written.
pub(crate) fn write(pictures: &[Picture], output: &mut OutputFolder) -> anyhow::Result<Vec<String>> {
    let mut said = Vec::new();
    for picture in pictures {
        output.write(&format!("{}.svg", picture.name), &picture.svg)?;
        match png(&picture.svg, PNG_SCALE) {
            Ok(pixels) => output.write(&format!("{}.png", picture.name), pixels)?,
            Err(error) => said.push(format!("no {}.png: {error}", picture.name)),
        }
    }
    said.extend(boxes(pictures));
    Ok(said)
}

/// What of the names is only seen in the SVG.
fn boxes(pictures: &[Picture]) -> Option<String> {
    const MOST: usize = 10;
    let svgs: String = pictures.iter().map(|picture| picture.svg.as_str()).collect();
    let missing = missing_glyphs(&svgs);
    let shown = missing.iter().take(MOST).map(char::to_string).collect::<Vec<_>>().join(" ");
    let more = if missing.len() > MOST { " ..." } else { "" };
    (!missing.is_empty()).then(|| {
        format!(
            "in each PNG there are boxes for {shown}{more}, which its font lacks; the SVG and report.html show them"
        )
    })
}

/// More are hard to read; all of them stand in the table below.
const MAX_DOTS: usize = 40;

/// The slices as dots with intervals, the worst first.
pub(crate) fn slice_picture(figures: &SliceFigures, evaluated: &EvaluatedSplit) -> Option<Picture> {
    Some(Picture {
        name: "slices",
        title: "Slices",
        caption: "Texts that have something in common, the worst first and at most 40. The line is the figure of all texts; marked slices are \
                  worse than all other texts by more than chance, corrected for their number.",
        svg: dots("Slices", figures, evaluated)?,
    })
}

/// The nodes of the trees as dots with intervals, by size and depth.
pub(crate) fn node_picture(figures: &SliceFigures, evaluated: &EvaluatedSplit) -> Option<Picture> {
    Some(Picture {
        name: "nodes",
        title: "Nodes of the trees",
        caption: "Every labeled phrase by its size and by its depth below the sentence. The line is the figure of all nodes.",
        svg: dots("Nodes of the trees", figures, evaluated)?,
    })
}

fn dots(title: &str, figures: &SliceFigures, evaluated: &EvaluatedSplit) -> Option<String> {
    let names: Vec<String> = figures.slices.iter().map(|slice| format!("{}: {}", slice.group, slice.name)).collect();
    let slices: Vec<Slice> = figures
        .slices
        .iter()
        .zip(&names)
        .take(MAX_DOTS)
        .map(|(slice, name)| Slice {
            name,
            n: slice.n as u64,
            estimate: estimate(slice.value, slice.interval.as_ref()),
            marked: slice.is_worse,
        })
        .collect();
    if slices.is_empty() {
        return None;
    }
    let chart = Slices {
        title,
        subtitle: &subtitle(evaluated, ""),
        metric: if figures.is_accuracy() { "Accuracy" } else { "Mean absolute error" },
        is_percent: figures.is_accuracy(),
        overall: Some(figures.overall),
        slices: &slices,
    };
    Some(figures::slices(&chart))
}

fn estimate(value: f64, interval: Option<&Interval>) -> Estimate {
    Estimate { value, interval: interval.map(|interval| (interval.low, interval.high)) }
}

/// `test · n = 872 · sample figures`
fn subtitle(evaluated: &EvaluatedSplit, figures: &str) -> String {
    let parts = [evaluated.split.as_str(), figures, evaluated.disclaimer.as_deref().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}
