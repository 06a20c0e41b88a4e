//! Answers as they come, to stdout or to one file.

use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::Context;
use stage::{ExitReason, Interrupt, OutputFile, ensure_input};

use crate::answers::Answering;
use crate::args::Args;
use crate::caller;
use crate::counts::Counts;
use crate::output::{AnswerWriter, Format, Layout};
use crate::predictor::Predictor;
use crate::prepare::{Next, PreparedWindows};
use crate::reporting::Reporting;

/// The format of the answers, known before anything is read.
///
/// # Errors
/// Fails on an ending that says none, and where binary data would go to a terminal; that is bad input.
pub(crate) fn format(args: &Args) -> anyhow::Result<Format> {
    let output = &args.output;
    let format = match (output.output_format, &output.output) {
        (Some(format), _) => format,
        (None, Some(file)) => Format::of_file(file)?,
        (None, None) => Format::JsonLines,
    };
    let to_terminal = output.output.is_none() && output.out.is_none() && stdout().is_terminal();
    ensure_input!(
        format != Format::Parquet || !to_terminal,
        "Parquet is not for a terminal; give --output FILE, or send stdout elsewhere"
    );
    Ok(format)
}

/// Answers all windows.
pub(crate) struct Streaming<'a> {
    pub(crate) predictor: &'a Predictor<'a>,
    pub(crate) layout: &'a Layout,
    pub(crate) format: Format,
    pub(crate) windows: PreparedWindows,
}

impl Streaming<'_> {
    /// To stdout. A reader that has seen enough, as `head` has, ends it quietly.
    ///
    /// # Errors
    /// Fails where the input cannot be read further, and when a kernel or stdout does.
    pub(crate) fn to_stdout(&self, reporting: Reporting) -> anyhow::Result<()> {
        match self.run(BufWriter::new(stdout()), None, reporting) {
            Err(error) if is_broken_pipe(&error) => Ok(()),
            result => result.map(drop),
        }
    }

    /// To a file, which appears complete or not at all.
    ///
    /// # Errors
    /// As [`Streaming::to_stdout`].
    pub(crate) fn to_file(&self, path: &Path, reporting: Reporting) -> anyhow::Result<()> {
        let interrupt = Interrupt::install().context("cannot install the handlers of signals")?;
        let mut file = OutputFile::create(path)?;
        let counts = self.run(&mut file, Some((&interrupt, path)), reporting)?;
        file.commit()?;
        caller::summarize_file(path, &counts);
        Ok(())
    }

    fn run<W: Write + Send>(
        &self,
        sink: W,
        file: Option<(&Interrupt, &Path)>,
        mut reporting: Reporting,
    ) -> anyhow::Result<Counts> {
        let cannot_write = || {
            file.map_or("cannot write the answers".to_owned(), |(_, path)| format!("cannot write {}", path.display()))
        };
        let mut writer = AnswerWriter::new(self.format, self.layout, sink).with_context(cannot_write)?;
        let mut answering = Answering::new(self.predictor);
        loop {
            match self.windows.next(file.map(|(interrupt, _)| interrupt))? {
                Next::Window(window) => {
                    let predicted = answering.predict(&window)?;
                    let counts = answering
                        .write(&window, &predicted, &mut writer, &|line| reporting.say(line))
                        .with_context(cannot_write)?;
                    writer.flush().with_context(cannot_write)?;
                    reporting.add(&counts);
                }
                Next::End => break,
                Next::Interrupted(signal) => {
                    let path = file.map_or(PathBuf::new(), |(_, path)| path.to_owned());
                    let message = format!("interrupted; {} was not written", path.display());
                    return Err(ExitReason::Interrupted { signal, message }.into());
                }
            }
        }
        writer.finish().with_context(cannot_write)?;
        reporting.ensure_some_read()?;
        let counts = reporting.counts();
        reporting.end(self.predictor.settings);
        Ok(counts)
    }
}

/// Whether a write failed since nobody reads any more.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.chain().find_map(|cause| {
        let of_json = |error: &serde_json::Error| error.io_error_kind();
        cause.downcast_ref::<io::Error>().map(io::Error::kind).or_else(|| cause.downcast_ref().and_then(of_json))
    });
    kind == Some(io::ErrorKind::BrokenPipe)
}
