//! Atomic output file: it appears complete or not at all.
//!
//! It is written under a hidden name beside its target, synced, renamed, and its folder synced. Its SHA-256 is taken
//! from the bytes as they pass, so an output never has to be read again for its manifest.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::disk::sync_folder_of;
use crate::fingerprint::{Fingerprint, hex};

/// The ending of files that are still being written; a leftover of a killed run is removed by the next one.
pub(crate) const PARTIAL: &str = ".partial";

/// A file being written; dropped without [`OutputFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct OutputFile {
    target: PathBuf,
    partial: PathBuf,
    file: Option<BufWriter<File>>,
    renamed: bool,
    hash: Sha256,
    bytes: u64,
}

impl OutputFile {
    /// Begins to write the file that will appear at `target`; its folder exists.
    ///
    /// # Errors
    /// Fails when the file cannot be created; the error names it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where files are created")]
    pub fn create(target: &Path) -> anyhow::Result<Self> {
        let name = target.file_name().context("an output needs a file name")?.to_string_lossy();
        let partial = target.with_file_name(format!(".{name}{PARTIAL}"));
        let file = File::create(&partial).with_context(|| format!("cannot create {}", partial.display()))?;
        Ok(Self {
            target: target.to_owned(),
            partial,
            file: Some(BufWriter::with_capacity(1 << 18, file)),
            renamed: false,
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    /// Makes the file durable and visible, and returns its size and SHA-256.
    ///
    /// # Errors
    /// Fails when the last bytes cannot be written, synced or renamed; then the old file, if any, is untouched. Where
    /// only the folder cannot be synced, the new file is there and complete, but may not survive a power failure.
    #[expect(clippy::disallowed_methods, reason = "this is the one place where files are renamed")]
    pub fn commit(mut self) -> anyhow::Result<Fingerprint> {
        let writer = self.file.take().context("an output is committed once")?;
        let (target, bytes) = (self.target.clone(), self.bytes);
        let context = || format!("cannot write {} ({bytes} bytes)", target.display());
        let file = flushed(writer).with_context(context)?;
        file.sync_all().with_context(context)?;
        drop(file);
        fs::rename(&self.partial, &self.target).with_context(context)?;
        self.renamed = true;
        sync_folder_of(&self.target).with_context(context)?;
        let hash = std::mem::take(&mut self.hash);
        Ok(Fingerprint { bytes: self.bytes, sha256: hex(&hash.finalize()) })
    }
}

impl Write for OutputFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let Some(file) = self.file.as_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let with_position =
            |error: io::Error| io::Error::new(error.kind(), format!("{error}, after {} bytes", self.bytes));
        let written = file.write(buffer).map_err(with_position)?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some(writer) = self.file.take() {
            // The buffered rest is not wanted any more: dropping the writer would flush it.
            drop(writer.into_parts());
        }
        if !self.renamed {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// The file under a writer once all is in it; after a failure the writer must not try the rest again.
fn flushed(writer: BufWriter<File>) -> io::Result<File> {
    writer.into_inner().map_err(|error| {
        let (error, writer) = error.into_parts();
        drop(writer.into_parts());
        error
    })
}

/// Writes the file `target` through `fill`: it appears when `fill` succeeds. Its folder exists.
///
/// # Errors
/// Fails with `fill`, and when the file cannot be written; then nothing appears. The error names the file.
pub fn write_file_with<T>(
    target: &Path,
    fill: impl FnOnce(&mut OutputFile) -> anyhow::Result<T>,
) -> anyhow::Result<(T, Fingerprint)> {
    let mut file = OutputFile::create(target)?;
    let value = fill(&mut file).with_context(|| format!("cannot write {}", target.display()))?;
    Ok((value, file.commit()?))
}

/// Renames a file that is complete, durably.
///
/// # Errors
/// Fails when it cannot be renamed, or its new folder not be synced.
#[expect(clippy::disallowed_methods, reason = "this is the one place where files are renamed")]
pub(crate) fn move_file(from: &Path, target: &Path) -> anyhow::Result<()> {
    let renamed = fs::rename(from, target).and_then(|()| sync_folder_of(target));
    renamed.with_context(|| format!("cannot write {}", target.display()))
}

/// Writes the file `target` from bytes in memory.
///
/// # Errors
/// As [`write_file_with`].
pub fn write_file(target: &Path, content: impl AsRef<[u8]>) -> anyhow::Result<Fingerprint> {
    let ((), fingerprint) = write_file_with(target, |file| Ok(file.write_all(content.as_ref())?))?;
    Ok(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_visible_before_the_commit_and_nothing_stays_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        let mut file = OutputFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!target.exists());
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        let fingerprint = write_file(&target, b"abc").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"abc");
        assert_eq!(fingerprint.bytes, 3);
        assert_eq!(fingerprint.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_commit_that_fails_leaves_nothing_beside_the_target() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        let mut file = OutputFile::create(&target).unwrap();
        file.write_all(b"abc").unwrap();
        fs::create_dir(&target).unwrap(); // a file cannot be renamed onto a folder
        let error = file.commit().unwrap_err();
        assert!(error.to_string().ends_with("a.txt (3 bytes)"), "{error}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["a.txt"]);
    }
}
