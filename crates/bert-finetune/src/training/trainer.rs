//! One optimizer step: forward and backward of each micro-batch, clipping, update.

use anyhow::anyhow;
use bert::{Batch, Compute, DropoutRates, DropoutSites, Gradients, Machine, Model, Parameters};
use bert_kernels::global_norm;
use checkpoint::BertConfig;
use corpus::tokens::TokenSet;
use stage::ExitReason;

use crate::optim::ema::Ema;
use crate::optim::optimizer::{Optimizer, StepRates};
use crate::settings::Plan;
use crate::training::loss::Objective;

/// Everything that a step changes, and what it needs to do so.
pub(crate) struct Trainer<'a> {
    pub(crate) parameters: Parameters,
    pub(crate) optimizer: Optimizer,
    /// The moving average of the weights, where one is kept.
    pub(crate) average: Option<Ema>,
    pub(crate) objective: Objective,
    /// Steps done.
    pub(crate) step: u64,
    /// The parameters in the precision of the products.
    pub(crate) model: Model,
    gradients: Gradients,
    plan: &'a Plan,
    config: &'a BertConfig,
    compute: Compute,
    rates: DropoutRates,
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
    /// `new`: the tensors that no checkpoint brought.
    pub(crate) fn new(
        (parameters, new): (Parameters, &[String]),
        objective: Objective,
        plan: &'a Plan,
        config: &'a BertConfig,
        compute: Compute,
    ) -> anyhow::Result<Self> {
        let parameters = prepare((parameters, new), plan, config).trainable();
        let model = Model::new(&parameters, config, compute.precision)?;
        Ok(Self {
            gradients: model.gradients(&parameters),
            model,
            optimizer: Optimizer::new(plan.optimizer, &parameters, config),
            average: plan.weights.ema_decay.map(|decay| Ema::new(decay, &parameters)),
            parameters,
            objective,
            step: 0,
            plan,
            config,
            compute,
            rates: dropout_rates(plan, config),
        })
    }

    /// Brings every number up to date: what the last steps had to change in the word table may be late. Before weights and
    /// state are read.
    pub(crate) fn flush(&mut self) {
        self.optimizer.flush(&self.parameters);
    }

    /// What the run's bytes depend on beside its input and settings.
    pub(crate) fn machine(&self) -> Machine {
        self.compute.machine(self.model.depends_on_threads() || self.optimizer.depends_on_threads())
    }

    /// After weights were read from a checkpoint.
    pub(crate) fn weights_were_set(&mut self) -> anyhow::Result<()> {
        Ok(self.model.read_weights(&self.parameters)?)
    }

    /// The weights that are evaluated and kept: the average where there is one, without adapters.
    pub(crate) fn result(&self) -> Parameters {
        assert!(self.optimizer.is_flushed(), "rows catch up before weights are read");
        self.average.as_ref().map_or(&self.parameters, |average| &average.parameters).merged()
    }

    /// Does `evaluate` with the model as it would be kept now.
    pub(crate) fn with_result<R>(&self, evaluate: impl FnOnce(&Model) -> anyhow::Result<R>) -> anyhow::Result<R> {
        assert!(self.optimizer.is_flushed(), "rows catch up before weights are read");
        if self.average.is_none() && self.plan.weights.lora.is_none() {
            return evaluate(&self.model);
        }
        evaluate(&tch::no_grad(|| Model::new(&self.result(), self.config, self.compute.precision))?)
    }

    /// Takes the next step over these micro-batches of `train`'s rows, at `factor` times the highest learning rate.
    pub(crate) fn step(&mut self, train: &TokenSet, batches: &[Vec<usize>], factor: f64) -> anyhow::Result<StepReport> {
        let learning_rate = self.plan.optimizer.learning_rate * factor;
        let mut report = StepReport { loss: 0.0, learning_rate, grad_norm: 0.0, sentences: 0, tokens: 0 };
        let ids = |&row: &usize| train.input_ids(row).iter().map(|&id| i64::from(id));
        let ids: Vec<i64> = batches.iter().flatten().flat_map(ids).collect();
        self.optimizer.apply_deferred(&self.parameters, &ids);
        self.gradients.clear();
        let mut losses = Vec::with_capacity(batches.len());
        for (micro_batch, rows) in batches.iter().enumerate() {
            let sites = DropoutSites::new(self.rates, self.plan.batches.seed, self.step, micro_batch as u64, 0);
            let sentences: Vec<&[i32]> = rows.iter().map(|&row| train.input_ids(row)).collect();
            let batch = Batch::new(&sentences, self.compute.device);
            let pass = self.model.forward_train(&batch, &sites)?;
            let loss = self.objective.mean(&pass.logits, &train.labels, rows) / batches.len() as f64;
            report.sentences += rows.len();
            report.tokens += batch.n_tokens;
            pass.backward(&loss, &self.parameters, &mut self.gradients)?;
            losses.push(loss.detach());
        }
        // Read here, a GPU has been given the backward passes before it is waited for.
        for (rows, loss) in batches.iter().zip(losses) {
            report.loss += loss.f_double_value(&[])?;
            check_finite(self.step, "loss", report.loss, train, rows)?;
        }
        let gradients = self.gradients.of_leaves();
        report.grad_norm = global_norm(gradients, self.model.kernel().as_deref())?;
        check_finite(self.step, "gradient norm", report.grad_norm, train, &batches.concat())?;
        let grad_scale = clipping_factor(report.grad_norm, self.plan.optimizer.max_grad_norm);
        let rates = StepRates { step: self.step, factor, grad_scale };
        self.optimizer.step(&self.parameters, gradients, rates, self.model.kernel())?;
        if self.optimizer.moves_copies() && self.model.kernel().is_some() {
            self.model.read_head(&self.parameters)?;
        } else {
            self.model.read_weights(&self.parameters)?;
        }
        if self.average.is_some() {
            self.flush();
        }
        if let Some(average) = &mut self.average {
            average.take_in(&self.parameters);
        }
        self.step += 1;
        Ok(report)
    }
}

