//! Names of classes from a file beside the data: `classes.txt`, whose lines are the names in the order of the labels, or
//! `mapping.txt`, whose lines are a label, a tab and a name.
//!
//! They are taken where the labels are just the numbers that such a file names, from 0 or from 1; then they are as if
//! `--label-names` gave them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::label::DistinctLabels;
use corpus::records;
use corpus::shortened_list;

use super::args::DatasetArgs;
use super::layout::Layout;
use crate::split_files::SplitFiles;

/// The names of such files, the first that is there counts.
const FILES: [&str; 5] = ["classes.txt", "class.txt", "label_names.txt", "labels.txt", "mapping.txt"];
/// More than this are no names of classes.
const MAX_NAMES: usize = 1000;

/// Whether a file has the name of one that holds names.
pub(crate) fn is_called_so(path: &Path) -> bool {
    FILES.iter().any(|name| path.ends_with(name))
}

/// A file of names.
pub(crate) struct NamesFile {
    path: PathBuf,
    names: Vec<String>,
    /// The labels that the first of them may have.
    first_labels: Vec<usize>,
}

impl NamesFile {
    /// The file beside a dataset of numbers as labels, where the user says nothing of the labels.
    ///
    /// # Errors
    /// Fails on a file of such a name that cannot be read.
    pub(crate) fn beside(args: &DatasetArgs, layout: Layout, splits: &SplitFiles) -> anyhow::Result<Option<Self>> {
        let is_told = args.label_names.is_some() || args.label_order.is_some() || args.score_column.is_some();
        let may_have_names = !is_told && matches!(layout, Layout::Tables | Layout::PairedLines);
        let first = splits.iter().flat_map(|(_, files)| files).next();
        let Some(folder) = first.and_then(|file| file.parent()).filter(|_| may_have_names) else { return Ok(None) };
        let is_data = |path: &PathBuf| splits.iter().any(|(_, files)| files.contains(path));
        let files = FILES.map(|name| folder.join(name));
        for path in files.into_iter().filter(|path| path.is_file() && !is_data(path)) {
            if let Some(found) = Self::read(path)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Reads a file; none where its lines are no names, each once.
    fn read(path: PathBuf) -> corpus::Result<Option<Self>> {
        let mut lines = Vec::new();
        records::for_each_line(&path, &mut |line| {
            if !line.trim().is_empty() {
                lines.push(line.trim().to_owned());
            }
            if lines.len() <= MAX_NAMES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let (names, first_labels) = match numbered(&lines) {
            Some((first, names)) => (names, vec![first]),
            None => (lines, vec![0, 1]),
        };
        let distinct: BTreeSet<&String> = names.iter().collect();
        let are_names = !names.iter().any(|name| name.is_empty() || name.contains('\t') || name.parse::<f64>().is_ok());
        let is_list = (2..=MAX_NAMES).contains(&names.len()) && distinct.len() == names.len();
        Ok((are_names && is_list).then_some(Self { path, names, first_labels }))
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The names, where they are those of these labels; and what is to be said of them.
    pub(crate) fn apply(&self, labels: &DistinctLabels) -> (Option<&[String]>, Option<String>) {
        let numbers: Option<BTreeSet<usize>> = labels.texts().map(|label| label.parse().ok()).collect();
        let Some(numbers) = numbers else { return (None, None) };
        let n = self.names.len();
        let file = self.path.display();
        if self.first_labels.iter().any(|&first| numbers.iter().copied().eq(first..first + n)) {
            return (Some(&self.names), Some(format!("names of the labels, from {file}")));
        }
        let names = shortened_list(&self.names);
        let said = format!("not used: {file}, which names {n} labels, {names}; those of the data are others");
        (None, Some(said))
    }
}

/// The names of lines that begin with the numbers of their labels, and the first of these.
fn numbered(lines: &[String]) -> Option<(usize, Vec<String>)> {
    let mut fields = Vec::new();
    for line in lines {
        let mut of_line = line.split('\t');
        fields.push((of_line.next()?.parse::<usize>().ok()?, of_line.next()?.trim().to_owned()));
    }
    let first = fields.first()?.0;
    let are_in_turn = fields.iter().map(|(label, _)| *label).eq(first..first + fields.len());
    are_in_turn.then(|| (first, fields.into_iter().map(|(_, name)| name).collect()))
}
