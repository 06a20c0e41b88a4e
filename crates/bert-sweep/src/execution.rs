//! Execution: trials as processes, checked, trained rung by rung and pruned; or written as scripts for others to run.

pub(crate) mod training;
pub(crate) mod single_run;
mod relay;
mod exit_error;
pub(crate) mod rungs;
pub(crate) mod plan_check;
pub(crate) mod batch_scripts;
pub(crate) mod retention;
pub(crate) mod fold_preparation;
pub(crate) mod process_pool;
pub(crate) mod trial_process;