fn check_finite(step: u64, what: &str, value: f64, train: &TokenSet, rows: &[usize]) -> anyhow::Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    let ids: Vec<String> = rows.iter().map(|&row| train.ids[row].to_string()).collect();
    let problem = anyhow!(
        "the {what} of step {} is {value}; the step was not taken. Rows of the batch (id): {}. \
         Try a lower --learning-rate, --max-grad-norm 1, a longer --warmup-ratio, or --precision float32",
        step + 1,
        ids.join(", ")
    );
    Err(ExitReason::Unhealthy(problem.to_string()).into())
}

/// With the adapters that the plan asks for, and the leaves frozen that it keeps.
fn prepare((parameters, new): (Parameters, &[String]), plan: &Plan, config: &BertConfig) -> Parameters {
    let mut parameters = match &plan.weights.lora {
        Some(lora) => parameters.with_adapters(lora, config, new, plan.batches.seed),
        None => parameters,
    };
    let frozen_layers: Vec<String> =
        (0..plan.weights.freeze_layers).map(|layer| format!("bert.encoder.layer.{layer}.")).collect();
    parameters.freeze(|name| {
        (plan.weights.freeze_embeddings && name.starts_with("bert.embeddings."))
            || frozen_layers.iter().any(|layer| name.starts_with(layer))
    });
    parameters
}

fn dropout_rates(plan: &Plan, config: &BertConfig) -> DropoutRates {
    let of_model = DropoutRates::of(config);
    let hidden = plan.weights.hidden_dropout_prob.unwrap_or(of_model.hidden);
    DropoutRates {
        hidden,
        attention: plan.weights.attention_probs_dropout_prob.unwrap_or(of_model.attention),
        classifier: plan.weights.classifier_dropout.or(config.classifier_dropout).unwrap_or(hidden),
    }
}

/// `min(1, max / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_`; 0 means never.
fn clipping_factor(norm: f64, max_norm: f64) -> f64 {
    if max_norm == 0.0 { 1.0 } else { (max_norm / (norm + 1e-6)).min(1.0) }
}
