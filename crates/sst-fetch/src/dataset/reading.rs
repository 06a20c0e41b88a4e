//! What has to be said of how files were read: guesses, and rows that were left out.

use std::path::PathBuf;

use corpus::records::WithoutText;

use super::sources::SplitSources;

/// A line for each reading that is not the plain one.
pub(crate) fn guesses(splits: &[SplitSources]) -> Vec<String> {
    let mut readings: Vec<(String, Vec<String>)> = Vec::new();
    for source in splits.iter().flat_map(|split| &split.sources).filter(|source| !source.said().is_empty()) {
        let (reading, file) = (source.said().join(", "), source.path().display().to_string());
        match readings.iter_mut().find(|(known, _)| *known == reading) {
            Some((_, files)) => files.push(file),
            None => readings.push((reading, vec![file])),
        }
    }
    let said = readings.into_iter().map(|(reading, files)| match files.as_slice() {
        [first, second, _, ..] => format!("{first}, {second} and {} more: {reading}", files.len() - 2),
        few => format!("{}: {reading}", few.join(", ")),
    });
    said.collect()
}

/// A line for each file with rows that have no text.
pub(crate) fn left_out(without_text: &[(PathBuf, WithoutText)]) -> Vec<String> {
    let line = |(file, rows): &(PathBuf, WithoutText)| {
        let (rows_are, first) = match rows.n_rows {
            1 => ("row without a text is left out, in", rows.first),
            _ => ("rows without a text are left out, the first in", rows.first),
        };
        format!("{}: {} {rows_are} {first}", file.display(), rows.n_rows)
    };
    without_text.iter().map(line).collect()
}
