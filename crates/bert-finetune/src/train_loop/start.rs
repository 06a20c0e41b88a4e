//! Start of a run: load the model, resume from a checkpoint if there is one, open the log.

use bert::LoadReport;
use run_files::layout::train;
use run_files::log::Event;
use run_files::plan::Counts;
use stage::{MANIFEST, OutputFolder, Progress};

use crate::checkpoints::{Checkpoints, Saves};
use crate::data::MicroBatches;
use crate::processes::{Restarts, Team};
use crate::report::messages::{self, StartFacts};
use crate::report::{EventLog, Timing};
use crate::settings::Schedule;
use crate::train_loop::run::{Inputs, Run, RunContext};
use crate::training::loop_state::LoopState;
use crate::training::loss::Objective;
use crate::training::memory::MemoryOf;
use crate::training::tensor_counts::TensorCounts;
use crate::training::trainer::{Trainer, TrainerSetup};

/// The trainer before its first step, and what the model folder did not bring.
pub(crate) fn untrained(inputs: Inputs<'_>) -> anyhow::Result<(Trainer<'_>, LoadReport)> {
    let Inputs { plan, model, data, compute, team, recording } = inputs;
    let n_outputs = data.output_names().len();
    let load = if plan.weights.new_head { bert::load_with_new_head } else { bert::load };
    let (parameters, loaded) = load(model, n_outputs, plan.batches.seed, compute.device)?;
    let objective = Objective::new(&plan.objective, &data.train.labels, n_outputs, compute.device);
    let recording = compute.device.is_cuda().then_some(recording);
    let setup = TrainerSetup { plan, config: &model.config, compute, team, recording };
    Ok((Trainer::new(parameters, &loaded.new, objective, setup)?, loaded))
}

/// Brings a run to where its next step can be taken. The old result is removed once nothing can be refused any more.
pub(crate) fn start<'a>(
    inputs: Inputs<'a>,
    context: &'a RunContext<'a>,
    output: Option<&mut OutputFolder>,
) -> anyhow::Result<Run<'a>> {
    let Inputs { plan, data, team, .. } = inputs;
    let criterion = plan.check(data.problem_type())?;
    let batches = MicroBatches::new(plan, data.train_lengths());
    let (mut trainer, loaded) = untrained(inputs)?;
    if let Some(team) = team {
        team.agree("machine or libtorch", &trainer.machine().kind().to_string())?;
    }
    let written = match output {
        Some(output) => Some(open_outputs(inputs, context, output, (&mut trainer, &loaded, &batches))?),
        None => None,
    };
    let (mut state, checkpoints, log) = match written {
        Some((state, checkpoints, log)) => (state, Some(checkpoints), Some(log)),
        None => (LoopState::default(), None, None),
    };
    if let Some(team) = team {
        trainer.take_from_first()?;
        state = serde_json::from_str(&team.text_of_first(&serde_json::to_string(&state)?)?)?;
    }
    if let Some(stop) = context.stop_at_step.filter(|&stop| stop <= trainer.step) {
        let at = trainer.step;
        context.common.say(&format!(
            "bert-finetune: warning: --stop-at-step {stop} is behind this run, which is at step {at}: it does not pause"
        ));
    }
    let total_steps = batches.step_plan.counts.total_steps;
    let progress = Progress::new("bert-finetune", trainer.step, total_steps, context.common.quiet);
    let timing = Timing::default();
    let last_report = None;
    Ok(Run { inputs, context, criterion, batches, trainer, checkpoints, state, log, progress, timing, last_report })
}

