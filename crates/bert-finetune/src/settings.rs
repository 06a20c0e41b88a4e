//! Settings: each group of flags twice, as typed (`*Args`) and as validated (`*Plan`).
//!
//! A group is one file: its flags with their help texts, the checks, and what the flags come to. A group's `resolve` is
//! the only way from the one to the other, so the fields of a plan can no longer be wrong. What the plans serialize to is
//! the settings' part of the run's key: a renamed field would make every finished run stale.

mod args;
mod plan;
mod batches;
mod optimizer;
mod schedule;
mod scheduler_kwargs;
mod objective;
mod weights;
mod intervals;
mod problem_type;
mod checks;
mod elsewhere;
mod typed_wins;

pub use args::{Args, DdpBackend};
pub use batches::BatchArgs;
pub use elsewhere::ELSEWHERE;
pub use intervals::IntervalArgs;
pub use objective::ObjectiveArgs;
pub use optimizer::OptimizerArgs;
pub use schedule::ScheduleArgs;
pub use typed_wins::SET_ASIDE;
pub use weights::WeightArgs;

pub(crate) use batches::{BatchPlan, BatchSize};
#[cfg(test)]
pub(crate) use intervals::Metric;
pub(crate) use intervals::{BestModelCriterion, EarlyStopping};
pub(crate) use objective::{ClassWeights, ObjectivePlan};
pub(crate) use optimizer::{OptimizerPlan, Rule};
pub(crate) use plan::{Plan, RunFacts};
pub(crate) use problem_type::ProblemType;
#[cfg(test)]
pub(crate) use schedule::SchedulerType;
pub(crate) use schedule::{Schedule, Warmup};
pub(crate) use scheduler_kwargs::{Plateau, PlateauMode, Ramp, StableDecay, ThresholdMode};
