//! A run between its first and its last step: what the verbs of the training loop do.

use std::time::Instant;

use bert::{Compute, Recording};
use checkpoint::ModelFolder;
use run_files::log::Event;
use run_files::plan::{Counts, When};
use stage::{CommonArgs, ExitReason, Interrupt, Progress};

use crate::checkpoints::Checkpoints;
use crate::data::{Dataset, MicroBatches};
use crate::optim::lr_scheduler::{ScheduleStep, learning_rates};
use crate::processes::Team;
use crate::report::{EventLog, Timing, TrainingResult, messages};
use crate::settings::{BestModelCriterion, Plan, Schedule};
use crate::training::evaluation::{Evaluator, evaluate};
use crate::training::loop_state::{Best, LoopState};
use crate::training::step::{StepBatches, StepReport};
use crate::training::trainer::{Reports, Trainer};

/// What defines the result. Nothing of it changes during a run.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) model: &'a ModelFolder,
    pub(crate) data: &'a Dataset,
    pub(crate) compute: Compute,
    /// The processes that train together; `None` for one alone.
    pub(crate) team: Option<&'a Team>,
    /// Whether a GPU records graphs.
    pub(crate) recording: Recording,
}

/// What does not define the result: the console, and who may ask for a pause.
pub(crate) struct RunContext<'a> {
    pub(crate) common: &'a CommonArgs,
    pub(crate) interrupt: Interrupt,
    pub(crate) stop_at_step: Option<u64>,
}

/// Why the loop pauses before its end.
pub(crate) enum Pause {
    Signal(i32),
    StopAtStep,
}

/// A run in progress.
pub(crate) struct Run<'a> {
    pub(super) inputs: Inputs<'a>,
    pub(super) context: &'a RunContext<'a>,
    pub(super) criterion: BestModelCriterion,
    pub(super) batches: MicroBatches<'a>,
    pub(super) trainer: Trainer<'a>,
    pub(super) state: LoopState,
    /// Of several processes the first alone writes.
    pub(super) checkpoints: Option<Checkpoints>,
    pub(super) log: Option<EventLog>,
    pub(super) progress: Progress,
    pub(super) timing: Timing,
    /// The last step whose numbers are known.
    pub(super) last_report: Option<StepReport>,
}

