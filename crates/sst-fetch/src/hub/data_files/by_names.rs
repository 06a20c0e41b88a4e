//! Files by their names, where the card names none.

use std::collections::BTreeMap;
use std::path::Path;

use corpus::records::FileName;
use corpus::{Split, records, shortened_list};
use stage::{bad_input, bail_input, ensure_input};

use super::super::card::DEFAULT_CONFIG;
use super::data_file::{DataFiles, extension};
use crate::shards;
use crate::split_files::is_unread_data;

/// The configuration of files at the root.
const ROOT: &str = ".";

/// Chooses the files of the only configuration, or of `config`.
pub(super) fn by_names(files: &[String], config: Option<&str>) -> anyhow::Result<DataFiles> {
    let mut configs: BTreeMap<String, Vec<DataFile>> = BTreeMap::new();
    for file in files.iter().filter(|file| !is_aside(file)).filter_map(|file| DataFile::of(file)) {
        configs.entry(file.config.clone()).or_default().push(file);
    }
    ensure_input!(
        !configs.is_empty(),
        "the repository has no data files whose names contain their split ({}); if it is loaded by a script, its \
         Parquet conversion has them: add @refs/convert/parquet to its name",
        records::extensions().map(|extension| format!(".{extension}")).collect::<Vec<_>>().join(", ")
    );
    let trained = |found: &[DataFile]| found.iter().any(|file| file.split == Split::Train);
    ensure_input!(configs.values().any(|found| trained(found)), "the repository has no train split");
    let names = || configs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut with_train = configs.iter().filter(|(_, found)| trained(found));
    let (name, found) = match config {
        Some(config) => {
            let root = Some(ROOT).filter(|_| config == DEFAULT_CONFIG);
            let found = configs.get_key_value(config).or_else(|| configs.get_key_value(root?));
            found.ok_or_else(|| bad_input!("the repository has no configuration {config}, only {}", names()))?
        }
        None => match (with_train.next(), with_train.next(), configs.get_key_value(DEFAULT_CONFIG)) {
            (_, _, Some(default)) => default,
            (Some(only), None, None) => only,
            _ => bail_input!("the repository has several configurations; choose one with --config: {}", names()),
        },
    };
    ensure_input!(trained(found), "the configuration {name} has no train split");
    let splits = splits_of(found)?;
    let is_beside = |file: &&String| file.rsplit_once('/').map_or(ROOT, |(folder, _)| folder) == name;
    for file in files.iter().filter(is_beside).filter(|file| is_unread_data(Path::new(file))) {
        let stem = FileName::of(Path::new(file.rsplit('/').next().unwrap_or(file))).stem;
        if let Some(split) = split_of(&stem).filter(|split| splits.iter().all(|(found, _)| found != split)) {
            bail_input!(
                "{file} looks like the {} split and is nothing that is read by its name; download the files, convert it, and name \
                 them with --train, --validation, --test",
                split.name()
            );
        }
    }
    let passed_over: Vec<String> = configs.keys().filter(|other| *other != name).cloned().collect();
    let said = (config.is_none() && !passed_over.is_empty())
        .then(|| format!("the files of {name}; others are in {}", shortened_list(&passed_over)));
    Ok(DataFiles { config: None, splits, said: said.into_iter().collect() })
}

/// The files of each split, of the preferred format.
fn splits_of(found: &[DataFile]) -> anyhow::Result<Vec<(Split, Vec<String>)>> {
    let files_of = |split: Split, extension: &str| -> Vec<&DataFile> {
        found.iter().filter(|file| (file.split, file.extension) == (split, extension)).collect()
    };
    let of_train = records::extensions().find(|extension| !files_of(Split::Train, extension).is_empty());
    let mut splits = Vec::new();
    for split in Split::ALL {
        let formats = of_train.into_iter().chain(records::extensions());
        let Some(mut files) = formats.map(|extension| files_of(split, extension)).find(|files| !files.is_empty())
        else {
            continue;
        };
        // What is there packed and unpacked is one file.
        let unpacked: Vec<&str> = files.iter().map(|file| file.path).collect();
        files.retain(|file| !unpacked.iter().any(|other| is_archive_of(file.path, other)));
        if files.iter().all(|file| file.is_named) {
            files.sort_by_cached_key(|file| shards::order(&file.stem));
            let stems: Vec<&str> = files.iter().map(|file| file.stem.as_str()).collect();
            shards::check(&stems).map_err(|problem| {
                bad_input!(
                    "the {} split is of several files by their names, and {problem}; download those that are meant, and name them \
                     with --train, --validation, --test",
                    split.name()
                )
            })?;
        } else {
            files.sort_by_key(|file| file.path);
        }
        splits.push((split, files.into_iter().map(|file| file.path.to_owned()).collect()));
    }
    Ok(splits)
}

/// Whether a file lies in a folder, or has a name, that tools hide beside the data.
fn is_aside(file: &str) -> bool {
    file.split('/').any(|part| part.starts_with('.') || part.starts_with("__"))
}

fn is_archive_of(archive: &str, file: &str) -> bool {
    archive.strip_prefix(file).is_some_and(|extension| matches!(extension, ".gz" | ".zst"))
}

/// Whether some of the files are data of a split.
pub(in super::super) fn has_some(files: &[String]) -> bool {
    files.iter().any(|file| DataFile::of(file).is_some())
}

/// A data file, by its name.
struct DataFile<'a> {
    path: &'a str,
    config: String,
    split: Split,
    /// That of what is in an archive.
    extension: &'static str,
    stem: String,
    /// Whether it is its own name that has the split, and not its folder's.
    is_named: bool,
}

impl<'a> DataFile<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let extension = extension(path)?;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = FileName::of(Path::new(name)).stem;
        let is_named = split_of(&stem);
        let (above, last) = folder.rsplit_once('/').unwrap_or(("", folder));
        let (config, split) = match is_named {
            Some(split) => (folder, split),
            None => (above, split_of(last)?),
        };
        let config = if config.is_empty() { ROOT } else { config }.to_owned();
        Some(Self { path, config, split, extension, stem, is_named: is_named.is_some() })
    }
}

/// The one split that a word of `name` names.
fn split_of(name: &str) -> Option<Split> {
    let words = name.split(|c: char| !c.is_ascii_alphabetic());
    let mut splits = words.filter_map(|word| Split::from_alias(&word.to_ascii_lowercase()));
    let first = splits.next()?;
    splits.all(|other| other == first).then_some(first)
}
