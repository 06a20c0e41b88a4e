//! Data: the token files, which rows make each batch, and how many steps that comes to.

mod batch_sampler;
mod dataset;
mod micro_batches;
mod step_plan;

pub(crate) use dataset::{Dataset, TokenFiles};
pub(crate) use micro_batches::MicroBatches;
