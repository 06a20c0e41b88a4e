//! Optimization: optimizers, learning rate schedules, and the exponential moving average of the weights.

pub(crate) mod optimizer;
mod adafactor;
pub(crate) mod lr_scheduler;
pub(crate) mod plateau;
pub(crate) mod ema;
