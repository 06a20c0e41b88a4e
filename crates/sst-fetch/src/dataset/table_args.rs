//! Arguments that say how tables and texts are read, where their files do not show it.

use clap::Args;
use corpus::records::{Delimiter, Encoding, Quotes, ReadOptions};
use serde::Serialize;

/// How the files of a dataset are read.
#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// What separates the fields of CSV and TSV: `,` `;` `|` or tab [default: what header and rows show]
    #[arg(long, value_name = "CHARACTER")]
    pub(crate) delimiter: Option<Delimiter>,

    /// What quotes in CSV and TSV are: text (literal), or around fields, with inner ones doubled or escaped by a backslash
    /// [default: doubled; with tabs what the file shows]
    #[arg(long, value_name = "MEANING")]
    pub(crate) quotes: Option<Quotes>,

    /// CSV and TSV have no header; columns are numbers from 1: --text-column 2 --label-column 1
    #[arg(long)]
    pub(crate) no_header: bool,

    /// Encoding of text files, such as windows-1252 [default: UTF-8, or UTF-16 where the file shows it]
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<Encoding>,

    /// Refuse rows whose text is null, instead of leaving them out
    #[arg(long)]
    pub(crate) strict: bool,
}

/// What was given of these arguments, as part of the plan: what is absent there is told from the files.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TablePlan {
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quotes: Option<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    no_header: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    strict: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl TableArgs {
    pub(crate) fn options(&self) -> ReadOptions {
        let Self { delimiter, quotes, no_header, encoding, strict } = *self;
        ReadOptions { delimiter, quotes, no_header, encoding, strict }
    }

    pub(crate) fn plan(&self) -> TablePlan {
        TablePlan {
            delimiter: self.delimiter.map(Delimiter::name),
            quotes: self.quotes.map(Quotes::name),
            no_header: self.no_header,
            encoding: self.encoding.map(Encoding::name),
            strict: self.strict,
        }
    }

    /// The first of the given flags that CSV and TSV alone know.
    pub(crate) fn of_separated_fields(&self) -> Option<&'static str> {
        first_given([
            ("--delimiter", self.delimiter.is_some()),
            ("--quotes", self.quotes.is_some()),
            ("--no-header", self.no_header),
        ])
    }
}

/// The first of these flags that was given.
pub(crate) fn first_given<const N: usize>(flags: [(&'static str, bool); N]) -> Option<&'static str> {
    flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
}
