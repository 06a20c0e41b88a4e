//! The input formats: how mutants of each are made, what its outer parser accepts, and the reader of this project.

mod trees;
mod tables;
mod json_rows;
mod parquet_tables;
mod archives;
mod zips;
mod configs;
mod tokenizers;
mod weights;
mod profiles;
mod manifests;

use std::ops::ControlFlow;
use std::path::Path;

use corpus::CorpusError;
use corpus::records::TableFile;
use testkit::Random;

use crate::mutant::{Mutant, Refusal};

/// An input format.
pub(crate) trait Format {
    /// A mutant, the same for the same numbers.
    fn make(&self, random: &mut Random) -> Mutant;
    /// Whether a general parser of the format takes it: JSON parses, an archive unpacks.
    fn is_accepted(&self, mutant: &Mutant) -> bool;
    /// Reads a mutant that was written, as the programs do.
    fn read(&self, path: &Path) -> Result<(), Refusal>;
}

/// The names of all formats.
pub(crate) const NAMES: [&str; 11] = [
    "trees",
    "csv-tsv",
    "json",
    "parquet",
    "gz-zst",
    "zip",
    "config.json",
    "tokenizer.json",
    "safetensors",
    "profile",
    "manifest.json",
];

/// The format with a name.
pub(crate) fn named(name: &str) -> Box<dyn Format> {
    match name {
        "trees" => Box::new(trees::Trees),
        "csv-tsv" => Box::new(tables::Tables),
        "json" => Box::new(json_rows::JsonRows),
        "parquet" => Box::new(parquet_tables::ParquetTables::new()),
        "gz-zst" => Box::new(archives::Archives::new()),
        "zip" => Box::new(zips::Zips),
        "config.json" => Box::new(configs::Configs),
        "tokenizer.json" => Box::new(tokenizers::Tokenizers::new()),
        "safetensors" => Box::new(weights::Weights::new()),
        "profile" => Box::new(profiles::Profiles),
        "manifest.json" => Box::new(manifests::Manifests::new()),
        _ => panic!("there is no format {name}"),
    }
}

/// Reads all rows of a table.
fn read_rows(table: Result<TableFile, CorpusError>) -> Result<(), Refusal> {
    let read = table.and_then(|table| table.for_each_row(&mut |_| ControlFlow::Continue(())));
    read.map(drop).map_err(|error| corpus_refusal(&error))
}

/// What the type of an error says of its place.
fn corpus_refusal(error: &CorpusError) -> Refusal {
    let message = chain(error);
    let has_place = match error {
        // Of one row, and by their type with its place; of the whole file, with what it has instead.
        CorpusError::Damaged { format, problem, .. } => {
            !format.contains("JSON")
                || ["line ", "row ", "values for ", "lists of objects, "].iter().any(|word| problem.contains(word))
        }
        _ => true,
    };
    Refusal { message, has_place }
}

/// An error and its causes, as the programs print them.
fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message += &format!(": {error}");
        cause = error.source();
    }
    message
}
