//! A dataset of the hub: its repository, and which of the files there are its data.

use std::io::ErrorKind;

use anyhow::Context;
use corpus::Split;
use corpus::label::SourceNames;
use hf_hub::RepoType;
use stage::hub_is_offline;

use super::card::{CARD, Card};
use super::data_files::{DataFiles, choose, has_some};
use super::{CONVERTED, MAIN, Repository};
use crate::source::HubName;
use crate::split_files::SplitFiles;

/// A dataset whose files were chosen, and not yet fetched.
pub(crate) struct HubDataset {
    repository: Repository,
    card: Card,
    data: DataFiles,
}

impl HubDataset {
    /// Finds it, and chooses the files of a configuration. One that a script loads, which is never run, is read from the Parquet
    /// files that the hub makes of it.
    pub(crate) fn open(name: &HubName, config: Option<&str>, quiet: bool) -> anyhow::Result<Self> {
        let open = |name: &HubName| Repository::open(RepoType::Dataset, name, quiet);
        let conversion = HubName { id: name.id.clone(), revision: CONVERTED.to_owned() };
        let opened = match open(name) {
            Ok(repository) if name.revision == MAIN && is_loaded_by_script(repository.files()) => {
                open(&conversion).or(Ok(repository))
            }
            // Of such a dataset the cache has the conversion alone.
            Err(error) if name.revision == MAIN && hub_is_offline() => {
                open(&conversion).map_err(|_: anyhow::Error| error)
            }
            opened => opened,
        };
        let repository = opened?;
        let mut said = Vec::new();
        if *repository.name() != *name {
            said.push(format!("{} is loaded by a script; its Parquet conversion is read, {conversion}", name.id));
        }
        let mut card = Card::default();
        if repository.files().iter().any(|file| file == CARD) {
            let parsed = match repository.fetch(CARD) {
                Ok(path) => Card::parse(&String::from_utf8_lossy(&std::fs::read(path)?)),
                Err(error) if is_read_only(&error) => Err(format!("{error:#}")),
                Err(error) => return Err(error),
            };
            match parsed {
                Ok(parsed) => card = parsed,
                Err(problem) => said.push(format!("the head of its {CARD} is not read: {problem}")),
            }
        }
        let mut data = choose(repository.files(), &card, config).with_context(|| repository.described())?;
        said.extend(repository.remark());
        data.said.splice(0..0, said);
        Ok(Self { repository, card, data })
    }

    pub(crate) fn id(&self) -> &str {
        self.repository.id()
    }

    pub(crate) fn commit(&self) -> &str {
        self.repository.commit()
    }

    /// What has to be said of it.
    pub(crate) fn said(&self) -> &[String] {
        &self.data.said
    }

    /// Its splits.
    pub(crate) fn splits(&self) -> Vec<Split> {
        self.data.splits.iter().map(|(split, _)| *split).collect()
    }

    /// The names of its files, where the commit does not say which they are, as its list is not known.
    pub(crate) fn cached_names(&self) -> Vec<String> {
        let known = self.data.splits.iter().flat_map(|(_, files)| files.clone());
        if self.repository.is_cached_only() { known.collect() } else { Vec::new() }
    }

    /// Its files, fetched.
    pub(crate) fn fetch(&self) -> anyhow::Result<SplitFiles> {
        self.repository.remember();
        let fetch = |(split, names): &(Split, Vec<String>)| {
            Ok((*split, names.iter().map(|name| self.repository.fetch(name)).collect::<anyhow::Result<_>>()?))
        };
        self.data.splits.iter().map(fetch).collect()
    }

    /// The names that its card gives the labels in a column.
    pub(crate) fn label_names(&self, column: &str) -> Option<SourceNames> {
        let names = self.card.names_of(self.data.config.as_deref(), column)?;
        Some(SourceNames { names: names.to_vec(), ordered: false })
    }
}

/// Whether nothing can be written into the cache, which may have the data all the same.
fn is_read_only(error: &anyhow::Error) -> bool {
    let is_one = |kind| matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
    error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>()).any(|error| is_one(error.kind()))
}

/// Whether a script loads a dataset, instead of files of data.
fn is_loaded_by_script(files: &[String]) -> bool {
    files.iter().any(|file| file.ends_with(".py")) && !has_some(files)
}
