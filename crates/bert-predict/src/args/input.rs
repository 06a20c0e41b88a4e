//! What is read: texts, files or stdin, and how.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use corpus::records::TableArgs;

/// What is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// Texts; without any, and without --input, stdin is read
    #[arg(value_name = "TEXT", conflicts_with_all = ["input", "text_column", "keep_columns", "input_format"])]
    pub(crate) texts: Vec<String>,

    /// File of texts.
    #[arg(long, value_name = "FILE", help = input_help())]
    pub(crate) input: Vec<PathBuf>,

    /// What stdin holds: a text a line, or a JSON object a line
    #[arg(long, value_name = "FORMAT", conflicts_with = "input")]
    pub(crate) input_format: Option<InputFormat>,

    /// Column that holds the texts; default: text, else sentence
    #[arg(long, value_name = "NAME")]
    pub(crate) text_column: Option<String>,

    /// Columns of the input that go along into the output, or all
    #[arg(long, value_name = "A,B,...|all")]
    pub(crate) keep_columns: Option<stage::List>,

    /// How tables and texts are read.
    #[command(flatten)]
    pub(crate) tables: TableArgs,
}

/// What stdin holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InputFormat {
    /// A text a line.
    Lines,
    /// A JSON object a line.
    Jsonl,
}

impl InputArgs {
    /// Whether the columns that go along are all that there are.
    pub(crate) fn keeps_all(&self) -> bool {
        self.keep_columns.as_ref().is_some_and(|list| list.items() == ["all"])
    }

    /// The columns that go along, where they are named.
    pub(crate) fn kept(&self) -> &[String] {
        self.keep_columns.as_ref().filter(|_| !self.keeps_all()).map_or(&[], stage::List::items)
    }
}

fn input_help() -> String {
    format!(
        "File of texts, or a pattern such as 'part-*.csv'; several are read one after the other: txt (one per line, or a \
         table where --text-column or --delimiter says so), or a table: {}; all but parquet also with .gz or .zst after it",
        corpus::records::extension_list()
    )
}
