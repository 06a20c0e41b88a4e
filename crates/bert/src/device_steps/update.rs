//! The optimizer's step on a device: parameters in groups of one learning rate and weight decay, and what each step uploads.

use bert_kernels::{DeviceGroup, DeviceStep, UpdateRule, clip, update_group};
use tch::{Kind, Tensor};

use crate::error::BertError;
use crate::parameters::ParameterUpdate;

/// The optimizer's step.
#[derive(Debug)]
pub(super) struct Update {
    rule: Option<UpdateRule>,
    groups: Vec<DeviceGroup>,
    /// The highest learning rate of each group.
    highest_rates: Vec<f64>,
    max_grad_norm: f64,
    step: DeviceStep,
    /// The learning rate of each group, then the number of the step: float32.
    pub(super) uploaded: Tensor,
}

impl Update {
    /// `params` and `gradients` are those of the trained parameters, in their order; see [`super::DeviceStepsOptions`].
    pub(super) fn new(
        params: &[Tensor],
        gradients: &[Tensor],
        optimizer: Option<(UpdateRule, Vec<ParameterUpdate>)>,
        max_grad_norm: f64,
    ) -> Self {
        let (rule, updates) = optimizer.map_or((None, Vec::new()), |(rule, updates)| (Some(rule), updates));
        // The parameters of each pair of learning rate and weight decay.
        let mut alike: Vec<(f64, f64, Vec<usize>)> = Vec::new();
        for (index, update) in updates.iter().enumerate() {
            let ParameterUpdate { learning_rate, weight_decay, .. } = *update;
            match alike.iter_mut().find(|(rate, decay, _)| (*rate, *decay) == (learning_rate, weight_decay)) {
                Some((.., indices)) => indices.push(index),
                None => alike.push((learning_rate, weight_decay, vec![index])),
            }
        }
        let device = gradients.first().map_or(tch::Device::Cpu, Tensor::device);
        let uploaded = Tensor::zeros([alike.len() as i64 + 1], (Kind::Float, device));
        let group = |(index, (_, weight_decay, indices)): (usize, &(f64, f64, Vec<usize>))| {
            let of = |tensors: &[Tensor]| indices.iter().map(|&index| tensors[index].shallow_clone()).collect();
            let moment = |which: usize| indices.iter().map(|&at| updates[at].moments[which].shallow_clone()).collect();
            DeviceGroup {
                params: of(params),
                gradients: of(gradients),
                moments: (0..rule.map_or(0, UpdateRule::n_moments)).map(moment).collect(),
                learning_rate: uploaded.get(index as i64),
                weight_decay: *weight_decay,
            }
        };
        Self {
            rule,
            step: DeviceStep { step: uploaded.get(alike.len() as i64), ..DeviceStep::new(&uploaded) },
            highest_rates: alike.iter().map(|(rate, ..)| *rate).collect(),
            groups: alike.iter().enumerate().map(group).collect(),
            max_grad_norm,
            uploaded,
        }
    }

    /// The parameters and moments, which it changes.
    pub(super) fn state(&self) -> impl Iterator<Item = &Tensor> {
        self.groups.iter().flat_map(|group| group.params.iter().chain(group.moments.iter().flatten()))
    }

    /// What changes from step to step, as `uploaded` takes it.
    pub(super) fn uploads(&self, step: u64, learning_rate: impl Fn(f64) -> f64) -> Tensor {
        let rates = self.highest_rates.iter().map(|&highest| learning_rate(highest) as f32);
        Tensor::from_slice(&rates.chain([step as f32]).collect::<Vec<_>>())
    }

    /// Norm and clipping of the gradients, and the step: everything that can be recorded.
    pub(super) fn work(&self, gradients: &[Tensor], losses: &Tensor, norm: &Tensor) -> Result<(), BertError> {
        clip(gradients, self.max_grad_norm, losses, norm, &self.step)?;
        if let Some(rule) = self.rule {
            for group in &self.groups {
                update_group(group, rule, &self.step)?;
            }
        }
        Ok(())
    }
}
