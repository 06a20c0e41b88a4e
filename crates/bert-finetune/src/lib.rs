//! `bert-finetune`: fine-tunes BERT; tokens and a model in, the best checkpoint and its log out.
//!
//! ```text
//! settings     flags and profile ──► Plan                        what was typed, what is valid
//! data         token files ──► Dataset ──► MicroBatches          which rows each step reads
//! optim        optimizers, learning rate schedules, EMA          how the parameters move
//! processes    World, Meeting, Team                              several processes that train one model
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
mod processes;
mod training;
mod checkpoints;
mod report;
mod train_loop;
mod planning;

use std::time::Duration;

use anyhow::Context;
use bert::{BertError, Compute};
use checkpoint::{CONFIG_AND_TOKENIZER_FILES, CheckpointError, ModelFolder};
use corpus::CorpusError;
use corpus::tokenizer::{Overflow, TruncationSide};
use run_files::layout;
use stage::{BadInputType, ComputeArgs, Fingerprint, Interrupt, Job, OutputFolder, Stage, ensure_input};

pub use settings::{
    Args, BatchArgs, DdpBackend, ELSEWHERE, IntervalArgs, ObjectiveArgs, OptimizerArgs, SET_ASIDE, ScheduleArgs,
    WeightArgs,
};

use crate::checkpoints::CheckpointFolder;
use crate::data::{Dataset, TokenFiles};
use crate::processes::{Decision, Meeting, Team, World, connect_devices, device_of};
use crate::settings::{Plan, RunFacts};
use crate::train_loop::{Inputs, Outcome, RunContext, train};

/// What the manifests of this stage say wrote them.
pub const STAGE: Stage = Stage { name: "bert-finetune", version: 5 };

/// The errors of libraries that are bad input.
pub fn bad_input_types() -> [BadInputType; 3] {
    [
        BadInputType::of::<CorpusError>(),
        BadInputType::of::<CheckpointError>(),
        BadInputType::when(BertError::is_bad_input),
    ]
}

/// Runs the stage: this process alone, or its part among several.
///
/// # Errors
/// Fails on contradicting arguments, bad input, a number that is not finite, a signal, or a full disk; and, of several processes,
/// where another one stops.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let Some(world) = World::of_environment()? else { return run_process(args, None) };
    let mut args = args.clone();
    if !world.is_first() {
        args.common.quiet = true;
        stage::say_errors_alone();
    }
    args.compute.threads = args.compute.threads.or(Some(world.threads()));
    if args.plan {
        ensure_input!(!args.timed, "--timed takes its steps in one process; start one without torchrun");
        return if world.is_first() { run_process(&args, Some(&Meeting::new(world, Duration::ZERO))) } else { Ok(()) };
    }
    let meeting = Meeting::new(world, Duration::from_secs(args.ddp_timeout));
    let outcome = meeting.begin().and_then(|()| {
        args.compute.device = device_of(meeting.world(), &args.compute.device)?;
        run_process(&args, Some(&meeting))
    });
    meeting.part(outcome, &bad_input_types())
}

