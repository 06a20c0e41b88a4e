//! Training loop: evaluate, save and log when due, until the plan is done or the run is paused.

mod train;
mod run;
mod start;

pub(crate) use run::{Inputs, RunContext};
pub(crate) use start::untrained;
pub(crate) use train::{Outcome, train};
