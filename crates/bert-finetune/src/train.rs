//! The training loop.

use std::time::Instant;

use bert::Compute;
use checkpoint::ModelFolder;
use serde::{Deserialize, Serialize};
use stage::{Common, Interrupt, Journal, Progress, Stop, Work, bad_input};

use crate::checkpoints::Checkpoints;
use crate::dataset::Dataset;
use crate::evaluation::{Evaluation, evaluate};
use crate::events::Event;
use crate::plan::{Counts, Plan};
use crate::trainer::{StepReport, Trainer};

/// Who looks on, and who may ask for a pause.
pub(crate) struct Surroundings<'a> {
    pub(crate) common: &'a Common,
    pub(crate) interrupt: Interrupt,
    pub(crate) stop_at_step: Option<u64>,
}

/// How the loop ended.
pub(crate) enum End {
    Paused { step: u64 },
    Finished(Finished),
}

/// What a whole run leaves for the outputs.
pub(crate) struct Finished {
    pub(crate) best: Best,
    pub(crate) timing: Timing,
}

/// The checkpoint that is kept, and why.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    pub(crate) step: u64,
    pub(crate) figures: Option<Evaluation>,
}

/// What the loop knows beside weights and optimizer; a checkpoint holds it whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoopState {
    pub(crate) best: Option<Best>,
    pub(crate) loss_since_log: f64,
    pub(crate) steps_since_log: u64,
    pub(crate) log_bytes: u64,
}

/// The rates of the part of a run that this process did.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Timing {
    pub(crate) train_steps: u64,
    pub(crate) train_seconds: f64,
    pub(crate) evaluate_seconds: f64,
    pub(crate) save_seconds: f64,
    pub(crate) train_sentences: usize,
    pub(crate) train_tokens: usize,
    pub(crate) sentences_per_second: f64,
    pub(crate) tokens_per_second: f64,
}

/// Trains to the end of the plan, or to a pause, from the newest checkpoint of the same key that verifies.
pub(crate) fn train(
    work: &Work,
    plan: &Plan,
    folder: &ModelFolder,
    data: &Dataset,
    compute: Compute,
    around: Surroundings<'_>,
) -> anyhow::Result<End> {
    let counts = plan.counts(data.train.len());
    let n_outputs = data.output_names().len();
    let (parameters, loaded) = bert::load(folder, n_outputs, plan.seed, compute.device).map_err(bad_input)?;
    let mut trainer = Trainer::new(parameters, plan, counts, &folder.config, compute);
    let checkpoints = Checkpoints::open(work, plan.saving.total_limit)?;
    checkpoints.check_space(&trainer)?;
    let mut state = match checkpoints.resume(&mut trainer, around.common)? {
        Some(state) => state,
        None => {
            around.common.say(&greeting(&trainer, &counts, data, compute, &loaded.new));
            LoopState::default()
        }
    };
    let mut journal = Journal::open(&work.folder().join("log.jsonl"), state.log_bytes)?;
    if state.log_bytes == 0 {
        let Counts { train_rows, steps_per_epoch, total_steps, warmup_steps, .. } = counts;
        log(&mut journal, &Event::Begin { train_rows, steps_per_epoch, total_steps, warmup_steps })?;
    }

    let mut timing = Timing::default();
    let mut progress = Progress::new("bert-finetune", trainer.step, counts.total_steps, around.common.quiet);
    while trainer.step < counts.total_steps {
        let clock = Instant::now();
        let report = trainer.step(&data.train)?;
        timing.count(&report, clock);
        state.count(&report);
        let (step, epoch) = (trainer.step, trainer.step as f64 / counts.steps_per_epoch as f64);
        progress.set(step, || line(&report, &timing));
        if step.is_multiple_of(plan.logging_steps) || step == counts.total_steps {
            let loss = state.take_mean_loss();
            let StepReport { learning_rate, grad_norm, .. } = report;
            log(&mut journal, &Event::Train { step, epoch, loss, learning_rate, grad_norm })?;
        }
        if let Some(validation) = data.validation.as_ref().filter(|_| plan.evaluate.is_due(step, &counts)) {
            let clock = Instant::now();
            let figures = evaluate(&trainer.model(), validation, n_outputs, compute.device)?;
            let best = state.is_best(&figures, plan);
            timing.evaluate_seconds += clock.elapsed().as_secs_f64();
            progress.say(&told(epoch, &figures, best));
            log(&mut journal, &Event::Evaluate { step, epoch, figures, best })?;
            if best {
                checkpoints.keep_best(&trainer)?;
                state.best = Some(Best { step, figures: Some(figures) });
            }
        }
        let signal = around.interrupt.received();
        let pause = around.stop_at_step == Some(step) && step < counts.total_steps;
        if plan.saving.when.is_due(step, &counts) || signal.is_some() || pause {
            let clock = Instant::now();
            state.log_bytes = journal.sync()?;
            checkpoints.save(&trainer, &state)?;
            timing.save_seconds += clock.elapsed().as_secs_f64();
        }
        if let Some(signal) = signal {
            let message = format!("interrupted; saved at step {step}; the same command goes on from there");
            return Err(Stop::Interrupted { signal, message }.into());
        }
        if pause {
            return Ok(End::Paused { step });
        }
    }
    progress.finish();
    let best = state.best.unwrap_or(Best { step: trainer.step, figures: None });
    if best.figures.is_none() {
        checkpoints.keep_best(&trainer)?;
    }
    log(&mut journal, &Event::End { step: trainer.step, best_step: best.step })?;
    journal.sync()?;
    Ok(End::Finished(Finished { best, timing }))
}

