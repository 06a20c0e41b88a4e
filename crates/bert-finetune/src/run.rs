//! A run between its first and its last step: what the loop's verbs do.

use std::time::Instant;

use bert::Compute;
use checkpoint::ModelFolder;
use stage::{Journal, Progress, Stop, Work, bad_input};

use crate::calendar::Calendar;
use crate::checkpoints::Checkpoints;
use crate::dataset::Dataset;
use crate::evaluation::evaluate;
use crate::events::Event;
use crate::loss::Objective;
use crate::order::Order;
use crate::plan::Plan;
use crate::schedule::factor;
use crate::settings::{Judge, Schedule, When};
use crate::state::{Best, LoopState};
use crate::talk;
use crate::tensorboard::TensorBoard;
use crate::timing::Timing;
use crate::train::{Pause, Surroundings};
use crate::trainer::{StepReport, Trainer};

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
    around: Surroundings<'a>,
    judge: Judge,
    calendar: Calendar,
    order: Order<'a>,
    /// The epoch whose batches are at hand, and they.
    batches: (u64, Vec<Vec<usize>>),
    trainer: Trainer<'a>,
    checkpoints: Checkpoints,
    state: LoopState,
    journal: Journal,
    tensorboard: TensorBoard,
    progress: Progress,
    timing: Timing,
}

