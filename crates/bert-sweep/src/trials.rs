//! Trials: a setting and its runs, what their folders hold, and how they are ranked.

pub(crate) mod dataset;
pub(crate) mod trial;
pub(crate) mod trial_folder;
pub(crate) mod trial_plan;
pub(crate) mod run_log;
pub(crate) mod row;
pub(crate) mod objective;
pub(crate) mod ranking;
pub(crate) mod values;
