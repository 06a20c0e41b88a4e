//! Data: the token files, which rows make each batch, and how many steps that comes to.

mod dataset;
mod batch_sampler;
mod step_plan;
mod micro_batches;

pub(crate) use dataset::{Dataset, TokenFiles};
pub(crate) use micro_batches::{BatchShape, MicroBatches};
