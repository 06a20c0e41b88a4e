//! `bert-finetune`: tokens and a model in, the best checkpoint and its log out.
//!
//! ```text
//! args ──► settings ──► plan ──► order, step_plan ──┐
//! model folder, dataset ──► trainer ──► run ◄──────┘   train: one step, log, evaluate and save if due, stop if done
//!                                        └──► best checkpoint ──► OUT/{config.json, model.safetensors, tokenizer,
//!                                                                       log.jsonl, tensorboard/, curves.svg}
//! ```

mod settings;
mod data;
mod optim;
mod training;
mod checkpoints;
mod report;
mod train_loop;

use anyhow::Context;
use checkpoint::ModelFolder;
use stage::{Interrupt, Job, Stage, Upstream, bad_input};

pub use settings::args::Args;
pub use settings::{BatchArgs, IntervalArgs, ObjectiveArgs, OptimizerArgs, ScheduleArgs, WeightArgs};

use crate::data::dataset::Dataset;
use crate::settings::plan::Plan;

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-finetune", version: 5 };

/// Runs the stage.
///
/// # Errors
/// Fails on contradicting arguments, unfit input, a number that is not finite, a signal, or a full disk.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let compute = bert::Compute::resolve(&args.compute).map_err(bad_input)?;
    let tokens = Upstream::open(&args.tokens, "sst-tokenize")?;
    let train_path = tokens.required("train.parquet")?;
    let validation_path = tokens.optional("validation.parquet");
    let folder = ModelFolder::open(&args.model).map_err(bad_input)?;
    let plan = Plan::resolve(args, &compute, &folder.config, validation_path.is_some()).map_err(bad_input)?;
    // A split that nothing is asked of is not read.
    let validation_path = validation_path.filter(|_| plan.evaluates());
    if args.plan {
        let data = Dataset::read(&train_path, validation_path.as_deref(), &folder.config)?;
        data.check_plan(&plan).map_err(bad_input)?;
        let (_, step_plan) = plan.lay_out(data.train_lengths());
        println!("{}", serde_json::to_string_pretty(&plan.with_counts(&step_plan))?);
        return Ok(());
    }

    let mut job = Job::new(STAGE, &args.common).plan(&plan)?.input("tokens/train.parquet", &train_path);
    if let Some(path) = &validation_path {
        job = job.input("tokens/validation.parquet", path);
    }
    job = job.input("model/config.json", folder.config_path()).input("model/model.safetensors", folder.weights_path());
    for (name, path) in folder.tokenizer_files() {
        job = job.input(format!("model/{name}"), path);
    }
    job = job.record("threads", compute.threads).record("device", compute.device_name()).record("save", plan.saving);
    let Some(mut work) = job.begin()? else { return Ok(()) };

    let interrupt = Interrupt::install().context("cannot install the signal handlers")?;
    let data = Dataset::read(&train_path, validation_path.as_deref(), &folder.config)?;
    let around = train_loop::train::RunContext { common: &args.common, interrupt, stop_at_step: args.stop_at_step };
    match train_loop::train::train(&mut work, &plan, &folder, &data, (compute, around))? {
        train_loop::train::End::Paused { step } => {
            args.common.say(&format!("bert-finetune: paused at step {step}; the same command goes on"));
            Ok(())
        }
        train_loop::train::End::Finished(result) => {
            report::outputs::write(&mut work, &folder, &data, &result)?;
            work.finish()?;
            report::outputs::remove_best_copies(&args.common.out)?;
            args.common.say(&report::outputs::summary(&args.common.out, &data, &result));
            Ok(())
        }
    }
}