/// What the process that writes does before the first step: it restores `trainer` from a checkpoint, if there is one, and says
/// what the run is.
fn open_outputs(
    inputs: Inputs<'_>,
    context: &RunContext<'_>,
    output: &mut OutputFolder,
    (trainer, loaded, batches): (&mut Trainer<'_>, &LoadReport, &MicroBatches<'_>),
) -> anyhow::Result<(LoopState, Checkpoints, EventLog)> {
    let Inputs { plan, model, data, compute, team, .. } = inputs;
    let n_outputs = data.output_names().len();
    let counts = batches.step_plan.counts;
    // Whoever writes new tokens while this trains does not touch what is trained. What goes along with the result is read at its end.
    let of_model = model.tokenizer_files().into_iter().map(|(name, _)| name).chain([train::CONFIG]);
    let go_along: Vec<String> = of_model.map(|name| format!("model/{name}")).collect();
    output.inputs_are_read(|role| !go_along.iter().any(|known| known == role))?;
    let mut checkpoints = Checkpoints::open(output, plan.saving.total_limit, trainer.machine())?;
    let restarts = Restarts::read(output, plan, team.map_or(1, Team::size))?;
    let was_finished = output.folder().join(MANIFEST).exists();
    if checkpoints.is_unfinished() && !was_finished {
        restarts.refuse_other_division(output.folder())?;
    }
    let tensors = TensorCounts::new(plan, &model.config, n_outputs, &loaded.new, compute);
    let n_saves = batches.step_plan.occurrences(plan.saving.when);
    let disk =
        checkpoints.check_disk_space(Saves { counts: &tensors, n_saves, total_limit: plan.saving.total_limit })?;
    checkpoints.set_log_aside()?;
    output.clear()?;

    let resumed = checkpoints.resume(trainer, context.common)?;
    if resumed.is_none() {
        // Of a finished run that was said before.
        if let Some(step) = checkpoints.newest_of_others().filter(|_| !was_finished) {
            context.common.say(&format!(
                "bert-finetune: warning: the unfinished run at step {step} in {} was of other settings or inputs, and gives way to this one; \
                 another --out would keep it",
                output.folder().display()
            ));
        }
        let first_epoch = batches.first_epoch();
        let (batch, processes) = (batches.largest_batch(), team.map_or(1, Team::size));
        let memory = MemoryOf { plan, config: &model.config, data, compute, batch, processes };
        let facts = StartFacts {
            config: &model.config,
            counts,
            first_epoch: &first_epoch,
            loaded,
            memory: memory.bytes(&tensors)?.peak,
            disk,
            has_adapters: plan.weights.lora.is_some(),
            compute,
        };
        context.common.say(&messages::start(trainer, data, &facts));
        if let Some(team) = team {
            context.common.say(&messages::global_batch(&plan.batches, team.size()));
        }
        let class_weights = trainer.objective.class_weights();
        if let Some(weights) = &class_weights {
            context.common.say(&messages::class_weights(weights, &data.output_names()));
        }
        let weighs_nothing = class_weights.is_some() && first_epoch.iter().all(|rows| rows.len() == 1);
        let warnings = [
            weighs_nothing.then(|| messages::WEIGHTS_OF_SINGLE_ROWS.to_owned()),
            other_classes(inputs, loaded),
            young_average(plan.weights.ema_decay, counts.total_steps),
        ];
        warnings.iter().flatten().for_each(|warning| context.common.say(&format!("  warning: {warning}")));
    } else if let Some(change) = restarts.changed() {
        context.common.say(&format!("bert-finetune: now {change}; the result is the same"));
    }
    restarts.write(output, trainer.step)?;
    let mut state = resumed.unwrap_or_default();
    if let Schedule::ReduceLrOnPlateau(plateau) = &plan.schedule {
        state.plateau.count_reductions(plateau, plan.optimizer.learning_rate);
    }
    let mut log = EventLog::open(output.folder(), state.log_bytes)?;
    if state.log_bytes == 0 {
        let Counts { steps_per_epoch, total_steps, warmup_steps, .. } = counts;
        let train_rows = data.train.len();
        log.append(&Event::Begin { train_rows, steps_per_epoch, total_steps, warmup_steps })?;
    }
    Ok((state, checkpoints, log))
}

/// What to say where the classifier is that of other classes: it is kept where their number fits, as Transformers keeps it.
fn other_classes(inputs: Inputs<'_>, loaded: &LoadReport) -> Option<String> {
    let Inputs { model, data, .. } = inputs;
    if loaded.new.iter().any(|name| name.starts_with("classifier.")) {
        return None;
    }
    let names = data.output_names();
    let before = match model.outputs() {
        Ok(outputs) => outputs?.names,
        // A config that does not speak of this classifier: what it says is shown as it is.
        Err(_) => model.config.id2label.as_ref()?.values().cloned().collect(),
    };
    (before != names).then(|| messages::other_classes(&before, &names))
}

/// What to say of an average that holds mostly what the run began with.
fn young_average(ema_decay: Option<f64>, total_steps: u64) -> Option<String> {
    let decay = ema_decay?;
    let share = decay.powf(total_steps as f64);
    (share > 0.5).then(|| messages::young_average(decay, total_steps, share))
}
