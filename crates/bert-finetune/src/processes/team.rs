//! Team: what a process of several does with the others while it trains. All of them call the same functions in the same order.

use anyhow::anyhow;
use bert::GradientExchange;
use bert::Gradients;
use bert_kernels::ProcessGroup;
use stage::{bail_input, sha256_hex};
use tch::{Device, Kind, Tensor, no_grad};

/// The connected processes of a run.
#[derive(Debug)]
pub(crate) struct Team {
    group: ProcessGroup,
}

impl Team {
    pub(crate) fn new(group: ProcessGroup) -> Self {
        Self { group }
    }

    pub(crate) fn rank(&self) -> usize {
        self.group.rank()
    }

    pub(crate) fn size(&self) -> usize {
        self.group.size()
    }

    pub(crate) fn is_first(&self) -> bool {
        self.rank() == 0
    }

    pub(crate) fn group(&self) -> &ProcessGroup {
        &self.group
    }

    /// The exchange of `gradients`, which the processes share.
    pub(crate) fn exchange(&self, gradients: &Gradients) -> GradientExchange<'_> {
        GradientExchange::new(&self.group, gradients)
    }

    /// Refuses to go on where a process has another `value` than process 0.
    pub(crate) fn agree(&self, what: &str, value: &str) -> anyhow::Result<()> {
        let hashes = self.hashes(value)?;
        let others: Vec<String> =
            (1..self.size()).filter(|&rank| hashes[rank] != hashes[0]).map(|rank| rank.to_string()).collect();
        if others.is_empty() {
            return Ok(());
        }
        bail_input!("rank {} has another {what} than rank 0; all processes of a run need the same", others.join(", "))
    }

    /// The SHA-256 of every process's `value`, in hexadecimal digits.
    pub(super) fn hashes(&self, value: &str) -> anyhow::Result<Vec<String>> {
        let hash = sha256_hex(value.as_bytes());
        let all: Vec<u8> = Vec::try_from(self.group.gathered(&Tensor::from_slice(hash.as_bytes()))?.view([-1]))?;
        Ok(all.chunks(hash.len()).map(|hash| String::from_utf8_lossy(hash).into_owned()).collect())
    }

    /// Sets `value` to that of process 0.
    pub(crate) fn number_of_first(&self, value: f64) -> anyhow::Result<f64> {
        let tensor = Tensor::from_slice(&[value]);
        self.take_from_first(&tensor)?;
        Ok(tensor.double_value(&[0]))
    }

    /// The text of process 0.
    pub(crate) fn text_of_first(&self, text: &str) -> anyhow::Result<String> {
        let length = self.number_of_first(text.len() as f64)? as i64;
        let bytes = if self.is_first() {
            Tensor::from_slice(text.as_bytes())
        } else {
            Tensor::zeros([length], (Kind::Uint8, Device::Cpu))
        };
        if length > 0 {
            self.take_from_first(&bytes)?;
        }
        let bytes: Vec<u8> = Vec::try_from(bytes).map_err(|error| anyhow!("{error}"))?;
        Ok(String::from_utf8(bytes)?)
    }

    /// Sets the numbers of `tensor` to those of process 0, by way of the host.
    pub(crate) fn take_from_first(&self, tensor: &Tensor) -> anyhow::Result<()> {
        if tensor.device() == Device::Cpu {
            return Ok(self.group.broadcast(tensor, 0)?);
        }
        let on_host = tensor.to_device(Device::Cpu).contiguous();
        self.group.broadcast(&on_host, 0)?;
        no_grad(|| tensor.shallow_clone().copy_(&on_host));
        Ok(())
    }

    /// The numbers of all processes, each of which has some of them and zeros for the others.
    pub(crate) fn merge(&self, numbers: &[f32]) -> anyhow::Result<Vec<f32>> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let all: Vec<f32> = Vec::try_from(self.group.gathered(&Tensor::from_slice(numbers))?.view([-1]))
            .map_err(|error| anyhow!("{error}"))?;
        let mut merged = vec![0_u32; numbers.len()];
        // Bits, not numbers: nothing is rounded, and zeros have no sign.
        for of_process in all.chunks(numbers.len()) {
            merged.iter_mut().zip(of_process).for_each(|(merged, number)| *merged |= number.to_bits());
        }
        Ok(merged.into_iter().map(f32::from_bits).collect())
    }
}
