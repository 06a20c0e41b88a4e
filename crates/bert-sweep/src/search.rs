//! Search: which settings are tried, and which of them go on. Pure functions of the profile and of the scores so far.

pub(crate) mod space;
pub(crate) mod sampler;
pub(crate) mod grid;
pub(crate) mod random;
pub(crate) mod tpe;
pub(crate) mod halving;
pub(crate) mod rng;
