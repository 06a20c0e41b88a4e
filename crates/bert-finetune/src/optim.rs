pub(crate) mod lr_scheduler;
pub(crate) mod optimizer;
pub(crate) mod adafactor;
pub(crate) mod ema;
