//! Append-only log: a file that grows record by record through a run and can be truncated to where a checkpoint saw it.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::disk::{has_other_names, not_through_links, sync_folder_of};
use crate::output_file::own_content;

/// An append-only file.
#[derive(Debug)]
pub struct AppendLog {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl AppendLog {
    /// Opens `path` and keeps its first `bytes`; 0 starts an empty one.
    ///
    /// # Errors
    /// Fails when the file cannot be opened or is shorter than that.
    pub fn open(path: &Path, bytes: u64) -> anyhow::Result<Self> {
        let context = || format!("cannot open {}", path.display());
        if has_other_names(path) {
            own_content(path)?;
        }
        let mut file =
            not_through_links().read(true).write(true).create(true).truncate(false).open(path).with_context(context)?;
        let found = file.metadata().with_context(context)?.len();
        if found < bytes {
            bail!("{} has {found} bytes; the checkpoint saw {bytes}", path.display());
        }
        file.set_len(bytes).with_context(context)?;
        file.seek(SeekFrom::End(0)).with_context(context)?;
        // A name is durable once its folder is: no checkpoint may outlive the log that it vouches for.
        sync_folder_of(path).with_context(context)?;
        Ok(Self { path: path.to_owned(), file, bytes })
    }

    /// Appends `line` and a line feed.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub fn append(&mut self, line: &str) -> anyhow::Result<()> {
        self.append_bytes(format!("{line}\n").as_bytes())
    }

    /// Appends a record as it is.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub fn append_bytes(&mut self, record: &[u8]) -> anyhow::Result<()> {
        let context = || format!("cannot write {} ({} bytes at {})", self.path.display(), record.len(), self.bytes);
        self.file.write_all(record).with_context(context)?;
        self.bytes += record.len() as u64;
        Ok(())
    }

    /// Makes all records durable, and returns the length of the file in bytes.
    ///
    /// # Errors
    /// Fails when the file cannot be synced.
    pub fn sync(&mut self) -> anyhow::Result<u64> {
        self.file.sync_all().with_context(|| format!("cannot sync {}", self.path.display()))?;
        Ok(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_not_written_under_the_other_names_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let [log, copy] = ["log.jsonl", "copy.jsonl"].map(|name| folder.path().join(name));
        AppendLog::open(&log, 0).unwrap().append("one").unwrap();
        std::fs::hard_link(&log, &copy).unwrap();
        AppendLog::open(&copy, 4).unwrap().append("two").unwrap();
        let text = |path: &Path| std::fs::read_to_string(path).unwrap();
        assert_eq!((text(&log).as_str(), text(&copy).as_str()), ("one\n", "one\ntwo\n"));
    }

    #[test]
    fn what_a_checkpoint_did_not_see_is_truncated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let mut log = AppendLog::open(&path, 0).unwrap();
        log.append("one").unwrap();
        let seen = log.sync().unwrap();
        log.append("two").unwrap();
        drop(log);
        AppendLog::open(&path, seen).unwrap().append("three").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\nthree\n");
        assert!(AppendLog::open(&path, 100).unwrap_err().to_string().ends_with("has 10 bytes; the checkpoint saw 100"));
    }
}
