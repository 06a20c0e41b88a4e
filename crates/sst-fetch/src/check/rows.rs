//! The rows of a dataset without their texts: what is compared.

use std::ops::ControlFlow;
use std::path::PathBuf;

use corpus::Split;
use corpus::raw::{RawMetadata, RawReader, Record};
use corpus::similarity::exact_key;

/// A row of a split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) split: Split,
    pub(crate) label: Option<i32>,
    pub(crate) has_target: bool,
    pub(crate) key: u64,
}

/// The files of a dataset, which can be read any number of times.
pub(crate) struct Dataset {
    pub(crate) metadata: RawMetadata,
    readers: Vec<(Split, RawReader)>,
}

impl Dataset {
    pub(crate) fn open(files: &[(Split, PathBuf)]) -> anyhow::Result<Self> {
        let readers = files.iter().map(|(split, file)| Ok((*split, RawReader::open(file)?)));
        let readers: Vec<_> = readers.collect::<corpus::Result<_>>()?;
        let metadata = readers.first().map(|(_, reader)| reader.metadata().clone()).unwrap_or_default();
        Ok(Self { metadata, readers })
    }

    /// Gives every sentence to `each`, split after split, with its number among all.
    pub(crate) fn for_each_sentence(&self, mut each: impl FnMut(u32, Split, Record)) -> corpus::Result<()> {
        let mut number = 0;
        for (split, reader) in &self.readers {
            reader.for_each(&mut |record| {
                if record.is_root {
                    each(number, *split, record);
                    number += 1;
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    }
}

impl Row {
    pub(crate) fn of(split: Split, record: &Record) -> Self {
        Self {
            split,
            label: record.label,
            has_target: record.label.is_some() || record.score.is_some(),
            key: exact_key(record.text.trim()),
        }
    }
}
