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
    if found.splits.is_empty() {
        let files: Vec<String> = files.iter().filter(|file| file.starts_with(&found.folder)).cloned().collect();
        return Ok(DataFiles { config: Some(found.name.clone()), ..by_names(&files, None)? });
    }
    let mut splits: BTreeMap<Split, Vec<String>> = BTreeMap::new();
    let mut unread: Vec<String> = Vec::new();
    for (name, patterns) in &found.splits {
        // Of several names that mean one split, its own counts, else the first.
        let others = || found.splits.iter().filter(|(other, _)| Split::of_value(other) == Split::of_value(name));
        let is_chosen = |split: Split| match others().find(|(other, _)| other == split.name()) {
            Some((own, _)) => own == name,
            None => others().next().is_some_and(|(first, _)| first == name),
        };
        match Split::of_value(name).filter(|split| is_chosen(*split)) {
            Some(split) => drop(splits.insert(split, matching(files, split, patterns)?)),
            None => unread.push(name.clone()),
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
        // A pattern may match a README, too.
        let is_matched =
            |file: &&String| *file == pattern || (glob.matches_with(file, options) && extension(file).is_some());
        let mut matched: Vec<String> = files.iter().filter(is_matched).cloned().collect();
        ensure_input!(
            !matched.is_empty(),
            "the card says that {} is {pattern}, which is none of the repository's files that can be read",
            split.name()
        );
        matched.sort();
        matched.retain(|file| !found.contains(file));
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
