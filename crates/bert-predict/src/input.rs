//! Input: rows of texts from arguments, stdin or files, cut into windows as they come.

mod window;
mod stdin;
mod files;

use std::io::{IsTerminal, stdin};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::records::Encoding;
use stage::{bail_input, ensure_input};

use crate::args::{Args, InputFormat};
use stdin::StdinRows;

pub(crate) use files::{InputFiles, PartRule, TableRules};
use window::WindowBuilder;
pub(crate) use window::{InputRow, Part, Window, WindowSize};

/// Where rows come from.
pub(crate) enum Input {
    Texts(Vec<String>),
    Stdin(StdinRows),
    Files(InputFiles),
}

impl Input {
    /// Finds out what is to be read, and opens files.
    ///
    /// # Errors
    /// Fails on a file that cannot be read or lacks a column, and on flags that do not fit the input; that is bad input.
    pub(crate) fn open(args: &Args) -> anyhow::Result<Self> {
        let input = &args.input;
        if !input.input.is_empty() {
            return Ok(Self::Files(InputFiles::open(args)?));
        }
        if let Some(flag) = input.tables.of_separated_fields() {
            bail_input!("{flag} is about CSV and TSV; give the file with --input");
        }
        if !input.texts.is_empty() {
            return Ok(Self::Texts(input.texts.clone()));
        }
        let has_columns = input.text_column.is_some() || input.keep_columns.is_some();
        ensure_input!(
            !has_columns || input.input_format == Some(InputFormat::Jsonl),
            "--text-column and --keep-columns are about tables; give a file with --input, or JSON lines on stdin with \
             --input-format jsonl"
        );
        ensure_input!(
            !input.keeps_all(),
            "--keep-columns all is for files: which columns stdin has is not known before its end; name them"
        );
        ensure_input!(
            !input.tables.encoding.is_some_and(Encoding::is_utf16),
            "stdin is read a line at a time, as UTF-16 cannot be; convert it, with `iconv -f UTF-16 -t UTF-8`, or give a file with \
             --input"
        );
        if stdin().is_terminal() {
            args.say("reading texts from the terminal, a line each; Ctrl-D ends");
        }
        Ok(Self::Stdin(StdinRows::new(input)))
    }

    /// The columns that go along, as the input spells them.
    pub(crate) fn kept(&self) -> &[String] {
        match self {
            Self::Texts(_) => &[],
            Self::Stdin(rows) => rows.kept(),
            Self::Files(files) => files.kept(),
        }
    }

    /// The files that are read, if files are.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        match self {
            Self::Texts(_) | Self::Stdin(_) => Vec::new(),
            Self::Files(files) => files.paths().map(Path::to_owned).collect(),
        }
    }

    /// Gives all rows to `each`, a window at a time, until it breaks.
    ///
    /// # Errors
    /// Fails where the input cannot be read further.
    pub(crate) fn for_each_window(
        self,
        size: WindowSize,
        each: &mut dyn FnMut(Window) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        let mut builder = WindowBuilder::new(size);
        match self {
            Self::Stdin(rows) => return rows.for_each_window(builder, each),
            Self::Files(files) => return files.for_each_window(builder, each),
            Self::Texts(texts) => {
                for text in texts {
                    builder.push(InputRow { text: Ok(text), kept: Vec::new() });
                    if builder.is_full() && each(builder.take()).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        let _ = builder.is_empty() || each(builder.take()).is_break();
        Ok(())
    }
}
