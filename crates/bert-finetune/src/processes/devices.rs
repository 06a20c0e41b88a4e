//! Devices: which GPU each of several processes takes, and the way that gradients go between them.

use std::collections::BTreeSet;

use bert::{Compute, n_cuda_devices};
use bert_kernels::DeviceIdentity;
use stage::{bail_input, ensure_input};
use tch::{Kind, Tensor};

use crate::processes::meeting::Meeting;
use crate::processes::team::Team;
use crate::processes::world::World;
use crate::settings::DdpBackend;

/// What `--device` is for this process: of the GPUs of a machine each of its processes takes the next.
///
/// # Errors
/// Fails where libtorch is broken.
pub(crate) fn device_of(world: &World, flag: &str) -> anyhow::Result<String> {
    if !["auto", "cuda"].contains(&flag) {
        return Ok(flag.to_owned());
    }
    Ok(match n_cuda_devices()? {
        0 => flag.to_owned(),
        n => format!("cuda:{}", world.local_rank % n),
    })
}

/// Connects the processes' GPUs, where there are any; with a remark, in words, where they have to exchange gradients through the
/// host.
///
/// # Errors
/// Fails on GPUs of several kinds, and where NCCL is asked for and does not connect them: bad input.
pub(crate) fn connect_devices(
    team: &mut Team,
    meeting: &Meeting,
    compute: Compute,
    backend: DdpBackend,
) -> anyhow::Result<Option<String>> {
    team.agree("--device", if compute.device.is_cuda() { "cuda" } else { "cpu" })?;
    team.agree("--ddp-backend", &format!("{backend:?}"))?;
    if !compute.device.is_cuda() {
        let problem = "--ddp-backend is nccl, which is for GPUs; leave it out, or use gloo";
        ensure_input!(backend != DdpBackend::Nccl, "{problem}");
        return Ok(None);
    }
    if backend == DdpBackend::Gloo {
        return Ok(None);
    }
    let Some(problem) = connect_by_nccl(team, &Tensor::zeros([1], (Kind::Float, compute.device)))? else {
        team.watch(meeting.watch()?);
        return Ok(None);
    };
    if backend == DdpBackend::Nccl {
        bail_input!("--ddp-backend is nccl, but {problem}; gloo goes through the host")
    }
    Ok(Some(format!("gradients go through the host: {problem}")))
}

/// Connects the GPUs, each that of its `like`; all processes learn the same problem, in words, where that cannot be.
fn connect_by_nccl(team: &Team, like: &Tensor) -> anyhow::Result<Option<String>> {
    let identity = DeviceIdentity::of(like);
    if let Some(problem) = team.first_problem(identity.as_ref().err().map(ToString::to_string))? {
        return Ok(Some(problem));
    }
    let DeviceIdentity { name, uuid } = identity?;
    team.agree("GPU", &name)?;
    let uuids: BTreeSet<String> = team.hashes(&uuid)?.into_iter().collect();
    if uuids.len() < team.size() {
        return Ok(Some("processes share a GPU".to_owned()));
    }
    // Parts of one GPU (MIG) have names of their own, and NCCL refuses them.
    let problem =
        team.group().connect_devices(like).err().map(|error| format!("NCCL cannot connect the GPUs: {error}"));
    let problem = team.first_problem(problem)?;
    if problem.is_some() {
        team.group().disconnect_devices();
    }
    Ok(problem)
}
