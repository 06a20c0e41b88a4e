//! Training: the loss, one optimizer step, the evaluation of the validation split, and what the loop remembers.

pub(crate) mod trainer;
mod host_steps;
mod device_training;
pub(crate) mod step;
pub(crate) mod tensor_counts;
pub(crate) mod loss;
pub(crate) mod evaluation;
pub(crate) mod loop_state;
pub(crate) mod memory;
