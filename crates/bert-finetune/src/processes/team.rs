//! Team: what a process of several does with the others while it trains. All of them call the same functions in the same order.

use anyhow::anyhow;
use bert::GradientExchange;
use bert::Gradients;
use bert_kernels::ProcessGroup;
use stage::{bail_input, sha256_hex};
use tch::{Device, Kind, Tensor, no_grad};

use crate::processes::watch::Watch;

/// The connected processes of a run.
#[derive(Debug)]
pub(crate) struct Team {
    /// The first that ends, as messages of the group may not.
    watch: Option<Watch>,
    group: ProcessGroup,
    spans_machines: bool,
}

impl Team {
    /// `spans_machines`: whether a network is between some of them.
    pub(crate) fn new(group: ProcessGroup, spans_machines: bool) -> Self {
        Self { watch: None, group, spans_machines }
    }

    /// Whether it is worth while to send what is there before all of it is: within a machine that takes the time of those who compute.
    pub(crate) fn spans_machines(&self) -> bool {
        self.spans_machines
    }

    /// From here on the processes are watched over, since waiting for numbers has no end of its own.
    pub(super) fn watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
    }

    /// A step begins, whose numbers are waited for.
    pub(crate) fn step_begins(&self) {
        self.watch.iter().for_each(Watch::step_begins);
    }

    /// The numbers of a step have come; `more`: those of others are waited for.
    pub(crate) fn numbers_came(&self, more: bool) {
        self.watch.iter().for_each(|watch| watch.numbers_came(more));
    }

    /// This process no longer waits for the others, and is not missed.
    pub(crate) fn done(&self) {
        self.watch.iter().for_each(Watch::done);
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
        self.text_of(0, text)
    }

    /// The problem of the first process that has one.
    pub(super) fn first_problem(&self, mine: Option<String>) -> anyhow::Result<Option<String>> {
        let have: Vec<i64> = Vec::try_from(self.group.gathered(&Tensor::from(i64::from(mine.is_some())))?)?;
        let first = have.iter().position(|&has| has != 0);
        first.map(|rank| self.text_of(rank, mine.as_deref().unwrap_or_default())).transpose()
    }

    /// The text of one process.
    fn text_of(&self, rank: usize, text: &str) -> anyhow::Result<String> {
        let length = Tensor::from_slice(&[text.len() as i64]);
        self.group.broadcast(&length, rank)?;
        let length = length.int64_value(&[0]);
        let bytes = if self.rank() == rank {
            Tensor::from_slice(text.as_bytes())
        } else {
            Tensor::zeros([length], (Kind::Uint8, Device::Cpu))
        };
        if length > 0 {
            self.group.broadcast(&bytes, rank)?;
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
