//! Report: the files that a sweep leaves beside its trials.

pub(crate) mod outputs;
pub(crate) mod page;
pub(crate) mod summary;
pub(crate) mod leaderboard;
pub(crate) mod marginal_effects;
