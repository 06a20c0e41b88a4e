//! Resumable file: it grows in one run or in several, and appears when it is whole.
//!
//! Like an [`OutputFile`](crate::OutputFile) it is written under a hidden name beside its target, but what is there stays
//! for the next run. One process at a time writes it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::disk::sync_folder_of;
use crate::partial_file::{open_locked, partial_path};

/// A file that is not whole yet; dropped without [`ResumableFile::commit`], its bytes stay for the next run.
#[derive(Debug)]
pub struct ResumableFile {
    target: PathBuf,
    partial: PathBuf,
    file: File,
    bytes: u64,
    committed: bool,
}

impl ResumableFile {
    /// Goes on with the file that will appear at `target`, and makes the folders above it. Waits while another process writes
    /// it: whether `target` is there is to be asked after this.
    ///
    /// # Errors
    /// Fails when the file cannot be created or locked; the error names it.
    pub fn open(target: &Path) -> anyhow::Result<Self> {
        let partial = partial_path(target)?;
        let context = || format!("cannot write {}", partial.display());
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).with_context(context)?;
        }
        let waits = |file: &File| file.lock().map_err(TryLockError::Error);
        let file = open_locked(&partial, waits).with_context(context)?.with_context(context)?;
        let bytes = file.metadata().with_context(context)?.len();
        Ok(Self { target: target.to_owned(), partial, file, bytes, committed: false })
    }

    /// The bytes that are there.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where they are until the file is whole.
    pub fn partial_path(&self) -> &Path {
        &self.partial
    }

    /// Begins anew.
    ///
    /// # Errors
    /// Fails when the file cannot be truncated.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.file.set_len(0).with_context(|| format!("cannot write {}", self.partial.display()))?;
        self.bytes = 0;
        Ok(())
    }

    /// Makes the file durable and visible; it replaces one that is there.
    ///
    /// # Errors
    /// Fails when the file cannot be synced or renamed; then it stays as it is.
    #[expect(clippy::disallowed_methods, reason = "as of an output file: synced before")]
    pub fn commit(mut self) -> anyhow::Result<()> {
        let context = || format!("cannot write {}", self.target.display());
        self.file.sync_all().with_context(context)?;
        fs::rename(&self.partial, &self.target).with_context(context)?;
        sync_folder_of(&self.target).with_context(context)?;
        self.committed = true;
        Ok(())
    }
}

impl Write for ResumableFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for ResumableFile {
    fn drop(&mut self) {
        if !self.committed && self.bytes == 0 {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_on_where_it_stopped_and_appears_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("cache/a.zip");
        let mut file = ResumableFile::open(&target).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(!target.exists());
        let mut file = ResumableFile::open(&target).unwrap();
        assert_eq!(file.bytes(), 4);
        file.write_all(b" and half").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"half and half");

        let mut again = ResumableFile::open(&target).unwrap();
        assert_eq!(again.bytes(), 0);
        again.write_all(b"wrong").unwrap();
        again.restart().unwrap();
        drop(again);
        let left: Vec<_> =
            fs::read_dir(target.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, ["a.zip"], "an empty one is not left behind");
    }

    #[test]
    fn a_second_writer_waits_and_finds_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let mut first = ResumableFile::open(&target).unwrap();
        first.write_all(b"whole").unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| ResumableFile::open(&target).unwrap().bytes());
            // Long enough that it would have gone on if nothing held it up.
            std::thread::sleep(std::time::Duration::from_millis(200));
            assert!(!second.is_finished(), "it waits");
            first.commit().unwrap();
            assert_eq!(second.join().unwrap(), 0, "what was renamed is not its own");
        });
        assert_eq!(fs::read(&target).unwrap(), b"whole");
    }
}
