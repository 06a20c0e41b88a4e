//! A run between its first and its last step: what the loop's verbs do.

use std::time::Instant;

use bert::Compute;
use checkpoint::ModelFolder;
use stage::{AppendLog, Progress, ExitReason, OutputFolder, bad_input};

use crate::data::step_plan::StepPlan;
use crate::checkpoints::Checkpoints;
use crate::data::dataset::Dataset;
use crate::training::evaluation::evaluate;
use crate::report::events::Event;
use crate::training::loss::Objective;
use crate::data::batch_sampler::BatchSampler;
use crate::settings::plan::Plan;
use crate::optim::lr_scheduler::factor;
use crate::settings::{BestModelCriterion, Schedule, When};
use crate::train_loop::loop_state::{Best, LoopState};
use crate::report::messages;
use crate::report::tensorboard::TensorBoard;
use crate::report::timing::Timing;
use crate::train_loop::train::{Pause, RunContext};
use crate::training::trainer::{StepReport, Trainer};

/// What a whole run leaves for the outputs.
pub(crate) struct Finished {
    pub(crate) best: Best,
    pub(crate) timing: Timing,
}

/// Everything that the loop holds.
pub(crate) struct Run<'a> {
    plan: &'a Plan,
    data: &'a Dataset,
    compute: Compute,
    around: RunContext<'a>,
    judge: BestModelCriterion,
    step_plan: StepPlan,
    order: BatchSampler<'a>,
    /// The epoch whose batches are at hand, and they.
    batches: (u64, Vec<Vec<usize>>),
    trainer: Trainer<'a>,
    checkpoints: Checkpoints,
    state: LoopState,
    journal: AppendLog,
    tensorboard: TensorBoard,
    progress: Progress,
    timing: Timing,
}

