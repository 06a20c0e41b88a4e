//! Texts of a split beside its predictions: the raw file that the tokens were made from, row by row.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::raw::{RawReader, Record};
use stage::{Fingerprint, Manifest, Upstream, bad_input, ensure_input};

/// The raw folder of the tokens.
#[derive(Debug)]
pub(crate) struct RawTexts {
    folder: PathBuf,
    upstream: Upstream,
}

impl RawTexts {
    /// Opens the output folder of `sst-fetch dataset`.
    ///
    /// # Errors
    /// Fails when it is no such folder, or unfinished.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self { folder: folder.to_owned(), upstream: Upstream::open(folder, "sst-fetch dataset")? })
    }

    /// The path of a split's file, `{split}.parquet`, of which the tokens of `tokenized` were made.
    ///
    /// # Errors
    /// Fails when it is not there, or is not the one that was tokenized.
    pub(crate) fn file(&self, split: corpus::Split, tokenized: &Manifest) -> anyhow::Result<PathBuf> {
        let name = split.file();
        let path = self.upstream.required(&name)?;
        let here = self.upstream.manifest.outputs.get(&name);
        let tokenized = tokenized.inputs.get(&format!("raw/{name}"));
        ensure_input!(
            here == tokenized,
            "{} holds other texts than those that were tokenized: SHA-256 {} here, {} there; give the --raw that the tokens were \
             made from, or tokenize it again",
            path.display(),
            Fingerprint::short(here),
            Fingerprint::short(tokenized)
        );
        Ok(path)
    }

    /// Hands `each` of the rows with these ascending `ids`, in their order, with its position among them.
    ///
    /// # Errors
    /// Fails when the file cannot be read, or lacks a row; with `each`.
    pub(crate) fn for_each(
        &self,
        reader: &RawReader,
        ids: &[i64],
        each: &mut dyn FnMut(usize, Record) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut next, mut outcome) = (0, Ok(()));
        reader.for_each(&mut |record| {
            match ids.get(next).map(|id| id.cmp(&record.id)) {
                None | Some(Ordering::Less) => return ControlFlow::Break(()),
                Some(Ordering::Greater) => return ControlFlow::Continue(()),
                Some(Ordering::Equal) => {}
            }
            outcome = each(next, record);
            next += 1;
            if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        outcome?;
        match ids.get(next) {
            None => Ok(()),
            Some(id) => Err(bad_input!(
                "{} has no row with id {id}, which the tokens have in ascending order; tokenize it again",
                self.folder.display()
            )),
        }
    }
}
