//! What has to be said of how tables were read: guesses, and rows that were left out.

use super::tables::SplitTables;

/// A line for each reading that is not the plain one, and for each file with rows that have no text.
pub(crate) fn notes(splits: &[SplitTables]) -> Vec<String> {
    let tables = || splits.iter().flat_map(|split| &split.tables);
    let mut readings: Vec<(String, Vec<String>)> = Vec::new();
    for (file, table) in tables().filter(|(_, table)| !table.said.is_empty()) {
        let (reading, file) = (table.said.join(", "), file.display().to_string());
        match readings.iter_mut().find(|(known, _)| *known == reading) {
            Some((_, files)) => files.push(file),
            None => readings.push((reading, vec![file])),
        }
    }
    let read = readings.into_iter().map(|(reading, files)| match files.as_slice() {
        [first, second, _, ..] => format!("{first}, {second} and {} more: {reading}", files.len() - 2),
        few => format!("{}: {reading}", few.join(", ")),
    });
    let left_out = tables().filter_map(|(file, table)| {
        let rows = table.without_text?;
        let (rows_are, first) = match rows.n_rows {
            1 => ("row without a text is left out, in", rows.first),
            _ => ("rows without a text are left out, the first in", rows.first),
        };
        Some(format!("{}: {} {rows_are} {first}", file.display(), rows.n_rows))
    });
    read.chain(left_out).collect()
}