impl<'a> Run<'a> {
    pub(crate) fn begin(
        work: &mut Work,
        plan: &'a Plan,
        folder: &'a ModelFolder,
        data: &'a Dataset,
        (compute, around): (Compute, Surroundings<'a>),
    ) -> anyhow::Result<Self> {
        let judge = data.check_plan(plan).map_err(bad_input)?;
        let (order, calendar) = plan.lay_out(data.train_lengths());
        let n_outputs = data.output_names().len();
        let (parameters, loaded) =
            bert::load(folder, n_outputs, plan.batches.seed, compute.device).map_err(bad_input)?;
        let objective = Objective::new(&plan.objective, &data.train.labels, n_outputs, compute.device);
        let mut trainer = Trainer::new((parameters, &loaded.new), objective, plan, &folder.config, compute)?;
        let mut checkpoints = Checkpoints::open(work, plan.saving.total_limit, trainer.machine())?;
        let disk = checkpoints.check_space(&trainer, calendar.times(plan.saving.when))?;
        work.clear()?; // from here on the old result gives way
        let resumed = checkpoints.resume(&mut trainer, around.common)?;
        if resumed.is_none() {
            let batches = order.batches(0);
            let facts = talk::Facts { config: &folder.config, calendar: &calendar, batches: &batches, disk, compute };
            around.common.say(&talk::greeting(&trainer, data, &facts, &loaded.new));
        }
        let state = resumed.unwrap_or_default();
        let log = work.folder().join("log.jsonl");
        let journal = Journal::open(&log, state.log_bytes)?;
        let tensorboard = TensorBoard::open(&work.folder().join("tensorboard"), &log)?;
        let progress = Progress::new("bert-finetune", trainer.step, calendar.total_steps, around.common.quiet);
        let mut run = Self {
            plan,
            data,
            compute,
            around,
            judge,
            calendar,
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
            let Calendar { train_rows, steps_per_epoch, total_steps, warmup_steps, .. } = run.calendar;
            run.log(&Event::Begin { train_rows, steps_per_epoch, total_steps, warmup_steps })?;
        }
        Ok(run)
    }

    pub(crate) fn steps_done(&self) -> u64 {
        self.trainer.step
    }

    pub(crate) fn is_done(&self) -> bool {
        self.trainer.step >= self.calendar.total_steps || self.stopped_early()
    }

    fn stopped_early(&self) -> bool {
        self.trainer.step < self.calendar.total_steps && self.state.patience_is_over(self.plan.cadence.early_stopping)
    }

    pub(crate) fn step(&mut self) -> anyhow::Result<StepReport> {
        let clock = Instant::now();
        let (step, calendar) = (self.trainer.step, &self.calendar);
        let (warmup, total) = (calendar.warmup_steps, calendar.total_steps);
        let factor = factor(&self.plan.schedule, step, warmup, total, self.state.plateau.reduced);
        let place = calendar.place(step);
        if self.batches.0 != place.epoch {
            self.batches = (place.epoch, self.order.batches(place.epoch));
        }
        let accumulated = self.plan.batches.gradient_accumulation_steps;
        let window = self.batches.1.chunks(accumulated).nth(place.steps_before as usize).unwrap_or_default();
        let report = self.trainer.step(&self.data.train, window, factor)?;
        self.timing.count(&report, clock);
        self.state.count(&report);
        self.progress.set(self.trainer.step, || talk::line(&report, &self.timing));
        if self.timing.is_worth_an_estimate() {
            let left = total - self.trainer.step;
            let seconds = self.timing.estimate(left, self.tokens_to_evaluate());
            self.progress.say(&talk::estimate(seconds, left));
        }
        Ok(report)
    }

    /// The tokens of all evaluations that are still to come.
    fn tokens_to_evaluate(&self) -> usize {
        let when = self.plan.cadence.eval_strategy;
        let times = self.calendar.times(when).saturating_sub(self.calendar.times_until(when, self.trainer.step));
        self.data.validation.as_ref().map_or(0, |set| times as usize * set.input_ids.len())
    }

    pub(crate) fn log_if_due(&mut self, report: &StepReport) -> anyhow::Result<()> {
        let step = self.trainer.step;
        if let Some(message) = self.warning() {
            self.progress.say(&format!("  warning: {message}"));
            self.log(&Event::Warning { step, message })?;
        }
        if !self.calendar.is_due(self.plan.cadence.logging, step) {
            return Ok(());
        }
        let (epoch, loss) = (self.calendar.epochs(step), self.state.take_mean_loss());
        let StepReport { learning_rate, grad_norm, .. } = *report;
        self.log(&Event::Train { step, epoch, loss, learning_rate, grad_norm })
    }

    fn warning(&mut self) -> Option<String> {
        let n_classes = self.data.n_classes().filter(|_| self.plan.objective.focal_loss_gamma == 0.0)?;
        self.state.watch.warns(n_classes, self.calendar.warmup_steps).then(|| talk::stuck(n_classes))
    }

    pub(crate) fn evaluate_if_due(&mut self) -> anyhow::Result<()> {
        let step = self.trainer.step;
        let Some(validation) = &self.data.validation else { return Ok(()) };
        if !self.calendar.is_due(self.plan.cadence.eval_strategy, step) {
            return Ok(());
        }
        let clock = Instant::now();
        let n_outputs = self.data.output_names().len();
        self.trainer.settle();
        let (objective, device) = (&self.trainer.objective, self.compute.device);
        let figures = self.trainer.with_result(|model| evaluate(model, validation, n_outputs, objective, device))?;
        self.timing.evaluate_seconds += clock.elapsed().as_secs_f64();
        if !figures.eval_loss.is_finite() {
            return Err(Stop::Unhealthy(talk::not_finite(step, figures.eval_loss)).into());
        }
        let best = self.state.judge(step, figures, self.judge, self.plan.cadence.early_stopping);
        if let Schedule::ReduceLrOnPlateau(plateau) = &self.plan.schedule {
            let (value, rate) = (figures.value(self.judge.metric), self.plan.optimizer.learning_rate);
            self.state.plateau.see(plateau, value, self.judge.greater_is_better, rate);
        }
        let epoch = self.calendar.epochs(step);
        self.progress.say(&talk::told(epoch, &figures, best));
        self.log(&Event::Evaluate { step, epoch, figures, best })?;
        if best {
            self.keep_best()?;
        }
        Ok(())
    }

    fn keep_best(&mut self) -> anyhow::Result<()> {
        let clock = Instant::now();
        self.trainer.settle();
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
        if !pausing && !ends_early && !self.calendar.is_due(when, self.trainer.step) {
            return Ok(());
        }
        let clock = Instant::now();
        self.trainer.settle();
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