fn log(journal: &mut Journal, event: &Event) -> anyhow::Result<()> {
    journal.append(&serde_json::to_string(event)?)
}

impl LoopState {
    fn count(&mut self, report: &StepReport) {
        self.loss_since_log += report.loss;
        self.steps_since_log += 1;
    }

    fn take_mean_loss(&mut self) -> f64 {
        let mean = self.loss_since_log / self.steps_since_log as f64;
        (self.loss_since_log, self.steps_since_log) = (0.0, 0);
        mean
    }

    /// Only a better one replaces the best: of equals the first stays.
    fn is_best(&self, figures: &Evaluation, plan: &Plan) -> bool {
        let merit = |figures: &Evaluation| figures.merit(plan.metric_for_best_model);
        let old = self.best.as_ref().and_then(|best| best.figures.as_ref());
        old.is_none_or(|old| merit(figures) > merit(old))
    }
}

impl Timing {
    fn count(&mut self, report: &StepReport, clock: Instant) {
        self.train_steps += 1;
        self.train_seconds += clock.elapsed().as_secs_f64();
        self.train_sentences += report.sentences;
        self.train_tokens += report.tokens;
        self.sentences_per_second = self.train_sentences as f64 / self.train_seconds;
        self.tokens_per_second = self.train_tokens as f64 / self.train_seconds;
    }
}

fn greeting(trainer: &Trainer<'_>, counts: &Counts, data: &Dataset, compute: Compute, new: &[String]) -> String {
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

fn line(report: &StepReport, timing: &Timing) -> String {
    format!(
        "loss {:.4}  lr {:.2e}  norm {:.2}  {:.0} sentences/s  {:.0} tokens/s",
        report.loss, report.learning_rate, report.grad_norm, timing.sentences_per_second, timing.tokens_per_second
    )
}

fn told(epoch: f64, figures: &Evaluation, best: bool) -> String {
    let accuracy =
        figures.eval_accuracy.map_or(String::new(), |accuracy| format!("  accuracy {:.2} %", 100.0 * accuracy));
    let f1 = figures.eval_f1.map_or(String::new(), |f1| format!("  F1 {f1:.4}"));
    let mark = if best { "  (best so far)" } else { "" };
    format!("  epoch {epoch:.2}: validation loss {:.4}{accuracy}{f1}{mark}", figures.eval_loss)
}
