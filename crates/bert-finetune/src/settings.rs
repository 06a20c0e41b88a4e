//! Each group of arguments twice: as it is typed, and as what is valid.
//!
//! A group's `resolve` is the only way from the one to the other, so a plan's fields can no longer be wrong. What the
//! plans serialize to is the part of the run's key that comes from the settings.

pub(crate) mod args;
mod batches;
mod intervals;
mod checks;
mod objective;
mod optimizer;
pub(crate) mod plan;
mod schedule;
mod weights;

pub use batches::BatchArgs;
pub use intervals::IntervalArgs;
pub use objective::ObjectiveArgs;
pub use optimizer::OptimizerArgs;
pub use schedule::ScheduleArgs;
pub use weights::WeightArgs;

pub(crate) use batches::{BatchPlan, BatchSize};
pub(crate) use intervals::{IntervalPlan, EarlyStopping, BestModelCriterion, Metric, Saving, When};
pub(crate) use objective::{ClassWeights, ObjectivePlan};
pub(crate) use optimizer::{OptimizerPlan, Rule};
#[cfg(test)]
pub(crate) use schedule::SchedulerType;
pub(crate) use schedule::{Plateau, Ramp, Schedule, ThresholdMode};
pub(crate) use weights::WeightPlan;
