//! Arguments that say how tables and texts are read, where their files do not show it.

use clap::Args;
use serde::Serialize;

use super::options::{Delimiter, Encoding, Quotes, ReadOptions};

/// How tables and texts are read: the flags that all programs have for it.
#[derive(Debug, Clone, Default, Args)]
pub struct TableArgs {
    /// What separates the fields of CSV, TSV and tables in .txt: tab, or one mark [default: of `,` `;` `|` and tab what header
    /// and rows show]
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<Delimiter>,

    /// What quotes are: text (literal), or around fields, with inner ones doubled or escaped by a backslash
    /// [default: doubled; with tabs what the file shows]
    #[arg(long, value_name = "MEANING")]
    pub quotes: Option<Quotes>,

    /// There is no header, and columns are numbers from 1: --text-column 2 --label-column 1
    #[arg(long)]
    pub no_header: bool,

    /// Encoding of text files, such as windows-1252 [default: UTF-8, or UTF-16 where the file shows it]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<Encoding>,

    /// Refuse rows whose text is null, instead of leaving them out
    #[arg(long)]
    pub strict: bool,
}

/// What was given of these arguments, as part of the plan: what is absent there is told from the files.
#[derive(Debug, Clone, Serialize)]
pub struct TablePlan {
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
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
    /// As options of a reader.
    pub fn options(&self) -> ReadOptions {
        let Self { delimiter, quotes, no_header, encoding, strict } = *self;
        ReadOptions { delimiter, quotes, no_header, encoding, strict, ..ReadOptions::default() }
    }

    /// As part of a stage's plan.
    pub fn plan(&self) -> TablePlan {
        TablePlan {
            delimiter: self.delimiter.map(Delimiter::name),
            quotes: self.quotes.map(Quotes::name),
            no_header: self.no_header,
            encoding: self.encoding.map(Encoding::name),
            strict: self.strict,
        }
    }

    /// The first of the given flags that CSV and TSV alone know.
    pub fn of_separated_fields(&self) -> Option<&'static str> {
        let given = [
            ("--delimiter", self.delimiter.is_some()),
            ("--quotes", self.quotes.is_some()),
            ("--no-header", self.no_header),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }
}
