//! Console messages of a run.

use bert::{Compute, LoadReport};
use checkpoint::BertConfig;
use corpus::{shortened_list, shortened_name};
use run_files::log::Evaluation;
use run_files::plan::Counts;
use stage::counted;

use crate::checkpoints::DiskSpace;
use crate::data::Dataset;
use crate::report::timing::Timing;
use crate::settings::{BatchPlan, BatchSize};
use crate::training::step::StepReport;
use crate::training::trainer::Trainer;

/// What is known of a run before its first step, beside its trainer and its data.
pub(crate) struct StartFacts<'a> {
    pub(crate) config: &'a BertConfig,
    pub(crate) counts: Counts,
    /// The rows of each batch of the first epoch.
    pub(crate) first_epoch: &'a [Vec<usize>],
    /// What the model folder did not bring, and what has to be said of its tensors.
    pub(crate) loaded: &'a LoadReport,
    /// Bytes at the peak.
    pub(crate) memory: u64,
    pub(crate) disk: DiskSpace,
    pub(crate) has_adapters: bool,
    pub(crate) compute: Compute,
}

/// Before the first step: model size, device, data, memory, disk, and which parameters are newly initialized.
pub(crate) fn start(trainer: &Trainer<'_>, data: &Dataset, facts: &StartFacts<'_>) -> String {
    let (all, trained) = (trainer.parameters().count(), trainer.parameters().count_trained());
    let trainable = if trained == all { String::new() } else { format!(" ({:.1} M trainable)", millions(trained)) };
    let disclaimer = data.disclaimer().map_or(String::new(), |disclaimer| format!("; {disclaimer}"));
    let mut lines = vec![format!(
        "bert-finetune: {:.1} M parameters{trainable}; {}, {}, {}{disclaimer}",
        millions(all),
        facts.compute.device_name(),
        facts.compute.precision,
        counted(u64::from(facts.compute.threads), "thread"),
    )];
    lines.push(format!("  {}", tokens(data, facts)));
    lines.push(format!(
        "  memory: about {} MB{}; disk: at most {} MB, {} MB free{}",
        megabytes(facts.memory),
        if facts.has_adapters { " (a rule of thumb with LoRA)" } else { "" },
        megabytes(facts.disk.needed),
        megabytes(facts.disk.free),
        match facts.disk.replaced {
            0 => String::new(),
            bytes => format!(", and {} MB of checkpoints that give way", megabytes(bytes)),
        }
    ));
    lines.extend(facts.loaded.remarks.iter().map(|remark| format!("  {remark}")));
    if !facts.loaded.new.is_empty() {
        lines.push(format!("  newly initialized: {}", facts.loaded.new.join(", ")));
    }
    if data.n_unlabeled > 0 {
        let labeled = data.validation.as_ref().map_or(0, |set| set.n_texts());
        let (rows, are) = (counted(data.n_unlabeled as u64, "row"), if data.n_unlabeled == 1 { "is" } else { "are" });
        lines.push(format!("  validation: {rows} without a label {are} left out; {labeled} are evaluated"));
    }
    lines.extend(data.warnings().into_iter().map(|warning| format!("  warning: {warning}")));
    lines.join("\n")
}

/// Several processes: what each reads of a step, and what all of them read together.
pub(crate) fn global_batch(plan: &BatchPlan, processes: usize) -> String {
    let (size, of_what) = match plan.size {
        BatchSize::Sentences { per_device_train_batch_size } => (per_device_train_batch_size, "sentences"),
        BatchSize::Tokens { max_tokens_per_batch } => (max_tokens_per_batch, "tokens at most"),
    };
    let accumulation = plan.gradient_accumulation_steps / processes;
    let all = size.saturating_mul(plan.gradient_accumulation_steps);
    format!("  {processes} processes x {accumulation} micro-batches x {size} {of_what}: {all} in a step")
}

/// When the classifier of the model folder was trained for other classes, or the same in another order.
pub(crate) fn other_classes(before: &[String], names: &[String]) -> String {
    format!(
        "the classifier of the model was trained for the classes ({}) and goes on, output by output, as that of ({}); where \
         these are not the same things in the same order, add --new-head",
        shortened_list(before),
        shortened_list(names)
    )
}

