//! The second reading: each row into the file that it was assigned to, with its class.

use std::ops::Range;
use std::sync::Arc;

use corpus::raw::{RawMetadata, RawWriter, Record, SourceLocation};
use corpus::records::Row;
use corpus::{Location, Split};
use stage::OutputFile;

use super::assignment::Assignment;
use super::find::source_name;
use super::labels::Labels;
use super::layout::Layout;
use super::rows::{changed, try_for_each_row};
use super::scores::ScoreRules;
use super::sources::SplitSources;
use super::survey::RowFacts;

/// What every row is written with.
pub(crate) struct RowWriter<'a> {
    pub(crate) layout: Option<Layout>,
    pub(crate) rows: &'a [RowFacts],
    pub(crate) assignment: &'a Assignment,
    pub(crate) labels: &'a Labels,
    pub(crate) scores: &'a ScoreRules,
    pub(crate) metadata: RawMetadata,
}

impl RowWriter<'_> {
    /// Writes the rows of one file, from all sources that have some of them.
    pub(crate) fn write(&self, splits: &[SplitSources], split: Split, file: &mut OutputFile) -> anyhow::Result<()> {
        let mut writer = RawWriter::new(file, self.metadata.clone())?;
        for from in splits {
            let rows = self.rows_of(from.split);
            if self.assignment[rows.clone()].contains(&Some(split)) {
                self.write_from(from, rows, split, &mut writer)?;
            }
        }
        Ok(writer.finish()?)
    }

    /// Where the rows are that were read from a split.
    fn rows_of(&self, split: Split) -> Range<usize> {
        let first = self.rows.partition_point(|row| row.split < split);
        first..self.rows.partition_point(|row| row.split <= split)
    }

    fn write_from(
        &self,
        from: &SplitSources,
        rows: Range<usize>,
        split: Split,
        writer: &mut RawWriter<&mut OutputFile>,
    ) -> anyhow::Result<()> {
        let mut index = rows.start;
        for source in &from.sources {
            let path = source.path();
            let file: Arc<str> = source_name(path, self.layout).into();
            try_for_each_row(source.as_ref(), |row| {
                if index == rows.end {
                    return Err(changed(path));
                }
                if self.assignment[index] == Some(split) {
                    let facts = &self.rows[index];
                    let source = source_location(&row, &file);
                    let record = Record {
                        sentence_id: facts.sentence.into(),
                        label: self.labels.class(facts),
                        score: self.scores.apply(&row, path, &mut Vec::new())?,
                        is_root: facts.is_root,
                        depth: row.node.map_or(0, |node| node.depth),
                        source,
                        kept: row.kept.into_iter().take(self.metadata.kept.len()).collect(),
                        ..Record::sentence(id(row.location, index - rows.start)?, row.text)
                    };
                    writer.write(record)?;
                }
                index += 1;
                Ok(())
            })?;
            let is_last = from.sources.last().is_some_and(|last| last.path() == path);
            if is_last && index != rows.end {
                return Err(changed(path));
            }
        }
        Ok(())
    }
}

/// A row of a raw file keeps its id; of others it is the row's number.
fn id(location: Location, number: usize) -> anyhow::Result<i64> {
    match location {
        Location::Id(id) => Ok(id),
        Location::Line(_) | Location::Row(_) => Ok(i64::try_from(number)?),
    }
}

fn source_location(row: &Row, file: &Arc<str>) -> Option<SourceLocation> {
    match row.location {
        Location::Line(number) | Location::Row(number) => {
            Some(SourceLocation { file: file.clone(), line: i64::try_from(number).unwrap_or(i64::MAX) })
        }
        Location::Id(_) => row.source.clone(),
    }
}
