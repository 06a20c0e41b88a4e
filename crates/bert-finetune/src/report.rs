//! Report: everything that a run tells, in its log, on the console, as TensorBoard events, and in its output folder.

pub(crate) mod messages;
mod event_log;
mod tensorboard;
mod timing;
mod curves;
mod outputs;
mod figures;

pub(crate) use event_log::EventLog;
pub(crate) use figures::figures;
pub(crate) use outputs::{TrainingResult, summary, write_outputs};
pub(crate) use timing::Timing;
