//! Several processes that train one model, as torchrun starts them: who they are, how they meet, agree and part.
//!
//! Process 0 alone judges lock and freshness and writes; the others wait for its decision, compute their micro-batches, and
//! end as it does. All of them hold the same weights, so nothing but gradients, losses and signals is exchanged in a step: on
//! GPUs from one to the other, by NCCL, all else through the host.

mod world;
mod shared_store;
mod failure;
mod meeting;
mod watch;
mod team;
mod devices;
mod restarts;

pub(crate) use devices::{connect_devices, device_of};
pub(crate) use meeting::{Decision, Meeting};
pub(crate) use restarts::Restarts;
pub(crate) use team::Team;
pub(crate) use world::World;