fn run_process(args: &Args, meeting: Option<&Meeting>) -> anyhow::Result<()> {
    let ComputeArgs { device, threads, precision } = &args.compute;
    let compute = Compute::resolve(device, *threads, precision)?;
    let mut tokens = TokenFiles::open(&args.tokens)?;
    stage::verify_files(&args.model, &CONFIG_AND_TOKENIZER_FILES)?;
    let model = ModelFolder::open(&args.model)?;
    let processes = meeting.map_or(1, |meeting| meeting.world().size);
    let facts = RunFacts { has_validation: tokens.validation.is_some(), processes };
    let plan = Plan::resolve(args, &compute, &model.config, facts)?;
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
        return planning::print(
            Inputs { plan: &plan, model: &model, data: &data, compute, team: None, recording: args.recording() },
            args,
            processes,
        );
    }

    let Some(mut output) = claim(job(args, &plan, &compute, &tokens, &model)?, meeting)? else { return Ok(()) };
    compute.load_libtorch()?;

    let install = || Interrupt::install().context("cannot install the signal handlers");
    let alone = meeting.is_none().then(install).transpose()?;
    let data = Dataset::read(&tokens, &model.config)?;
    let mut team = meeting.map(|meeting| joined(meeting, args, &plan, &tokens, &model)).transpose()?;
    if let (Some(team), Some(meeting)) = (&mut team, meeting)
        && let Some(remark) = connect_devices(team, meeting, compute, args.ddp_backend)?
    {
        args.common.say(&format!("bert-finetune: {remark}"));
    }
    // Until it is connected, a signal ends a process that waits for others at once.
    let interrupt = alone.map_or_else(install, Ok)?;
    let (team, recording) = (team.as_ref(), args.recording());
    let inputs = Inputs { plan: &plan, model: &model, data: &data, compute, team, recording };
    let context = RunContext { common: &args.common, interrupt, stop_at_step: args.stop_at_step };
    if let Claim::First(output) = &mut output {
        record(output, &data);
    }
    let outcome = train(inputs, &context, output.folder())?;
    team.inspect(|team| team.done());
    let result = match outcome {
        Outcome::Finished(result) => result,
        Outcome::Paused { step } => {
            args.common.say(&format!("bert-finetune: paused at step {step}; run the same command to continue"));
            return Ok(());
        }
    };

    let Claim::First(mut output) = output else { return Ok(()) };
    report::write_outputs(&mut output, &model, &data, &result)?;
    output.finish()?;
    CheckpointFolder::of(&args.common.out).remove_best_copies()?;
    args.common.say(&report::summary(&args.common.out, &data, &result));
    Ok(())
}

/// Who writes.
enum Claim {
    /// This process, into the folder that it has locked.
    First(Box<OutputFolder>),
    /// Another process of the run.
    Other,
}

impl Claim {
    fn folder(&mut self) -> Option<&mut OutputFolder> {
        match self {
            Self::First(output) => Some(output),
            Self::Other => None,
        }
    }
}

/// Locks the folder and judges whether it is fresh; `None`: there is nothing to do. Of several processes the first does so, and the
/// others learn what it found.
fn claim(job: Job, meeting: Option<&Meeting>) -> anyhow::Result<Option<Claim>> {
    let Some(meeting) = meeting else { return Ok(job.begin()?.map(|output| Claim::First(Box::new(output)))) };
    if !meeting.world().is_first() {
        return Ok((meeting.decision()? == Decision::Train).then_some(Claim::Other));
    }
    let output = job.begin()?;
    meeting.decide(if output.is_some() { Decision::Train } else { Decision::Leave })?;
    Ok(output.map(|output| Claim::First(Box::new(output))))
}

/// Connects the processes, which have to have the same settings and data.
fn joined(
    meeting: &Meeting,
    args: &Args,
    plan: &Plan,
    tokens: &TokenFiles,
    model: &ModelFolder,
) -> anyhow::Result<Team> {
    let team = Team::new(meeting.connect()?, meeting.world().spans_machines());
    team.agree("plan", &serde_json::to_string(plan)?)?;
    team.agree("--stop-at-step", &format!("{:?}", args.stop_at_step))?;
    // Of the model the others need no weights: they get those of process 0.
    team.agree("config.json", &Fingerprint::of_file(&model.config_path())?.sha256)?;
    for file in [Some(&tokens.train), tokens.validation.as_ref()].into_iter().flatten() {
        team.agree(&file.display().to_string(), &Fingerprint::of_file(file)?.sha256)?;
    }
    Ok(team)
}

/// Facts of the data that later stages read.
fn record(output: &mut OutputFolder, data: &Dataset) {
    output.record(layout::train::MAX_LENGTH, data.train.metadata.max_length);
    match data.train.metadata.overflow {
        Overflow::Truncate(TruncationSide::Right) => {}
        Overflow::Truncate(side) => output.record(layout::train::TRUNCATION_SIDE, side),
        Overflow::Windows { stride } => output.record(layout::train::WINDOW_STRIDE, stride),
    }
    if let Some(counts) = data.train_class_counts() {
        output.record(layout::train::CLASS_COUNTS, counts);
    }
}

/// What freshness is judged by: the plan and every file that is read.
fn job(args: &Args, plan: &Plan, compute: &Compute, tokens: &TokenFiles, model: &ModelFolder) -> anyhow::Result<Job> {
    let mut job = Job::new(STAGE, &args.common)
        .plan(plan)?
        .figures(report::figures)
        .progress_made(CheckpointFolder::told)
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
