//! Findings of an evaluation, and the files that tell them.

use run_files::calibration::Calibration;
use run_files::layout::eval::{
    BASELINE, CALIBRATION, CONFIDENCE, DVC, ERRORS, FLAT_METRICS, METRICS, NODES, REPORT, SLICES, TENSORBOARD_EVENTS,
};
use run_files::metrics_json::{ClassMetrics, Metrics};
use run_files::predictions::Predictions;
use stage::{OutputFolder, OutputWriter};

use super::baseline_report::BaselineReport;
use super::calibrate::confidence;
use super::curves::{class_curves, csv_files};
use super::errors::WrongPrediction;
use super::inputs::Inputs;
use super::page::{self, Provenance, Report};
use super::pictures::{self, Picture};
use super::slice_figures::SliceFigures;
use super::tensorboard;
use crate::args::Args;
use crate::flat_figures::defined_figures;
use crate::labeled::{Labeled, LabeledClasses};

/// How DVC shows the figures and the tables: `dvc metrics show`, `dvc plots show`.
const DVC_FRAGMENT: &str = "\
# `dvc metrics show` and `dvc plots show` in a DVC repository, from this folder
metrics:
  - metrics_flat.json
plots:
  - confusion_matrix.csv:
      template: confusion
      x: actual
      y: predicted
  - roc.csv:
      x: false_positive_rate
      y: true_positive_rate
  - precision_recall.csv:
      x: recall
      y: precision
  - reliability.csv:
      x: confidence
      y: accuracy
  - coverage.csv:
      x: coverage
      y: accuracy
";

/// What was found in the predictions of a split that has labels.
pub(crate) struct Findings<'a> {
    pub(crate) metrics: Metrics,
    pub(crate) predictions: &'a Predictions,
    pub(crate) labeled: Labeled<'a>,
    /// What the logits were divided by, where a temperature was given.
    pub(crate) temperature: Option<f64>,
    /// The temperature of the validation split of a classifier.
    pub(crate) fitted: Option<Calibration>,
    pub(crate) baseline: Option<BaselineReport>,
    /// Of the trees, by size and depth.
    pub(crate) nodes: Option<SliceFigures>,
    pub(crate) slices: SliceFigures,
    pub(crate) errors: Vec<WrongPrediction>,
    /// Labels of classes that are likely wrong.
    pub(crate) n_label_issues: usize,
    pub(crate) warnings: Vec<String>,
}

impl Findings<'_> {
    /// Writes all files, the figures first; what could not be drawn, in words.
    ///
    /// # Errors
    /// Fails when a file cannot be written.
    pub(crate) fn write(&self, args: &Args, inputs: &Inputs, output: &mut OutputFolder) -> anyhow::Result<Vec<String>> {
        output.write_json(METRICS, &self.metrics)?;
        let figures = defined_figures(&serde_json::to_value(&self.metrics)?);
        output.write_json(FLAT_METRICS, &figures)?;
        output.write_unlisted(TENSORBOARD_EVENTS, tensorboard::event_file(&figures, &args.run))?;
        output.write_json(SLICES, &self.slices)?;
        if let Some(nodes) = &self.nodes {
            output.write_json(NODES, nodes)?;
        }
        if let Some(baseline) = &self.baseline {
            output.write_json(BASELINE, baseline)?;
        }
        output.write_json_lines(ERRORS, &self.errors)?;
        let mut pictures = match (&self.metrics, &self.labeled) {
            (Metrics::Classes(metrics), Labeled::Classes(classes)) => self.write_classes(metrics, classes, output)?,
            (Metrics::Scores(metrics), Labeled::Scores(scores)) => {
                pictures::score_pictures(metrics, scores.score_rows()?)
            }
            _ => Vec::new(), // figures are of the kind of the rows
        };
        let evaluated = self.metrics.evaluated();
        pictures.extend(pictures::slice_picture(&self.slices, evaluated));
        pictures.extend(self.nodes.as_ref().and_then(|nodes| pictures::node_picture(nodes, evaluated)));
        let said = pictures::write(&pictures, output)?;
        let report = Report {
            metrics: &self.metrics,
            pictures: &pictures,
            slices: &self.slices,
            baseline: self.baseline.as_ref(),
            errors: (args.errors > 0).then_some(&*self.errors),
            n_label_issues: self.n_label_issues,
            warnings: &self.warnings,
            provenance: Provenance::new(args, inputs, output),
        };
        output.write(REPORT, figures::html(&page::page(&report)))?;
        Ok(said)
    }

    /// What only classifiers have: calibration, curves, tables; and their pictures.
    fn write_classes(
        &self,
        metrics: &ClassMetrics,
        classes: &LabeledClasses,
        output: &mut OutputFolder,
    ) -> anyhow::Result<Vec<Picture>> {
        if let Some(calibration) = &self.fitted {
            output.write_json(CALIBRATION, calibration)?;
        }
        let fitted = self.fitted.as_ref().map(|calibration| calibration.temperature);
        let confidence = confidence(classes, self.predictions, self.temperature, fitted)?;
        output.write_json(CONFIDENCE, &confidence)?;
        let curves = class_curves(classes.class_rows()?, classes.label_names);
        for (name, table) in csv_files(&curves, &metrics.confusion_matrix, &confidence)? {
            output.write(name, table)?;
        }
        output.write(DVC, DVC_FRAGMENT)?;
        let mut pictures = pictures::class_pictures(metrics);
        pictures.extend(pictures::confidence_pictures(metrics, &curves, &confidence));
        Ok(pictures)
    }
}