impl<'a> Run<'a> {
    pub(crate) fn begin(
        work: &mut OutputFolder,
        plan: &'a Plan,
        folder: &'a ModelFolder,
        data: &'a Dataset,
        (compute, around): (Compute, RunContext<'a>),
    ) -> anyhow::Result<Self> {
        let judge = data.check_plan(plan).map_err(bad_input)?;
        let (order, step_plan) = plan.lay_out(data.train_lengths());
        let n_outputs = data.output_names().len();
        let (parameters, loaded) =
            bert::load(folder, n_outputs, plan.batches.seed, compute.device).map_err(bad_input)?;
        let objective = Objective::new(&plan.objective, &data.train.labels, n_outputs, compute.device);
        let mut trainer = Trainer::new((parameters, &loaded.new), objective, plan, &folder.config, compute)?;
        let mut checkpoints = Checkpoints::open(work, plan.saving.total_limit, trainer.machine())?;
        let disk = checkpoints.check_space(&trainer, step_plan.times(plan.saving.when))?;
        work.clear()?; // from here on the old result gives way
        let resumed = checkpoints.resume(&mut trainer, around.common)?;
        if resumed.is_none() {
            let batches = order.batches(0);
            let facts = messages::Facts { config: &folder.config, step_plan: &step_plan, batches: &batches, disk, compute };
            around.common.say(&messages::greeting(&trainer, data, &facts, &loaded.new));
        }
        let state = resumed.unwrap_or_default();
        let log = work.folder().join("log.jsonl");
        let journal = AppendLog::open(&log, state.log_bytes)?;
        let tensorboard = TensorBoard::open(&work.folder().join("tensorboard"), &log)?;
        let progress = Progress::new("bert-finetune", trainer.step, step_plan.total_steps, around.common.quiet);
        let mut run = Self {
            plan,
            data,
            compute,
            around,
            judge,
            step_plan,
            order,
            batches: (u64::MAX, Vec::new()),
            trainer,
            checkpoints,
            state,
            journal,
            tensorboard,
            progress,
            timing: Timing::default(),
        };
        if state.log_bytes == 0 {
            let StepPlan { train_rows, steps_per_epoch, total_steps, warmup_steps, .. } = run.step_plan;
            run.log(&Event::Begin { train_rows, steps_per_epoch, total_steps, warmup_steps })?;
        }
        Ok(run)
    }

    pub(crate) fn steps_done(&self) -> u64 {
        self.trainer.step
    }

    pub(crate) fn is_done(&self) -> bool {
        self.trainer.step >= self.step_plan.total_steps || self.stopped_early()
    }

    fn stopped_early(&self) -> bool {
        self.trainer.step < self.step_plan.total_steps && self.state.patience_is_over(self.plan.intervals.early_stopping)
    }

    pub(crate) fn step(&mut self) -> anyhow::Result<StepReport> {
        let clock = Instant::now();
        let (step, step_plan) = (self.trainer.step, &self.step_plan);
        let (warmup, total) = (step_plan.warmup_steps, step_plan.total_steps);
        let factor = factor(&self.plan.schedule, step, warmup, total, self.state.plateau.reduced);
        let place = step_plan.place(step);
        if self.batches.0 != place.epoch {
            self.batches = (place.epoch, self.order.batches(place.epoch));
        }
        let accumulated = self.plan.batches.gradient_accumulation_steps;
        let window = self.batches.1.chunks(accumulated).nth(place.steps_before as usize).unwrap_or_default();
        let report = self.trainer.step(&self.data.train, window, factor)?;
        self.timing.count(&report, clock);
        self.state.count(&report);
        self.progress.set(self.trainer.step, || messages::line(&report, &self.timing));
        if self.timing.is_worth_an_estimate() {
            let left = total - self.trainer.step;
            let seconds = self.timing.estimate(left, self.tokens_to_evaluate());
            self.progress.say(&messages::estimate(seconds, left));
        }
        Ok(report)
    }

    /// The tokens of all evaluations that are still to come.
    fn tokens_to_evaluate(&self) -> usize {
        let when = self.plan.intervals.eval_strategy;
        let times = self.step_plan.times(when).saturating_sub(self.step_plan.times_until(when, self.trainer.step));
        self.data.validation.as_ref().map_or(0, |set| times as usize * set.input_ids.len())
    }

    pub(crate) fn log_if_due(&mut self, report: &StepReport) -> anyhow::Result<()> {
        let step = self.trainer.step;
        if let Some(message) = self.warning() {
            self.progress.say(&format!("  warning: {message}"));
            self.log(&Event::Warning { step, message })?;
        }
        if !self.step_plan.is_due(self.plan.intervals.logging, step) {
            return Ok(());
        }
        let (epoch, loss) = (self.step_plan.epochs(step), self.state.take_mean_loss());
        let StepReport { learning_rate, grad_norm, .. } = *report;
        self.log(&Event::Train { step, epoch, loss, learning_rate, grad_norm })
    }

    fn warning(&mut self) -> Option<String> {
        let n_classes = self.data.n_classes().filter(|_| self.plan.objective.focal_loss_gamma == 0.0)?;
        self.state.watch.warns(n_classes, self.step_plan.warmup_steps).then(|| messages::stuck(n_classes))
    }

    pub(crate) fn evaluate_if_due(&mut self) -> anyhow::Result<()> {
        let step = self.trainer.step;
        let Some(validation) = &self.data.validation else { return Ok(()) };
        if !self.step_plan.is_due(self.plan.intervals.eval_strategy, step) {
            return Ok(());
        }
        let clock = Instant::now();
        let n_outputs = self.data.output_names().len();
        self.trainer.flush();
        let (objective, device) = (&self.trainer.objective, self.compute.device);
        let figures = self.trainer.with_result(|model| evaluate(model, validation, n_outputs, objective, device))?;
        self.timing.evaluate_seconds += clock.elapsed().as_secs_f64();
        if !figures.eval_loss.is_finite() {
            return Err(ExitReason::Unhealthy(messages::not_finite(step, figures.eval_loss)).into());
        }
        let best = self.state.judge(step, figures, self.judge, self.plan.intervals.early_stopping);
        if let Schedule::ReduceLrOnPlateau(plateau) = &self.plan.schedule {
            let (value, rate) = (figures.value(self.judge.metric), self.plan.optimizer.learning_rate);
            self.state.plateau.see(plateau, value, self.judge.greater_is_better, rate);
        }
        let epoch = self.step_plan.epochs(step);
        self.progress.say(&messages::told(epoch, &figures, best));
        self.log(&Event::Evaluate { step, epoch, figures, best })?;
        if best {
            self.keep_best()?;
        }
        Ok(())
    }

    fn keep_best(&mut self) -> anyhow::Result<()> {
        let clock = Instant::now();
        self.trainer.flush();
        self.checkpoints.keep_best(&self.trainer)?;
        self.timing.save_seconds += clock.elapsed().as_secs_f64();
        Ok(())
    }

    /// A signal that came, or the step that was asked for; at the last step there is nothing to pause.
    pub(crate) fn pause(&self) -> Option<Pause> {
        if let Some(signal) = self.around.interrupt.received() {
            return Some(Pause::Signal(signal));
        }
        let asked = self.around.stop_at_step == Some(self.trainer.step) && !self.is_done();
        asked.then_some(Pause::Asked)
    }

    pub(crate) fn save_if_due(&mut self, pausing: bool) -> anyhow::Result<()> {
        let when = self.plan.saving.when;
        let ends_early = when != When::Never && self.stopped_early();
        if !pausing && !ends_early && !self.step_plan.is_due(when, self.trainer.step) {
            return Ok(());
        }
        let clock = Instant::now();
        self.trainer.flush();
        self.state.log_bytes = self.journal.sync()?;
        self.checkpoints.save(&self.trainer, &self.state)?;
        self.timing.save_seconds += clock.elapsed().as_secs_f64();
        Ok(())
    }

    pub(crate) fn end(mut self) -> anyhow::Result<Finished> {
        let step = self.trainer.step;
        let best = self.state.best.unwrap_or(Best { step, figures: None });
        if best.figures.is_none() {
            self.keep_best()?;
        }
        let stopped_early = self.stopped_early();
        self.log(&Event::End { step, best_step: best.step, stopped_early })?;
        self.journal.sync()?;
        self.progress.finish();
        Ok(Finished { best, timing: self.timing })
    }

    fn log(&mut self, event: &Event) -> anyhow::Result<()> {
        self.journal.append(&serde_json::to_string(event)?)?;
        self.tensorboard.append(event)
    }
}
