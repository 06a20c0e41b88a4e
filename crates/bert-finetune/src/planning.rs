//! Planning (`--plan`): the settings with all that follows from the model and the task, and what the run takes of memory, disk
//! and, with `--timed`, time. JSON on stdout; nothing is written.

mod timed_steps;

use checkpoint::{ModelFolder, expected_tensors};
use run_files::plan::{Counts, Plan as PrintedPlan};

use crate::checkpoints::Saves;
use crate::data::MicroBatches;
use crate::settings::Args;
use crate::train_loop::Inputs;
use crate::training::memory::MemoryOf;
use crate::training::tensor_counts::TensorCounts;

/// Prints the plan, having checked it against the data; memory is that of each of `processes`.
pub(crate) fn print(inputs: Inputs<'_>, args: &Args, processes: usize) -> anyhow::Result<()> {
    let Inputs { plan, model, data, compute, .. } = inputs;
    let settings = plan.resolved(&model.config, data.problem_type())?;
    plan.check(data.problem_type())?;
    for remark in model.weights()?.remarks() {
        args.common.say(&format!("bert-finetune: {remark}"));
    }
    let batches = MicroBatches::new(plan, data.train_lengths());
    let n_outputs = data.output_names().len();
    let tensors = TensorCounts::new(plan, &model.config, n_outputs, &missing(model, n_outputs)?, compute);
    let memory = MemoryOf { plan, config: &model.config, data, compute, batch: batches.largest_batch(), processes };
    let n_saves = batches.step_plan.occurrences(plan.saving.when);
    let time = if args.timed { Some(timed_steps::time(inputs, batches.clone(), &args.common)?) } else { None };
    let printed = PrintedPlan {
        settings,
        saving: plan.saving,
        counts: Counts { train_texts: data.n_train_texts().map(|n| n as u64), ..batches.step_plan.counts },
        epoch_ends: batches.step_plan.uneven_epoch_ends(),
        memory: Some(memory.bytes(&tensors)?),
        disk: Some(Saves { counts: &tensors, n_saves, total_limit: plan.saving.total_limit }.disk_bytes()),
        time,
    };
    stage::print_line(serde_json::to_string_pretty(&printed)?)?;
    Ok(())
}

/// The tensors that the model folder does not bring.
fn missing(model: &ModelFolder, n_outputs: usize) -> anyhow::Result<Vec<String>> {
    let weights = model.weights()?;
    let expected = expected_tensors(&model.config, n_outputs).into_iter().map(|spec| spec.name);
    Ok(expected.filter(|name| weights.entry(name).is_none()).collect())
}
