//! Answers of large files in parts: a folder with a file for so many rows of the input each, and one manifest.
//!
//! A part is a function of its rows alone, so a run that was killed goes on with the parts that are missing, and shards
//! together have the parts of an undivided run, byte for byte.

mod ledger;
mod plan;
mod collect;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use stage::{CommonArgs, ExitReason, Interrupt, Job, Manifest, OutputFolder, Stage, bad_input, ensure_input};

use crate::answers::Answering;
use crate::args::Args;
use crate::counts::Counts;
use crate::input::{Input, InputFiles, PartRule, WindowSize};
use crate::output::{AnswerWriter, Format, Layout};
use crate::predictor::Predictor;
use crate::prepare::{Next, PreparedWindow, PreparedWindows};
use crate::reporting::Reporting;
use corpus::tokenizer::Tokenizer;
use ledger::{Entry, Ledger, part_name};
use plan::Plan;

pub(crate) use collect::collect;

/// The stage that writes folders of answers.
pub(crate) const STAGE: Stage = Stage { name: "bert-predict", version: 1 };
/// The fact in a manifest that says how many parts the whole input has.
const N_PARTS: &str = "parts";

/// What a run in parts needs beside its arguments.
pub(crate) struct PartsRun<'a> {
    pub(crate) predictor: &'a Predictor,
    pub(crate) layout: &'a Layout,
    pub(crate) format: Format,
    pub(crate) size: WindowSize,
}

/// Arguments of an output folder, as a stage has them.
fn common(args: &Args, out: PathBuf) -> CommonArgs {
    let output = &args.output;
    CommonArgs {
        profile: args.profile.clone(),
        unset: args.unset.clone(),
        out,
        force: output.force,
        explain: output.explain,
        quiet: args.quiet,
    }
}

/// Refuses to write in a folder that another stage has finished.
fn ensure_own(folder: &Path) -> anyhow::Result<()> {
    let owner = Manifest::load(folder).ok().flatten().map(|manifest| manifest.stage);
    ensure_input!(
        owner.as_deref().is_none_or(|owner| owner == STAGE.name),
        "{} holds the output of `{}`; give --out another folder",
        folder.display(),
        owner.unwrap_or_default()
    );
    Ok(())
}

impl PartsRun<'_> {
    /// Answers the parts of `files` that are not there yet.
    ///
    /// # Errors
    /// Fails when the folder cannot be had, where the input cannot be read further, on a signal, and when a kernel or the
    /// disk does. What was answered stays, and the same command goes on.
    pub(crate) fn run(&self, args: &Args, files: InputFiles, tokenizer: Tokenizer) -> anyhow::Result<()> {
        let Some(mut folder) = self.begin(args, &files)? else { return Ok(()) };
        let interrupt = Interrupt::install().context("cannot install the handlers of signals")?;
        folder.clear()?;
        let mut ledger = Ledger::open(&folder, self.format)?;
        let mut reporting = Reporting::begin(args, files.paths().map(Path::to_owned).collect());
        for Entry { file, fingerprint, counts, .. } in ledger.entries() {
            folder.list_checked(file, fingerprint.clone());
            reporting.add_before(counts);
        }
        if !ledger.entries().is_empty() {
            let n = stage::counted(ledger.entries().len() as u64, "part");
            args.say(&format!(
                "{n} of an earlier run {} there",
                if ledger.entries().len() == 1 { "is" } else { "are" }
            ));
        }
        let done: BTreeSet<u64> = ledger.entries().iter().map(|entry| entry.part).collect();
        let rule = PartRule { rows_per_part: args.output.rows_per_part, shard: args.output.shard, done };
        let n_parts = files.n_parts();
        let input = Input::Files(files.in_parts(rule));
        let windows = PreparedWindows::begin(input, tokenizer, self.predictor.vocab_size(), self.size)?;
        let mut next = windows.next(Some(&interrupt))?;
        let mut answering = Answering::new(self.predictor);
        loop {
            match next {
                Next::Window(first) => {
                    let part = first.part;
                    let name = part_name(part.number, self.format);
                    let mut interrupted = None;
                    let (counts, after) = folder
                        .output(&name, |sink| {
                            let mut writer = AnswerWriter::new(self.format, self.layout, sink)?;
                            let mut counts = Counts::default();
                            let mut window: Box<PreparedWindow> = first;
                            loop {
                                let of_window = answering.answer(&window, &mut writer, &|line| reporting.say(line))?;
                                counts.add(&of_window);
                                reporting.add(&of_window);
                                match windows.next(Some(&interrupt))? {
                                    Next::Window(next) if next.part == part => window = next,
                                    Next::Interrupted(signal) => {
                                        interrupted = Some(signal);
                                        anyhow::bail!("interrupted");
                                    }
                                    after => {
                                        writer.finish()?;
                                        return Ok((counts, after));
                                    }
                                }
                            }
                        })
                        .map_err(|error| interrupted.map_or(error, |signal| self.interrupted(signal, &ledger, args)))?;
                    let fingerprint = folder.written(&name).cloned().context("a part was not written")?;
                    ledger.add(Entry {
                        part: part.number,
                        file: name,
                        input: part.file,
                        first_row: part.first_row,
                        counts,
                        fingerprint,
                    })?;
                    next = after;
                }
                Next::End => break,
                Next::Interrupted(signal) => return Err(self.interrupted(signal, &ledger, args)),
            }
        }
        ledger.finish(&mut folder)?;
        folder.record(N_PARTS, n_parts.get());
        folder.finish()?;
        reporting.end(self.predictor);
        Ok(())
    }

    fn begin(&self, args: &Args, files: &InputFiles) -> anyhow::Result<Option<OutputFolder>> {
        let out = args.output.out.clone().ok_or_else(|| bad_input!("--out is missing"))?;
        ensure_own(&out)?;
        let folder = args.output.shard.map_or(out.clone(), |shard| out.join(shard.folder()));
        let plan = Plan::of(args, self.predictor, self.layout, self.format);
        let mut job = Job::new(STAGE, &common(args, folder)).plan(&plan)?;
        for (name, path) in &self.predictor.files {
            job = job.input(format!("model/{name}"), path);
        }
        for (index, path) in files.paths().enumerate() {
            job = job.input(format!("input/{index}"), path);
        }
        if let Some(model) = &args.model {
            job = job.input_folder(model);
        }
        if args.output.shard.is_some() {
            job = job.shared_folder(out);
        }
        let compute = &self.predictor.compute;
        job.record("threads", compute.threads).record("device", compute.device_name()).begin()
    }

    fn interrupted(&self, signal: i32, ledger: &Ledger, args: &Args) -> anyhow::Error {
        let n = stage::counted(ledger.entries().len() as u64, "part");
        let out = args.output.out.as_deref().unwrap_or(Path::new("")).display();
        let message = format!(
            "interrupted; {n} in {out} {} kept, and the same command goes on",
            if ledger.entries().len() == 1 { "is" } else { "are" }
        );
        ExitReason::Interrupted { signal, message }.into()
    }
}
