//! Training loop: evaluate, save and log when due, until the plan is done or the run is paused.

mod run;
mod start;
mod train;

pub(crate) use run::{Inputs, RunContext};
pub(crate) use train::{Outcome, train};
