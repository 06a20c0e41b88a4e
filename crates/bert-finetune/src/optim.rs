//! Optimization: optimizers, learning rate schedules, and the exponential moving average of the weights.

mod adafactor;
pub(crate) mod ema;
pub(crate) mod lr_scheduler;
pub(crate) mod optimizer;