/// The tokens of an epoch, and how many times as many there would be with padding.
fn tokens(data: &Dataset, facts: &StartFacts<'_>) -> String {
    let lengths = data.train_lengths();
    let tokens: usize = lengths.iter().sum();
    let longest = |batch: &Vec<usize>| batch.iter().map(|&row| lengths[row]).max().unwrap_or(0);
    let padded: usize = facts.first_epoch.iter().map(|batch| batch.len() * longest(batch)).sum();
    let positions = facts.config.max_position_embeddings;
    let times = |padded: usize| padded as f64 / tokens as f64;
    let rows = match data.n_train_texts() {
        Some(n_texts) => format!("{} windows of {n_texts} texts", lengths.len()),
        None => format!("{} sentences", lengths.len()),
    };
    format!(
        "{rows}, {tokens} tokens per epoch (padded per batch: {:.2}x, padded to {positions}: {:.1}x); {} steps",
        times(padded),
        times(lengths.len() * positions),
        facts.counts.total_steps,
    )
}

fn millions(n: usize) -> f64 {
    n as f64 / 1e6
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

/// Where no batch has rows of which some could weigh more.
pub(crate) const WEIGHTS_OF_SINGLE_ROWS: &str = "the training is that without class weights: each forward pass has one row, \
and its loss is the weighted mean of its rows; larger batches, with less accumulation, would weigh them (eval_loss is weighted)";

/// The weight of each class beside its name.
pub(crate) fn class_weights(weights: &[f64], names: &[String]) -> String {
    const MOST: usize = 20;
    let number = |weight: f64| match weight {
        0.001..1e6 => format!("{weight:.4}"),
        _ => format!("{weight:.3e}"),
    };
    let named = names.iter().zip(weights).take(MOST);
    let named = named.map(|(name, &weight)| format!("{} {}", shortened_name(name), number(weight)));
    let more = if weights.len() > MOST { ", ..." } else { "" };
    format!("  class weights: {}{more}", named.collect::<Vec<_>>().join(", "))
}

/// An average of the weights that the end of the run will find young.
pub(crate) fn young_average(decay: f64, steps: u64, share: f64) -> String {
    format!(
        "after {steps} steps the average of --ema-decay {decay} still consists of {:.0} % of what the run began with, a new classifier \
         included; a smaller decay forgets it",
        100.0 * share
    )
}

/// After the first steps.
pub(crate) fn estimate(seconds: f64, steps: u64) -> String {
    format!(
        "  the remaining {steps} steps and evaluations will take about {}, saving not counted",
        stage::clock(seconds)
    )
}

/// Beside the progress bar: the last step and the rates so far.
pub(crate) fn progress(report: &StepReport, timing: &Timing) -> String {
    format!(
        "loss {:.4}  lr {:.2e}  norm {:.2}  {:.0} sentences/s  {:.0} tokens/s",
        report.loss, report.learning_rate, report.grad_norm, timing.sentences_per_second, timing.tokens_per_second
    )
}

/// After an evaluation.
pub(crate) fn evaluated(epoch: f64, figures: &Evaluation, best: bool) -> String {
    let mark = if best { "  (best so far)" } else { "" };
    format!("  epoch {epoch:.2}: validation {}{mark}", headline(figures))
}

/// The metrics of an evaluation that one looks at first.
pub(crate) fn headline(figures: &Evaluation) -> String {
    let mut text = format!("loss {:.4}", figures.eval_loss);
    if let (Some(accuracy), Some(f1)) = (figures.eval_accuracy, figures.eval_f1) {
        text += &format!(", accuracy {:.2} %, F1 {f1:.4}", 100.0 * accuracy);
    }
    if let Some(pearson) = figures.eval_pearson {
        text += &format!(", Pearson {pearson:.4}");
    }
    text
}

/// When the validation loss is NaN or infinite.
pub(crate) fn not_finite(step: u64, eval_loss: f64) -> String {
    format!(
        "the validation loss after step {step} is {eval_loss}; nothing of this step was saved. Try a lower \
         --learning-rate, --max-grad-norm 1, a longer --warmup-ratio, or --precision float32"
    )
}

/// At the end of a run that is too short for [`stuck`]. `log.jsonl` holds this text, too.
pub(crate) fn not_learned(n_classes: usize, steps: u64) -> String {
    format!(
        "after all {steps} steps the loss is still ln({n_classes}), that of guessing; train longer, try another \
         --learning-rate, and look whether the labels fit the texts"
    )
}

/// When the loss stays at that of random guessing. `log.jsonl` holds this text, so it may change only with the stage's
/// version.
pub(crate) fn stuck(n_classes: usize) -> String {
    format!(
        "the loss stays at ln({n_classes}), that of guessing; try a lower --learning-rate or a longer --warmup-ratio, \
         and look whether the labels fit the texts"
    )
}
