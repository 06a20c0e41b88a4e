//! Answers of large files in parts: a folder with a file for so many rows of the input each, and one manifest.
//!
//! A part is a function of its rows alone, so a run that was killed goes on with the parts that are missing, and shards
//! together have the parts of an undivided run, byte for byte.

mod ledger;
mod plan;
mod collect;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde_json::{Map, Value};
use stage::{
    CommonArgs, ExitReason, Interrupt, Job, Manifest, OutputFolder, OutputWriter, Stage, bad_input, ensure_input,
};

use crate::answers::Answering;
use crate::args::Args;
use crate::counts::Counts;
use crate::input::{Input, InputFiles, PartRule, WindowSize};
use crate::output::{AnswerWriter, Format, Layout};
use crate::predictor::Predictor;
use crate::prepare::{Next, PreparedWindow, PreparedWindows};
use crate::reporting::Reporting;
use crate::settings::{Settings, Unloaded};
use ledger::{Entry, Ledger, part_name};
use plan::Plan;

pub(crate) use collect::collect;

/// The stage that writes folders of answers.
pub(crate) const STAGE: Stage = Stage { name: "bert-predict", version: 1 };
/// The fact in a manifest that says how many parts the whole input has.
const N_PARTS: &str = "parts";

/// What a run in parts needs beside its arguments.
pub(crate) struct PartsRun<'a> {
    pub(crate) settings: &'a Settings,
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
        json_summary: args.json_summary,
        log_format: args.log_format,
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
    pub(crate) fn run(&self, args: &Args, files: InputFiles, model: Unloaded) -> anyhow::Result<()> {
        let Some(mut folder) = self.begin(args, &files)? else { return Ok(()) };
        let interrupt = Interrupt::install().context("cannot install the handlers of signals")?;
        let predictor = Predictor::load(self.settings, model.classifier)?;
        folder.clear()?;
        let ledger = Ledger::open(&folder, self.format)?;
        let mut reporting = Reporting::begin(args, files.paths().map(Path::to_owned).collect());
        for Entry { file, fingerprint, counts, .. } in ledger.entries() {
            folder.list_checked(file, fingerprint.clone());
            reporting.add_before(counts);
        }
        if !ledger.entries().is_empty() {
            args.say(&format!("{} there from an earlier run", n_parts_are(&ledger)));
        }
        let done = ledger.entries().iter().map(|entry| entry.part).collect();
        let rule = PartRule { rows_per_part: args.output.rows_per_part, shard: args.output.shard, done };
        let n_parts = files.n_parts();
        let input = Input::Files(files.in_parts(rule));
        let windows = PreparedWindows::begin(input, model.tokenizer, self.settings.vocab_size, self.size)?;
        let answering = Answering::new(&predictor);
        let filling = Filling { run: self, folder, ledger, windows, interrupt, answering, reporting };
        let Filling { mut folder, ledger, reporting, .. } = filling.fill()?;
        if args.output.shard.is_none() {
            reporting.ensure_some_read()?; // of a shard, which may be small, the whole is judged when it is collected
        }
        ledger.finish(&mut folder)?;
        folder.record(N_PARTS, n_parts.get());
        folder.finish()?;
        reporting.end(self.settings);
        Ok(())
    }

    fn begin(&self, args: &Args, files: &InputFiles) -> anyhow::Result<Option<OutputFolder>> {
        let out = args.output.out.clone().ok_or_else(|| bad_input!("--out is missing"))?;
        ensure_own(&out)?;
        let folder = args.output.shard.map_or(out.clone(), |shard| out.join(shard.folder()));
        let plan = Plan::of(args, self.settings, self.layout, self.format);
        let mut job = Job::new(STAGE, &common(args, folder)).plan(&plan)?.figures(figures);
        for (name, path) in &self.settings.files {
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
        let compute = &self.settings.compute;
        job.record("threads", compute.threads).record("device", compute.device_name()).begin()
    }
}

/// A folder that is being filled, part by part.
struct Filling<'a> {
    run: &'a PartsRun<'a>,
    folder: OutputFolder,
    ledger: Ledger,
    windows: PreparedWindows,
    interrupt: Interrupt,
    answering: Answering<'a>,
    reporting: Reporting,
}

impl Filling<'_> {
    /// Answers all windows.
    fn fill(mut self) -> anyhow::Result<Self> {
        let mut next = self.windows.next(Some(&self.interrupt))?;
        loop {
            next = match next {
                Next::Window(first) => self.fill_part(first)?,
                Next::End => return Ok(self),
                Next::Interrupted(signal) => return Err(interrupted(signal, &self.ledger, self.folder.folder())),
            };
        }
    }

    /// Answers the windows of one part, which begins with `first`; what comes after them.
    fn fill_part(&mut self, first: Box<PreparedWindow>) -> anyhow::Result<Next> {
        let Self { run, folder, ledger, windows, interrupt, answering, reporting } = self;
        let part = first.part;
        let out = folder.folder().to_owned();
        let name = part_name(part.number, run.format);
        // What stops a part and is none of its file's fault.
        let mut stopped = None;
        let mut stop = |error: anyhow::Error| {
            stopped = Some(error);
            anyhow!("stopped")
        };
        let filled = folder.output(&name, |sink| {
            let mut writer = AnswerWriter::new(run.format, run.layout, sink)?;
            let (mut window, mut counts) = (first, Counts::default());
            loop {
                let predicted = answering.predict(&window).map_err(&mut stop)?;
                let of_window = answering.write(&window, &predicted, &mut writer, &|line| reporting.say(line))?;
                counts.add(&of_window);
                reporting.add(&of_window);
                match windows.next(Some(interrupt)).map_err(&mut stop)? {
                    Next::Window(next) if next.part == part => window = next,
                    Next::Interrupted(signal) => return Err(stop(interrupted(signal, ledger, &out))),
                    after => {
                        writer.finish()?;
                        return Ok((counts, after));
                    }
                }
            }
        });
        if let Some(error) = stopped {
            return Err(error);
        }
        let (counts, after) = filled?;
        let fingerprint = folder.written(&name).cloned().context("a part was not written")?;
        let (input, first_row) = (part.file, part.first_row);
        folder.ensure_inputs_unchanged()?;
        ledger.add(Entry { part: part.number, file: name, input, first_row, counts, fingerprint })?;
        Ok(after)
    }
}

/// The counts of all parts in a finished folder.
fn figures(folder: &Path) -> anyhow::Result<Map<String, Value>> {
    let mut counts = Counts::default();
    ledger::read(&folder.join(ledger::PARTS))?.iter().for_each(|entry| counts.add(&entry.counts));
    Ok(counts.figures())
}

/// That a signal ended the run, and what is kept.
fn interrupted(signal: i32, ledger: &Ledger, out: &Path) -> anyhow::Error {
    let message =
        format!("interrupted; {} whole in {}, and the same command goes on", n_parts_are(ledger), out.display());
    ExitReason::Interrupted { signal, message }.into()
}

/// `1 part is`, `2 parts are`.
fn n_parts_are(ledger: &Ledger) -> String {
    let n = ledger.entries().len() as u64;
    format!("{} {}", stage::counted(n, "part"), if n == 1 { "is" } else { "are" })
}
