//! Data files of a dataset repository: which files are data, and of which split.
//!
//! A file belongs to the split that a word of its name, or else its folder, contains: `data/train-00000-of-00001.parquet`,
//! `dev.jsonl`, `default/test/0000.parquet`. What precedes it is the configuration. One format is chosen, Parquet
//! preferably; a split that is there in others alone is read from one of these.

use std::collections::BTreeMap;
use std::path::Path;

use corpus::records::FileName;
use corpus::{Split, records};
use stage::bail_input;

/// The configuration that is meant where none is named.
const DEFAULT_CONFIG: &str = "default";

/// Chooses the data files of the only configuration, or of `config`, by split.
pub(super) fn choose(files: &[String], config: Option<&str>) -> anyhow::Result<Vec<(Split, Vec<String>)>> {
    let mut configs: BTreeMap<String, Vec<(Split, &str, &String)>> = BTreeMap::new();
    for file in files {
        if let Some((config, split, extension)) = classify(file) {
            configs.entry(config).or_default().push((split, extension, file));
        }
    }
    let names = || configs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let found = match (config, configs.len()) {
        (_, 0) => bail_input!(
            "the repository has no data files whose names contain their split ({}); if it is loaded by a script, its \
             Parquet conversion has them: add @refs/convert/parquet to its name",
            records::extensions().map(|extension| format!(".{extension}")).collect::<Vec<_>>().join(", ")
        ),
        (None, 1) => configs.values().next(),
        (None, _) if configs.contains_key(DEFAULT_CONFIG) => configs.get(DEFAULT_CONFIG),
        (None, _) => bail_input!("the repository has several configurations; choose one with --config: {}", names()),
        (Some(config), _) => configs.get(config.trim_matches('/')),
    };
    let Some(found) = found else {
        bail_input!("the repository has no configuration {}, only {}", config.unwrap_or_default(), names());
    };
    let files_of = |split: Split, extension: &str| -> Vec<String> {
        let files = found.iter().filter(|(other, found, _)| (*other, *found) == (split, extension));
        files.map(|(_, _, file)| (*file).clone()).collect()
    };
    let has_train = |extension: &&str| !files_of(Split::Train, extension).is_empty();
    let Some(of_train) = records::extensions().find(has_train) else {
        bail_input!("the repository has no train split");
    };
    let mut splits: BTreeMap<Split, Vec<String>> = BTreeMap::new();
    for split in Split::ALL {
        let formats = std::iter::once(of_train).chain(records::extensions());
        let files = formats.map(|extension| files_of(split, extension)).find(|files| !files.is_empty());
        splits.extend(files.map(|files| (split, files)));
    }
    for files in splits.values_mut() {
        files.sort();
        // What is there packed and unpacked is one file.
        let unpacked: Vec<String> = files.clone();
        files.retain(|file| !unpacked.iter().any(|other| is_archive_of(file, other)));
    }
    Ok(splits.into_iter().collect())
}

fn is_archive_of(archive: &str, file: &str) -> bool {
    archive.strip_prefix(file).is_some_and(|extension| matches!(extension, ".gz" | ".zst"))
}

/// Whether some of the files are data of a split.
pub(super) fn has_some(files: &[String]) -> bool {
    files.iter().any(|file| classify(file).is_some())
}

/// Configuration, split and extension of a data file; the extension is that of what is in an archive.
fn classify(file: &str) -> Option<(String, Split, &'static str)> {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let FileName { stem, extension, compression } = FileName::of(Path::new(name));
    let extension = records::extensions().find(|known| *known == extension)?;
    if extension == "parquet" && compression.is_some() {
        return None;
    }
    if let Some(split) = split_of(&stem) {
        return Some((config_name(folder), split, extension));
    }
    let (above, last) = folder.rsplit_once('/').unwrap_or(("", folder));
    Some((config_name(above), split_of(last)?, extension))
}

fn config_name(folder: &str) -> String {
    if folder.is_empty() { ".".to_owned() } else { folder.to_owned() }
}

/// The one split that a word of `name` names.
fn split_of(name: &str) -> Option<Split> {
    let words = name.split(|c: char| !c.is_ascii_alphabetic());
    let mut splits = words.filter_map(|word| Split::from_alias(&word.to_ascii_lowercase()));
    let first = splits.next()?;
    splits.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {

    fn choose(files: &[&str], config: Option<&str>) -> Result<Vec<String>, String> {
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        let chosen = super::choose(&files, config).map_err(|error| error.to_string())?;
        Ok(chosen.into_iter().map(|(split, files)| format!("{}: {}", split.name(), files.join(" "))).collect())
    }

    #[test]
    fn splits_are_recognized_by_the_names_of_files_and_folders() {
        let sst2 = [
            ".gitattributes",
            "README.md",
            "data/test-00000-of-00001.parquet",
            "data/train-00001-of-00002.parquet",
            "data/train-00000-of-00002.parquet",
            "data/validation-00000-of-00001.parquet",
        ];
        let expected = [
            "train: data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet",
            "validation: data/validation-00000-of-00001.parquet",
            "test: data/test-00000-of-00001.parquet",
        ];
        assert_eq!(choose(&sst2, None).unwrap(), expected);
        assert_eq!(
            choose(&["dataset_infos.json", "dev.jsonl", "test.jsonl", "train.jsonl", "train.csv"], None).unwrap(),
            ["train: train.jsonl", "validation: dev.jsonl", "test: test.jsonl"]
        );
        let converted = [
            "default/train/0000.parquet",
            "default/test/0000.parquet",
            "dictionary/dictionary/0000.parquet",
            "ptb/train/0000.parquet",
        ];
        assert_eq!(
            choose(&converted, None).unwrap(),
            ["train: default/train/0000.parquet", "test: default/test/0000.parquet"]
        );
        assert_eq!(choose(&converted, Some("ptb")).unwrap(), ["train: ptb/train/0000.parquet"]);
        assert_eq!(
            choose(&["train.csv", "test.csv", "test.parquet", "dev.jsonl"], None).unwrap(),
            ["train: train.csv", "validation: dev.jsonl", "test: test.csv"]
        );
    }

    #[test]
    fn archives_are_data_in_any_case_of_their_names() {
        assert_eq!(
            choose(&["Train.CSV.gz", "test.csv", "test.csv.gz", "train.parquet.gz", "readme.txt.gz"], None).unwrap(),
            ["train: Train.CSV.gz", "test: test.csv"]
        );
        assert_eq!(choose(&["data/train-0.jsonl.zst", "data/train-1.jsonl.zst"], None).unwrap().len(), 1);
    }

    #[test]
    fn several_configurations_need_a_choice() {
        let glue = ["cola/train-00000-of-00001.parquet", "sst2/train-00000-of-00001.parquet"];
        assert_eq!(choose(&glue, Some("sst2")).unwrap(), ["train: sst2/train-00000-of-00001.parquet"]);
        assert_eq!(
            choose(&glue, None).unwrap_err(),
            "the repository has several configurations; choose one with --config: cola, sst2"
        );
        assert_eq!(choose(&glue, Some("x")).unwrap_err(), "the repository has no configuration x, only cola, sst2");
    }

    #[test]
    fn a_repository_without_data_says_what_to_do() {
        assert!(choose(&["sst.py", "README.md"], None).unwrap_err().contains("add @refs/convert/parquet"));
        assert_eq!(choose(&["test.csv"], None).unwrap_err(), "the repository has no train split");
    }
}
