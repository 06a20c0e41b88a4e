//! Comparison: differences between two models on the same rows, and between a slice of the rows and the rest.

mod bootstrap;
mod difference;
mod mcnemar;
mod multiple;

pub use bootstrap::{PairedBootstrap, PairedBootstraps, paired_bootstrap};
pub use difference::{Difference, SliceDifference, paired_difference, paired_score_difference, score_slice, slice};
pub use mcnemar::McNemar;
pub use multiple::holm;
