//! Model folders for the tests of the tokenizer.

use std::fs::OpenOptions;
use std::io::Write;

pub(super) const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nit\nwork\n##s\n.\nIt\ncafe\ncafé\n";

/// A temporary folder with these files.
pub(super) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        OpenOptions::new().create_new(true).write(true).open(path).unwrap().write_all(content.as_bytes()).unwrap();
    }
    folder
}
