//! Texts and their labels in two files, line by line: `train_text.txt` and `train_labels.txt`, as TweetEval has them.

use std::ops::ControlFlow;

use super::format::{RowSink, Rows};
use super::table::Row;
use super::text_file::TextFile;
use crate::error::{CorpusError, Location, Result};

/// A text a line, with the label in the same line of another file; a blank one is none.
#[derive(Debug)]
pub(super) struct PairedLines {
    pub(super) texts: TextFile,
    pub(super) labels: TextFile,
}

impl Rows for PairedLines {
    fn for_each(&self, sink: &mut RowSink) -> Result<()> {
        let labels = self.read_labels()?;
        let (mut n_texts, mut is_whole) = (0, true);
        self.texts.for_each_line(&mut |number, line| {
            let label = labels.get(n_texts);
            n_texts += 1;
            let Some(label) = label else { return Ok(ControlFlow::Continue(())) };
            let flow = sink.add(Row {
                location: Location::Line(number),
                text: line.to_owned(),
                label: label.clone(),
                score: None,
                node: None,
                kept: Vec::new(),
                source: None,
            });
            is_whole = flow.is_continue();
            Ok(flow)
        })?;
        if is_whole && n_texts != labels.len() {
            let problem = format!(
                "it has {n_texts} lines, and {} has {}; expected a label for each text",
                self.labels.path().display(),
                labels.len()
            );
            return Err(CorpusError::Damaged {
                file: self.texts.path().to_owned(),
                format: "texts with labels in another file",
                problem,
            });
        }
        Ok(())
    }
}

impl PairedLines {
    fn read_labels(&self) -> Result<Vec<Option<String>>> {
        let mut labels = Vec::new();
        self.labels.for_each_line(&mut |_, line| {
            labels.push(Some(line.trim()).filter(|label| !label.is_empty()).map(str::to_owned));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(labels)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::super::TableFile;
    use crate::error::Result;

    /// The rows as `text|label`.
    fn rows(texts: &str, labels: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, content: &str| {
            let path = folder.path().join(name);
            let mut file = fs::OpenOptions::new().create_new(true).write(true).open(&path).unwrap();
            file.write_all(content.as_bytes()).unwrap();
            path
        };
        let (texts, labels) = (path("texts.txt", texts), path("labels.txt", labels));
        let read = TableFile::open_paired_lines(&texts, &labels, None).and_then(|table| table.rows());
        let read = read.map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))?;
        Ok(read.into_iter().map(|row| format!("{}|{}", row.text, row.label.unwrap_or("-".to_owned()))).collect())
    }

    #[test]
    fn a_line_has_its_label_in_the_same_line() {
        assert_eq!(rows("a \n\n\"b\n", "0\n 1 \r\n\n").unwrap(), ["a |0", "|1", "\"b|-"]);
    }

    #[test]
    fn files_of_different_lengths_are_refused() {
        let error = |texts, labels| rows(texts, labels).unwrap_err();
        let refused = "texts.txt cannot be read as texts with labels in another file: it has";
        let expected = "expected a label for each text";
        assert_eq!(error("a\nb\n", "0"), format!("{refused} 2 lines, and labels.txt has 1; {expected}"));
        assert_eq!(error("a", "0\n1\n2\n"), format!("{refused} 1 lines, and labels.txt has 3; {expected}"));
        assert_eq!(error("", ""), "texts.txt is empty; expected at least one row");
    }
}
