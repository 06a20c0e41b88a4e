//! `bert-finetune`: fine-tunes BERT; tokens and a model in, the best checkpoint and its log out.
//!
//! ```text
//! settings     flags and profile ──► Plan                        what was typed, what is valid
//! data         token files ──► Dataset ──► MicroBatches          which rows each step reads
//! optim        optimizers, learning rate schedules, EMA          how the parameters move
//! training     Trainer::step, evaluate, LoopState                one step; one evaluation
//! checkpoints  checkpoints/step-NNNNNN/                          save, verify, resume
//! report       log.jsonl, tensorboard/, curves.svg, console      what a run tells
//! train_loop   train: step, log, evaluate, save, until done      the loop
//! planning     --plan: what a run would be and take              no run
//! ```
//!
//! Each module uses only those above it. The result is `OUT/{config.json, model.safetensors, tokenizer files, log.jsonl,
//! curves.svg, manifest.json}`.

mod settings;
mod data;
mod optim;
mod training;
mod checkpoints;
mod report;
mod train_loop;
mod planning;

use anyhow::Context;
use bert::Compute;
use checkpoint::{CONFIG_AND_TOKENIZER_FILES, ModelFolder};
use corpus::tokenizer::{Overflow, TruncationSide};
use run_files::layout;
use stage::{ComputeArgs, Interrupt, Job, Stage};

pub use settings::{Args, BatchArgs, IntervalArgs, ObjectiveArgs, OptimizerArgs, SET_ASIDE, ScheduleArgs, WeightArgs};

use crate::checkpoints::CheckpointFolder;
use crate::data::{Dataset, TokenFiles};
use crate::settings::Plan;
use crate::train_loop::{Inputs, Outcome, RunContext, train};

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-finetune", version: 5 };

/// Runs the stage.
///
/// # Errors
/// Fails on contradicting arguments, bad input, a number that is not finite, a signal, or a full disk.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let ComputeArgs { device, threads, precision } = &args.compute;
    let compute = Compute::resolve(device, *threads, precision)?;
    let mut tokens = TokenFiles::open(&args.tokens)?;
    stage::verify_files(&args.model, &CONFIG_AND_TOKENIZER_FILES)?;
    let model = ModelFolder::open(&args.model)?;
    let plan = Plan::resolve(args, &compute, &model.config, tokens.validation.is_some())?;
    tokens.check_tokenizer(&args.model)?;
    if !plan.evaluates() {
        tokens.validation = None; // a split that is not evaluated is neither read nor part of the key
    }
    if args.plan {
        // No job compares the hashes here, as it does below, where they are remembered.
        for file in [Some(&tokens.train), tokens.validation.as_ref()].into_iter().flatten() {
            stage::verify_file(file)?;
        }
        let data = Dataset::read(&tokens, &model.config)?;
        if args.timed {
            compute.load_libtorch()?;
        }
        return planning::print(Inputs { plan: &plan, model: &model, data: &data, compute }, args);
    }

    let job = job(args, &plan, &compute, &tokens, &model)?;
    let Some(mut output) = job.begin()? else { return Ok(()) };
    compute.load_libtorch()?;

    let interrupt = Interrupt::install().context("cannot install the signal handlers")?;
    let data = Dataset::read(&tokens, &model.config)?;
    output.record(run_files::layout::train::MAX_LENGTH, data.train.metadata.max_length);
    match data.train.metadata.overflow {
        Overflow::Truncate(TruncationSide::Right) => {}
        Overflow::Truncate(side) => output.record(layout::train::TRUNCATION_SIDE, side),
        Overflow::Windows { stride } => output.record(layout::train::WINDOW_STRIDE, stride),
    }
    if let Some(counts) = data.train_class_counts() {
        output.record(run_files::layout::train::CLASS_COUNTS, counts);
    }
    let inputs = Inputs { plan: &plan, model: &model, data: &data, compute };
    let context = RunContext { common: &args.common, interrupt, stop_at_step: args.stop_at_step };
    let result = match train(inputs, &context, &mut output)? {
        Outcome::Finished(result) => result,
        Outcome::Paused { step } => {
            args.common.say(&format!("bert-finetune: paused at step {step}; run the same command to continue"));
            return Ok(());
        }
    };

    report::write_outputs(&mut output, &model, &data, &result)?;
    output.finish()?;
    CheckpointFolder::of(&args.common.out).remove_best_copies()?;
    args.common.say(&report::summary(&args.common.out, &data, &result));
    Ok(())
}

/// What freshness is judged by: the plan and every file that is read.
fn job(args: &Args, plan: &Plan, compute: &Compute, tokens: &TokenFiles, model: &ModelFolder) -> anyhow::Result<Job> {
    let mut job = Job::new(STAGE, &args.common)
        .plan(plan)?
        .figures(report::figures)
        .own_folders(&[layout::train::CHECKPOINTS, layout::train::TENSORBOARD])
        .takes_long(format!("--model {} --out OTHER goes on from its weights", args.common.out.display()))
        .input_folder(&args.tokens)
        .input_folder(&args.model)
        .input("tokens/train.parquet", &tokens.train);
    if let Some(path) = &tokens.validation {
        job = job.input("tokens/validation.parquet", path);
    }
    job = job.input("model/config.json", model.config_path());
    for (name, path) in model.weight_files()? {
        job = job.input(format!("model/{name}"), path);
    }
    for (name, path) in model.tokenizer_files() {
        job = job.input(format!("model/{name}"), path);
    }
    Ok(job.record("threads", compute.threads).record("device", compute.device_name()).record("save", plan.saving))
}
