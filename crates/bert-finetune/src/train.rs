//! The training loop.

use std::time::Instant;

use bert::Compute;
use checkpoint::ModelFolder;
use stage::{Common, Interrupt, Journal, Progress, Stop, Work, bad_input};

use crate::checkpoints::Checkpoints;
use crate::dataset::Dataset;
use crate::evaluation::evaluate;
use crate::events::Event;
use crate::plan::{Counts, Plan};
use crate::state::{Best, LoopState, Timing};
use crate::talk;
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

/// Why the loop stops before its end.
enum Pause {
    Signal(i32),
    Asked,
}

/// Trains to the end of the plan, or to a pause, from the newest checkpoint of the same key that verifies.
pub(crate) fn train(
    work: &Work,
    plan: &Plan,
    folder: &ModelFolder,
    data: &Dataset,
    (compute, around): (Compute, Surroundings<'_>),
) -> anyhow::Result<End> {
    let mut run = Run::begin(work, plan, folder, data, (compute, around))?;
    while run.trainer.step < run.counts.total_steps {
        let report = run.step()?;
        run.log_if_due(&report)?;
        run.evaluate_if_due()?;
        let pause = run.pause();
        run.save_if_due(pause.is_some())?;
        let step = run.trainer.step;
        match pause {
            None => {}
            Some(Pause::Asked) => return Ok(End::Paused { step }),
            Some(Pause::Signal(signal)) => {
                let message = format!("interrupted; saved at step {step}; the same command goes on from there");
                return Err(Stop::Interrupted { signal, message }.into());
            }
        }
    }
    run.end().map(End::Finished)
}

/// A run between its first and its last step.
struct Run<'a> {
    plan: &'a Plan,
    data: &'a Dataset,
    compute: Compute,
    around: Surroundings<'a>,
    counts: Counts,
    trainer: Trainer<'a>,
    checkpoints: Checkpoints,
    state: LoopState,
    journal: Journal,
    progress: Progress,
    timing: Timing,
}

impl<'a> Run<'a> {
    fn begin(
        work: &Work,
        plan: &'a Plan,
        folder: &'a ModelFolder,
        data: &'a Dataset,
        (compute, around): (Compute, Surroundings<'a>),
    ) -> anyhow::Result<Self> {
        let counts = plan.counts(data.train.len());
        let n_outputs = data.output_names().len();
        let (parameters, loaded) = bert::load(folder, n_outputs, plan.seed, compute.device).map_err(bad_input)?;
        let mut trainer = Trainer::new(parameters, plan, counts, &folder.config, compute);
        let mut checkpoints = Checkpoints::open(work, plan.saving.total_limit)?;
        checkpoints.check_space(&trainer)?;
        let resumed = checkpoints.resume(&mut trainer, around.common)?;
        if resumed.is_none() {
            around.common.say(&talk::greeting(&trainer, &counts, data, compute, &loaded.new));
        }
        let state = resumed.unwrap_or_default();
        let mut journal = Journal::open(&work.folder().join("log.jsonl"), state.log_bytes)?;
        if state.log_bytes == 0 {
            let Counts { train_rows, steps_per_epoch, total_steps, warmup_steps, .. } = counts;
            log(&mut journal, &Event::Begin { train_rows, steps_per_epoch, total_steps, warmup_steps })?;
        }
        let progress = Progress::new("bert-finetune", trainer.step, counts.total_steps, around.common.quiet);
        let timing = Timing::default();
        Ok(Self { plan, data, compute, around, counts, trainer, checkpoints, state, journal, progress, timing })
    }

    fn step(&mut self) -> anyhow::Result<StepReport> {
        let clock = Instant::now();
        let report = self.trainer.step(&self.data.train)?;
        self.timing.count(&report, clock);
        self.state.count(&report);
        self.progress.set(self.trainer.step, || talk::line(&report, &self.timing));
        Ok(report)
    }

    fn log_if_due(&mut self, report: &StepReport) -> anyhow::Result<()> {
        let (step, epoch) = self.place();
        if !step.is_multiple_of(self.plan.logging_steps) && step != self.counts.total_steps {
            return Ok(());
        }
        let loss = self.state.take_mean_loss();
        let StepReport { learning_rate, grad_norm, .. } = *report;
        log(&mut self.journal, &Event::Train { step, epoch, loss, learning_rate, grad_norm })
    }

    fn evaluate_if_due(&mut self) -> anyhow::Result<()> {
        let (step, epoch) = self.place();
        let Some(validation) = &self.data.validation else { return Ok(()) };
        if !self.plan.eval_strategy.is_due(step, &self.counts) {
            return Ok(());
        }
        let clock = Instant::now();
        let n_outputs = self.data.output_names().len();
        let figures = evaluate(&self.trainer.model(), validation, n_outputs, self.compute.device)?;
        self.timing.evaluate_seconds += clock.elapsed().as_secs_f64();
        let best = self.state.is_best(&figures, self.plan);
        self.progress.say(&talk::told(epoch, &figures, best));
        log(&mut self.journal, &Event::Evaluate { step, epoch, figures, best })?;
        if best {
            self.checkpoints.keep_best(&self.trainer)?;
            self.state.best = Some(Best { step, figures: Some(figures) });
        }
        Ok(())
    }

    /// A signal that came, or the step that was asked for; at the last step there is nothing to pause.
    fn pause(&self) -> Option<Pause> {
        let step = self.trainer.step;
        if let Some(signal) = self.around.interrupt.received() {
            return Some(Pause::Signal(signal));
        }
        let asked = self.around.stop_at_step == Some(step) && step < self.counts.total_steps;
        asked.then_some(Pause::Asked)
    }

    fn save_if_due(&mut self, pausing: bool) -> anyhow::Result<()> {
        if !pausing && !self.plan.saving.when.is_due(self.trainer.step, &self.counts) {
            return Ok(());
        }
        let clock = Instant::now();
        self.state.log_bytes = self.journal.sync()?;
        self.checkpoints.save(&self.trainer, &self.state)?;
        self.timing.save_seconds += clock.elapsed().as_secs_f64();
        Ok(())
    }

    fn end(mut self) -> anyhow::Result<Finished> {
        self.progress.finish();
        let step = self.trainer.step;
        let best = self.state.best.unwrap_or(Best { step, figures: None });
        if best.figures.is_none() {
            self.checkpoints.keep_best(&self.trainer)?;
        }
        log(&mut self.journal, &Event::End { step, best_step: best.step })?;
        self.journal.sync()?;
        Ok(Finished { best, timing: self.timing })
    }

    /// The steps done, and the epochs that they make.
    fn place(&self) -> (u64, f64) {
        (self.trainer.step, self.trainer.step as f64 / self.counts.steps_per_epoch as f64)
    }
}

fn log(journal: &mut Journal, event: &Event) -> anyhow::Result<()> {
    journal.append(&serde_json::to_string(event)?)
}
