//! One optimizer step: forward and backward of each micro-batch, clipping, update.

use anyhow::{Context, anyhow};
use bert::{Batch, Compute, DropoutRates, DropoutSites, Mode, Model, Parameters};
use checkpoint::BertConfig;
use sst::tokens::TokenSet;
use stage::Stop;
use tch::Tensor;
use torch_ext::{Gradient, global_norm};

use crate::loss::mean_loss;
use crate::optimizer::Optimizer;
use crate::plan::{Counts, Plan};
use crate::schedule::learning_rate;

/// Everything that a step changes, and what it needs to do so.
pub(crate) struct Trainer<'a> {
    pub(crate) parameters: Parameters,
    pub(crate) optimizer: Optimizer,
    /// Steps done.
    pub(crate) step: u64,
    plan: &'a Plan,
    counts: Counts,
    config: &'a BertConfig,
    compute: Compute,
    rates: DropoutRates,
    /// The epoch whose order is at hand, and the order.
    order: (u64, Vec<usize>),
}

/// What a step tells of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepReport {
    pub(crate) loss: f64,
    pub(crate) learning_rate: f64,
    pub(crate) grad_norm: f64,
    pub(crate) sentences: usize,
    pub(crate) tokens: usize,
}

impl<'a> Trainer<'a> {
    pub(crate) fn new(
        parameters: Parameters,
        plan: &'a Plan,
        counts: Counts,
        config: &'a BertConfig,
        compute: Compute,
    ) -> Self {
        let of_model = DropoutRates::of(config);
        let hidden = plan.hidden_dropout_prob.unwrap_or(of_model.hidden);
        let rates = DropoutRates {
            hidden,
            attention: plan.attention_probs_dropout_prob.unwrap_or(of_model.attention),
            classifier: plan.classifier_dropout.or(config.classifier_dropout).unwrap_or(hidden),
        };
        let optimizer = Optimizer::new(&parameters);
        let order = (u64::MAX, Vec::new());
        Self { parameters: parameters.trainable(), optimizer, step: 0, plan, counts, config, compute, rates, order }
    }

    /// The model as it stands, for evaluation.
    pub(crate) fn model(&self) -> Model {
        tch::no_grad(|| Model::new(&self.parameters, self.config, self.compute.precision))
    }

    /// Takes the next step.
    pub(crate) fn step(&mut self, train: &TokenSet) -> anyhow::Result<StepReport> {
        let windows = self.next_micro_batches();
        let mut sum: Option<Vec<Gradient>> = None;
        let mut report = StepReport { loss: 0.0, learning_rate: 0.0, grad_norm: 0.0, sentences: 0, tokens: 0 };
        for (micro_batch, rows) in windows.iter().enumerate() {
            let sites = DropoutSites::new(self.rates, self.plan.seed, self.step, micro_batch as u64, 0);
            let sentences: Vec<&[i32]> = rows.iter().map(|&row| train.input_ids(row)).collect();
            let batch = Batch::new(&sentences, self.compute.device);
            let model = Model::new(&self.parameters, self.config, self.compute.precision);
            let logits = model.forward(&batch, Mode::Train(&sites))?;
            let loss = mean_loss(&logits, &train.labels, rows, self.compute.device) / windows.len() as f64;
            report.loss += loss.f_double_value(&[])?;
            report.sentences += rows.len();
            report.tokens += batch.n_tokens;
            self.check_finite("loss", report.loss, train, rows)?;
            let gradients = self.backward(&loss)?;
            sum = Some(match sum {
                None => gradients,
                Some(sum) => add(sum, gradients)?,
            });
        }
        let gradients = sum.context("a step has at least one micro-batch")?;
        report.grad_norm = global_norm(&gradients);
        self.check_finite("gradient norm", report.grad_norm, train, &windows.concat())?;
        report.learning_rate = learning_rate(self.plan, &self.counts, self.step);
        let grad_scale = clipping_factor(report.grad_norm, self.plan.max_grad_norm);
        self.optimizer.step(&self.parameters, &gradients, self.plan, (self.step, report.learning_rate, grad_scale));
        self.step += 1;
        Ok(report)
    }

    fn backward(&self, loss: &Tensor) -> anyhow::Result<Vec<Gradient>> {
        let leaves: Vec<&Tensor> = self.parameters.leaves.iter().map(|leaf| &leaf.tensor).collect();
        let gradients = Tensor::f_run_backward(&[loss], &leaves, false, false)?;
        Ok(gradients.iter().map(Gradient::new).collect::<Result<_, _>>()?)
    }

    /// The rows of the next step's micro-batches; the last batch and the last window of an epoch may be short.
    fn next_micro_batches(&mut self) -> Vec<Vec<usize>> {
        let (epoch, place) = (self.step / self.counts.steps_per_epoch, self.step % self.counts.steps_per_epoch);
        if self.order.0 != epoch {
            self.order = (epoch, bert::random::permutation(self.counts.train_rows, self.plan.data_seed, epoch));
        }
        let batches = self.order.1.chunks(self.plan.per_device_train_batch_size);
        let accumulated = self.plan.gradient_accumulation_steps;
        batches.skip(place as usize * accumulated).take(accumulated).map(<[usize]>::to_vec).collect()
    }

    fn check_finite(&self, what: &str, value: f64, train: &TokenSet, rows: &[usize]) -> anyhow::Result<()> {
        if value.is_finite() {
            return Ok(());
        }
        let ids: Vec<String> = rows.iter().map(|&row| train.ids[row].to_string()).collect();
        let problem = anyhow!(
            "the {what} of step {} is {value}; the step was not taken. Rows of the batch (id): {}. \
             Try a lower --learning-rate, --max-grad-norm 1, a longer --warmup-ratio, or --precision float32",
            self.step + 1,
            ids.join(", ")
        );
        Err(Stop::Unhealthy(problem.to_string()).into())
    }
}

fn add(sum: Vec<Gradient>, gradients: Vec<Gradient>) -> anyhow::Result<Vec<Gradient>> {
    Ok(sum.into_iter().zip(gradients).map(|(a, b)| a.plus(b)).collect::<Result<_, _>>()?)
}

/// `min(1, max / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_`; 0 means never.
fn clipping_factor(norm: f64, max_norm: f64) -> f64 {
    if max_norm == 0.0 { 1.0 } else { (max_norm / (norm + 1e-6)).min(1.0) }
}
