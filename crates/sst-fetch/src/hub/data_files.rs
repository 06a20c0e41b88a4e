//! Data files of a dataset repository: which files are data, and of which split.
//!
//! What the card says counts. Of a repository whose card names no files, a file belongs to the split that a word of its name, or
//! else its folder, contains: `data/train-00000-of-00001.parquet`, `dev.jsonl`, `default/test/0000.parquet`. What precedes it is
//! the configuration. One format is chosen, Parquet preferably; a split that is there in others alone is read from one of these.

mod data_file;
mod by_names;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use corpus::{Split, records, shortened_list};
use glob::{MatchOptions, Pattern};
use stage::{bad_input, bail_input, ensure_input};

use super::card::{Card, Config, DEFAULT_CONFIG};
use by_names::by_names;
pub(super) use by_names::has_some;
pub(crate) use data_file::DataFiles;
use data_file::extension;

/// Chooses the data files of the only configuration, or of `config`, by split.
pub(super) fn choose(files: &[String], card: &Card, config: Option<&str>) -> anyhow::Result<DataFiles> {
    let config = config.map(|config| config.trim_matches('/'));
    if card.configs.is_empty() { by_names(files, config) } else { by_card(files, card, config) }
}

fn by_card(files: &[String], card: &Card, config: Option<&str>) -> anyhow::Result<DataFiles> {
    let named = |name: &str| card.configs.iter().find(|config| config.name == name);
    let names = || card.configs.iter().map(|config| config.name.clone()).collect::<Vec<_>>().join(", ");
    let found: &Config = match (config, card.configs.as_slice()) {
        (Some(name), _) => {
            named(name).ok_or_else(|| bad_input!("the repository has no configuration {name}, only {}", names()))?
        }
        (None, [only]) => only,
        (None, all) => {
            all.iter().find(|config| config.is_default).or_else(|| named(DEFAULT_CONFIG)).ok_or_else(|| {
                bad_input!("the repository has several configurations; choose one with --config: {}", names())
            })?
        }
    };
    let mut splits: BTreeMap<Split, Vec<String>> = BTreeMap::new();
    let mut unread: Vec<String> = Vec::new();
    for (split, patterns) in &found.splits {
        match Split::of_value(split) {
            Some(split) => splits.entry(split).or_default().extend(matching(files, split, patterns)?),
            None => unread.push(split.clone()),
        }
    }
    if !splits.contains_key(&Split::Train) {
        let has: Vec<String> = found.splits.iter().map(|(split, _)| split.clone()).collect();
        bail_input!("the configuration {} has no train split, only {}", found.name, shortened_list(&has));
    }
    let mut said = Vec::new();
    if !unread.is_empty() {
        said.push(format!("of the splits of {}, {} are not read", found.name, shortened_list(&unread)));
    }
    Ok(DataFiles { config: Some(found.name.clone()), splits: splits.into_iter().collect(), said })
}

/// The files of a split that its patterns match.
fn matching(files: &[String], split: Split, patterns: &[String]) -> anyhow::Result<Vec<String>> {
    let options =
        MatchOptions { require_literal_separator: true, require_literal_leading_dot: true, ..MatchOptions::new() };
    let mut found: Vec<String> = Vec::new();
    for pattern in patterns {
        let glob = Pattern::new(pattern).map_err(|error| bad_input!("the card's {pattern} is no pattern: {error}"))?;
        let is_new = |file: &&String| (*file == pattern || glob.matches_with(file, options)) && !found.contains(file);
        let mut matched: Vec<String> = files.iter().filter(is_new).cloned().collect();
        matched.sort();
        ensure_input!(
            !matched.is_empty() || files.iter().any(|file| file == pattern || glob.matches_with(file, options)),
            "the card says that {} is {pattern}, which is none of the repository's files",
            split.name()
        );
        found.extend(matched);
    }
    match found.iter().find(|file| extension(file).is_none()) {
        Some(file) => bail_input!(
            "the card says that {file} is of {}, and it is nothing that is read by its name; expected one of {}",
            split.name(),
            records::extension_list()
        ),
        None => Ok(found),
    }
}
