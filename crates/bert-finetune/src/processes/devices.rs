//! Devices: which GPU each of several processes takes, and the way that gradients go between them.

use std::collections::BTreeSet;

use anyhow::anyhow;
use bert::{Compute, n_cuda_devices};
use bert_kernels::DeviceIdentity;
use stage::{bail_input, ensure_input};
use tch::{Kind, Tensor};

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

/// Connects the processes' GPUs, where there are any; with a remark, in words, where it is not NCCL that does.
///
/// # Errors
/// Fails on GPUs that differ, where two processes share one that must not, and where NCCL does: all of it bad input or the
/// machine's state.
pub(crate) fn connect_devices(
    team: &Team,
    compute: Compute,
    backend: DdpBackend,
) -> anyhow::Result<Option<&'static str>> {
    team.agree("--device", if compute.is_cuda() { "cuda" } else { "cpu" })?;
    if !compute.is_cuda() {
        ensure_input!(
            backend != DdpBackend::Nccl,
            "--ddp-backend is nccl, which is for GPUs; leave it out, or use gloo"
        );
        return Ok(None);
    }
    let like = Tensor::zeros([1], (Kind::Float, compute.device));
    let (identity, problem) = match DeviceIdentity::of(&like) {
        Ok(identity) => (Some(identity), None),
        Err(error) => (None, Some(error)),
    };
    let of_identity = |field: fn(DeviceIdentity) -> String| identity.clone().map_or_else(String::new, field);
    team.agree("GPU", &of_identity(|identity| identity.name))?;
    let all_differ =
        team.hashes(&of_identity(|identity| identity.uuid))?.iter().collect::<BTreeSet<_>>().len() == team.size();
    match (backend, problem) {
        (DdpBackend::Gloo, _) => return Ok(None),
        (DdpBackend::Auto, Some(_)) => {
            return Ok(Some("gradients go through the host: the programs were built without CUDA's headers"));
        }
        (DdpBackend::Nccl, Some(problem)) => bail_input!("--ddp-backend is nccl, but {problem}"),
        (DdpBackend::Auto, None) if !all_differ => {
            return Ok(Some("gradients go through the host, since processes share a GPU"));
        }
        (DdpBackend::Nccl, None) if !all_differ => {
            bail_input!(
                "--ddp-backend is nccl, but processes share a GPU; start as many as there are GPUs, or use gloo"
            )
        }
        (DdpBackend::Auto | DdpBackend::Nccl, None) => {}
    }
    let failed = |error| anyhow!("NCCL cannot connect the GPUs: {error}; --ddp-backend gloo goes through the host");
    team.group().connect_devices(&like).map_err(failed)?;
    Ok(None)
}
