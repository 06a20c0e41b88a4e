//! Metrics: pure functions of labels, predictions and probabilities, one module each.
//!
//! In go class indices or scores, out come numbers that are ready to be written as JSON. Nothing here reads or writes
//! files, and nothing depends on the order of the rows. The definitions are those of scikit-learn with
//! `zero_division=0`, so that a number can be compared with one from the literature; where a value is not defined, it
//! is `None` or comes with a warning, and is never NaN for finite input.
//!
//! - [`ConfusionMatrix`] counts rows by true and predicted class; everything about classes derives from it.
//! - [`Classification`] is accuracy, precision, recall, F1 and MCC.
//! - [`roc_auc`] and [`expected_calibration_error`] are computed from probabilities.
//! - [`wilson_interval`] and [`F1Intervals`] are confidence intervals.
//! - [`Regression`] is for scores instead of classes.
//! - [`Sample`] summarizes a figure over seeds.

mod split_mix64;
mod error;
mod probabilities;
mod ranks;
mod confusion;

mod classification;
mod interval;
mod regression;
mod roc;
mod calibration;
mod sample;

pub use calibration::{CALIBRATION_BINS, expected_calibration_error};
pub use classification::{Classification, PerClass, Scores};
pub use confusion::ConfusionMatrix;
pub use error::MetricsError;
pub use interval::{F1Intervals, Interval, wilson_interval};
pub use probabilities::Probabilities;
pub use regression::Regression;
pub use roc::roc_auc;
pub use sample::Sample;
pub use split_mix64::split_mix64;
