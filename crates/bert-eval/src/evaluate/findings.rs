//! Findings of an evaluation, and the files that tell them.

use std::io::Write;

use run_files::layout::eval::{ERRORS, FLAT_METRICS, METRICS, REPORT, SLICES};
use run_files::metrics_json::Metrics;
use stage::OutputFolder;

use super::errors::WrongPrediction;
use super::inputs::Inputs;
use super::page::{self, Provenance, Report};
use super::pictures::{self, Picture};
use super::slice_figures::SliceFigures;
use crate::args::Args;
use crate::flat_figures::flat_figures;
use crate::labeled::Labeled;

/// What was found in the predictions of a split that has labels.
pub(crate) struct Findings<'a> {
    pub(crate) metrics: Metrics,
    pub(crate) labeled: Labeled<'a>,
    pub(crate) slices: SliceFigures,
    pub(crate) errors: Vec<WrongPrediction>,
    pub(crate) warnings: Vec<String>,
}

impl Findings<'_> {
    /// Writes all files, the figures first; what could not be drawn, in words.
    ///
    /// # Errors
    /// Fails when a file cannot be written.
    pub(crate) fn write(&self, args: &Args, inputs: &Inputs, output: &mut OutputFolder) -> anyhow::Result<Vec<String>> {
        output.write_json(METRICS, &self.metrics)?;
        output.write_json(FLAT_METRICS, &flat_figures(&serde_json::to_value(&self.metrics)?))?;
        output.write_json(SLICES, &self.slices)?;
        self.write_errors(output)?;
        let pictures = self.pictures()?;
        let said = pictures::write(&pictures, output)?;
        let report = Report {
            metrics: &self.metrics,
            pictures: &pictures,
            slices: &self.slices,
            errors: &self.errors,
            warnings: &self.warnings,
            provenance: Provenance::new(args, inputs, output),
        };
        output.write(REPORT, figures::html(&page::page(&report)))?;
        Ok(said)
    }

    /// One line for each error that is shown.
    fn write_errors(&self, output: &mut OutputFolder) -> anyhow::Result<()> {
        output.output(ERRORS, |file| {
            for error in &self.errors {
                serde_json::to_writer(&mut *file, error)?;
                file.write_all(b"\n")?;
            }
            Ok(())
        })
    }

    fn pictures(&self) -> anyhow::Result<Vec<Picture>> {
        let mut pictures = match (&self.metrics, &self.labeled) {
            (Metrics::Classes(metrics), _) => pictures::class_pictures(metrics),
            (Metrics::Scores(metrics), Labeled::Scores(scores)) => {
                pictures::score_pictures(metrics, scores.score_rows()?)
            }
            (Metrics::Scores(_), Labeled::Classes(_)) => Vec::new(), // figures are of the kind of the rows
        };
        pictures.extend(pictures::slice_picture(&self.slices, self.metrics.evaluated()));
        Ok(pictures)
    }
}