impl Run<'_> {
    pub(crate) fn is_done(&self) -> bool {
        self.trainer.step >= self.batches.step_plan.counts.total_steps || self.stops_early()
    }

    /// Whether early stopping ends the run before its last step.
    fn stops_early(&self) -> bool {
        self.trainer.step < self.batches.step_plan.counts.total_steps
            && self.state.is_out_of_patience(self.inputs.plan.intervals.early_stopping)
    }

    /// Whether `when` is due after the step that was just taken.
    pub(crate) fn is_due(&self, when: When) -> bool {
        self.batches.step_plan.is_due(when, self.trainer.step)
    }

    /// Whether an evaluation has just ended the run between two log entries: the steps since the last one are logged, too.
    pub(crate) fn is_last_log_due(&self) -> bool {
        let when = self.inputs.plan.intervals.logging;
        when != When::Never && self.stops_early() && !self.is_due(when)
    }

    /// A run that saves at all also saves where early stopping ends it.
    pub(crate) fn is_save_due(&self) -> bool {
        let when = self.inputs.plan.saving.when;
        self.is_due(when) || (when != When::Never && self.stops_early())
    }

    /// One optimizer step over the next micro-batches. On a GPU its numbers may come with the next one.
    pub(crate) fn step(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        let (plan, step_plan) = (self.inputs.plan, &self.batches.step_plan);
        let Counts { warmup_steps, total_steps, .. } = step_plan.counts;
        let step = self.trainer.step;
        let at = ScheduleStep { step, warmup_steps, total_steps };
        let learning_rates = learning_rates(&plan.schedule, at, self.state.plateau.reductions);
        let signal = self.context.interrupt.received();
        let batches = StepBatches { train: &self.inputs.data.train, rows: self.batches.of_step(step), signal };
        self.trainer.training_step(batches, learning_rates)?;
        self.count_reports(Reports::Early, started)
    }

    /// Waits for the numbers of all steps.
    fn settle(&mut self) -> anyhow::Result<()> {
        self.count_reports(Reports::All, Instant::now())
    }

    /// Counts the steps whose numbers are wanted, and the time since `started` as that of training.
    fn count_reports(&mut self, wanted: Reports, mut started: Instant) -> anyhow::Result<()> {
        if let Some(remark) = self.trainer.take_remark() {
            self.progress.say(&format!("  warning: no more CUDA graphs: {remark}"));
        }
        loop {
            let report = self.trainer.take_report(wanted, &self.inputs.data.train)?;
            self.timing.add_training(started);
            let Some(report) = report else { return Ok(()) };
            self.count(report)?;
            started = Instant::now();
        }
    }

    fn count(&mut self, report: StepReport) -> anyhow::Result<()> {
        self.timing.count(&report);
        self.state.count(&report);
        self.progress.set(report.step, || messages::progress(&report, &self.timing));
        let remaining = self.batches.step_plan.counts.total_steps - report.step;
        if self.timing.is_time_for_estimate() && remaining > 0 {
            let seconds = self.timing.estimate(remaining, self.remaining_eval_tokens());
            self.progress.say(&messages::estimate(seconds, remaining));
        }
        self.last_report = Some(report);
        self.warn_if_stuck(report.step)
    }

    /// The tokens of all evaluations that are still to come.
    fn remaining_eval_tokens(&self) -> usize {
        let (when, step_plan) = (self.inputs.plan.intervals.eval_strategy(), &self.batches.step_plan);
        let done = step_plan.occurrences_until(when, self.trainer.step);
        let remaining = step_plan.occurrences(when).saturating_sub(done) as usize;
        self.inputs.data.validation.as_ref().map_or(0, |set| remaining * set.input_ids.len())
    }

    /// Warns once if the loss stays at that of random guessing, with `step`.
    fn warn_if_stuck(&mut self, step: u64) -> anyhow::Result<()> {
        let Inputs { plan, data, .. } = self.inputs;
        let Some(n_classes) = data.problem_type().n_classes() else { return Ok(()) };
        if !plan.objective.shows_guessing()
            || !self.state.watch.should_warn(n_classes, self.batches.step_plan.counts.warmup_steps)
        {
            return Ok(());
        }
        let message = messages::stuck(n_classes);
        self.progress.say(&format!("  warning: {message}"));
        self.append(&Event::Warning { step, message })
    }

    /// Appends an event to the log.
    fn append(&mut self, event: &Event) -> anyhow::Result<()> {
        self.log.as_mut().map_or(Ok(()), |log| log.append(event))
    }

    /// Warns at the end if a run that is too short for [`Run::warn_if_stuck`] has learned nothing.
    fn warn_if_not_learned(&mut self) -> anyhow::Result<()> {
        let Inputs { plan, data, .. } = self.inputs;
        let Some(n_classes) = data.problem_type().n_classes() else { return Ok(()) };
        let warmup_steps = self.batches.step_plan.counts.warmup_steps;
        let best_eval_loss = self.state.best.and_then(|best| best.figures).map(|figures| figures.eval_loss);
        if !plan.objective.shows_guessing()
            || !self.state.watch.should_warn_at_end(n_classes, warmup_steps, best_eval_loss)
        {
            return Ok(());
        }
        let step = self.trainer.step;
        let message = messages::not_learned(n_classes, step);
        self.progress.say(&format!("  warning: {message}"));
        self.append(&Event::Warning { step, message })
    }

    /// Logs the mean loss since the last such line, and the learning rate and gradient norm of this step.
    pub(crate) fn log_step(&mut self) -> anyhow::Result<()> {
        self.settle()?;
        let Some(StepReport { step, learning_rate, grad_norm, .. }) = self.last_report else { return Ok(()) };
        let (epoch, loss) = (self.batches.step_plan.epochs(step), self.state.take_mean_loss());
        self.append(&Event::Train { step, epoch, loss, learning_rate, grad_norm })
    }

    /// Evaluates the validation split, and keeps the weights if they are the best so far.
    pub(crate) fn evaluate(&mut self) -> anyhow::Result<()> {
        self.settle()?;
        let Inputs { plan, data, team, .. } = self.inputs;
        let Some(validation) = &data.validation else { return Ok(()) };
        let (step, started) = (self.trainer.step, Instant::now());
        let n_outputs = data.output_names().len();
        let by = Evaluator { objective: &self.trainer.objective, team };
        let figures = self.trainer.with_result(|model| evaluate(model, validation, n_outputs, by))?;
        self.timing.evaluate_seconds += started.elapsed().as_secs_f64();
        if !figures.eval_loss.is_finite() {
            return Err(ExitReason::Unhealthy(messages::not_finite(step, figures.eval_loss)).into());
        }

        let best = self.state.update_best(step, figures, self.criterion, plan.intervals.early_stopping);
        if let Schedule::ReduceLrOnPlateau(plateau) = &plan.schedule {
            let (value, learning_rate) = (self.criterion.metric.of(&figures), plan.optimizer.learning_rate);
            self.state.plateau.step(plateau, value, self.criterion.greater_is_better, learning_rate);
        }
        let epoch = self.batches.step_plan.epochs(step);
        self.progress.say(&messages::evaluated(epoch, &figures, best));
        self.append(&Event::Evaluate { step, epoch, figures, best })?;
        if best { self.keep_best() } else { Ok(()) }
    }

    fn keep_best(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.keep_best(&self.trainer)?;
        }
        self.timing.save_seconds += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// Why to pause here, if so: a signal, or `--stop-at-step`, which at the end of the run has nothing to pause.
    pub(crate) fn pause(&self) -> Option<Pause> {
        // What all processes know that one has received.
        let agreed = self.last_report.and_then(|report| report.signal);
        let signal = self.inputs.team.map_or(self.context.interrupt.received(), |_| agreed);
        if let Some(signal) = signal {
            return Some(Pause::Signal(signal));
        }
        let stops_here = self.context.stop_at_step == Some(self.trainer.step) && !self.is_done();
        stops_here.then_some(Pause::StopAtStep)
    }

    /// Saves a checkpoint. The log is made durable first: a checkpoint vouches for it.
    pub(crate) fn save(&mut self) -> anyhow::Result<()> {
        self.settle()?;
        let started = Instant::now();
        if let (Some(log), Some(checkpoints)) = (&mut self.log, &self.checkpoints) {
            self.state.log_bytes = log.sync()?;
            checkpoints.save(&self.trainer, &self.state)?;
        }
        self.timing.save_seconds += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// Ends the log. Without an evaluation the last weights are the result.
    pub(crate) fn finish(mut self) -> anyhow::Result<TrainingResult> {
        self.settle()?;
        let step = self.trainer.step;
        let best = self.state.best.unwrap_or(Best { step, figures: None });
        if best.figures.is_none() {
            self.keep_best()?;
        }
        let stopped_early = self.stops_early();
        self.warn_if_not_learned()?;
        self.append(&Event::End { step, best_step: best.step, stopped_early })?;
        if let Some(log) = &mut self.log {
            log.sync()?;
        }
        self.progress.finish();
        let timing = Timing { cuda_graphs: self.trainer.n_graphs(), ..self.timing };
        Ok(TrainingResult { best, timing })
    }
}
