//! What a run says to the person who looks on.

use bert::Compute;

use crate::dataset::Dataset;
use crate::evaluation::Evaluation;
use crate::plan::Counts;
use crate::state::Timing;
use crate::trainer::{StepReport, Trainer};

/// Before the first step: what will be done, on what, and which weights were drawn anew.
pub(crate) fn greeting(
    trainer: &Trainer<'_>,
    counts: &Counts,
    data: &Dataset,
    compute: Compute,
    new: &[String],
) -> String {
    let n = trainer.parameters.count();
    let drawn = if new.is_empty() { String::new() } else { format!("\n  drawn anew: {}", new.join(", ")) };
    let remark = data.train.metadata.remark().map_or(String::new(), |remark| format!("; what follows are {remark}"));
    format!(
        "bert-finetune: {:.1} M parameters, {} sentences, {} tokens an epoch, {} steps; {} in {:?}, {} threads{remark}{drawn}",
        n as f64 / 1e6,
        data.train.len(),
        data.train.input_ids.len(),
        counts.total_steps,
        compute.device_name(),
        compute.precision.kind(),
        compute.threads,
    )
}

/// Beside the progress: the last step and the rates so far.
pub(crate) fn line(report: &StepReport, timing: &Timing) -> String {
    format!(
        "loss {:.4}  lr {:.2e}  norm {:.2}  {:.0} sentences/s  {:.0} tokens/s",
        report.loss, report.learning_rate, report.grad_norm, timing.sentences_per_second, timing.tokens_per_second
    )
}

/// After an evaluation.
pub(crate) fn told(epoch: f64, figures: &Evaluation, best: bool) -> String {
    let accuracy =
        figures.eval_accuracy.map_or(String::new(), |accuracy| format!("  accuracy {:.2} %", 100.0 * accuracy));
    let f1 = figures.eval_f1.map_or(String::new(), |f1| format!("  F1 {f1:.4}"));
    let mark = if best { "  (best so far)" } else { "" };
    format!("  epoch {epoch:.2}: validation loss {:.4}{accuracy}{f1}{mark}", figures.eval_loss)
}
