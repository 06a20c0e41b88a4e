//! Calibration: whether probabilities can be believed, and what to do about it.

mod ece;
mod reliability;
mod temperature;
mod selective;

pub use ece::{CALIBRATION_BINS, expected_calibration_error};
pub use reliability::{ReliabilityBin, reliability};
pub use selective::{CoveragePoint, PrecisionThreshold, accuracy_by_coverage, threshold_for_precision};
pub use temperature::{Temperature, fit_temperature};
