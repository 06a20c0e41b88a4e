pub(crate) mod dataset;
pub(crate) mod batch_sampler;
pub(crate) mod step_plan;
