//! Report: everything that a run tells, in its log, on the console, as TensorBoard events, and in its output folder.

mod curves;
mod event_log;
pub(crate) mod events;
pub(crate) mod messages;
mod outputs;
mod tensorboard;
mod timing;

pub(crate) use event_log::EventLog;
pub(crate) use outputs::{TrainingResult, summary, write_outputs};
pub(crate) use timing::Timing;
