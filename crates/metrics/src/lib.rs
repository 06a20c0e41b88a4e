//! Metrics: pure functions of labels, predictions and probabilities, one module each.
//!
//! In go class indices or scores, out come numbers that are ready to be written as JSON. Nothing here reads or writes
//! files, and nothing but the draws of the bootstrap depends on the order of the rows. The definitions are those of scikit-learn with
//! `zero_division=0`, so that a number can be compared with one from the literature; where a value is not defined, it
//! is `None` or comes with a warning, and is never NaN for finite input.
//!
//! - [`ConfusionMatrix`] counts rows by true and predicted class; everything about classes derives from it.
//! - [`Classification`] is accuracy, precision, recall, F1 and MCC.
//! - [`Figure`] and [`ScoreFigure`] name all figures; an [`Estimate`] is one of them with its influence values, from which
//!   its interval and its differences come.
//! - [`paired_difference`], [`McNemar`], [`paired_bootstrap`] and [`slice`] compare, [`holm`] corrects for several.
//! - [`reliability`], [`fit_temperature`] and [`accuracy_by_coverage`] are about probabilities, [`roc_curve`] and
//!   [`precision_recall_curve`] about rankings.
//! - [`find_label_issues`] finds likely label errors.
//! - [`Regression`] is for scores instead of classes.
//! - [`Sample`] summarizes a figure over seeds.

mod split_mix64;
mod error;
mod probabilities;
mod ranks;
mod distributions;
mod rows;
mod confusion;

mod classification;
mod interval;
mod estimate;
mod calibration;
mod figures;
mod curves;
mod regression;
mod comparison;
mod label_issues;
mod sample;

pub use calibration::{
    CALIBRATION_BINS, CoveragePoint, PrecisionThreshold, ReliabilityBin, Temperature, accuracy_by_coverage,
    expected_calibration_error, fit_temperature, reliability, threshold_for_precision,
};
pub use classification::{Classification, PerClass, Scores};
pub use comparison::{
    Difference, McNemar, PairedBootstrap, PairedBootstraps, SliceDifference, holm, paired_bootstrap, paired_difference,
    paired_score_difference, score_slice, slice,
};
pub use confusion::ConfusionMatrix;
pub use curves::{Curve, CurvePoint, precision_recall_curve, roc_curve};
pub use error::MetricsError;
pub use estimate::{Estimate, Reason};
pub use figures::{Average, ClassEvaluation, Figure, Score, ScoreFigure, cut, cut_accuracy, score_estimate};
pub use interval::{Interval, wilson_interval};
pub use label_issues::{LabelIssue, LabelIssues, find_label_issues, ranked_labels};
pub use probabilities::Probabilities;
pub use regression::Regression;
pub use rows::{ClassRows, ClassSample, ScoreRows};
pub use sample::Sample;
pub use split_mix64::split_mix64;
