//! Atomic output file: it appears complete or not at all.
//!
//! It is written under a hidden name beside its target, synced, renamed, and its folder synced. Its SHA-256 is taken
//! from the bytes as they pass, so an output never has to be read again for its manifest. Two processes never write one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::disk::sync_folder_of;
use crate::exit_reason::ExitReason;
use crate::fingerprint::{Fingerprint, hex};
use crate::partial_file::{open_locked, partial_path};

/// A file being written; dropped without [`OutputFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct OutputFile {
    target: PathBuf,
    partial: PathBuf,
    /// Open, and so locked, until the partial file has another name or none.
    file: Arc<File>,
    writer: Option<BufWriter<Arc<File>>>,
    renamed: bool,
    hash: Sha256,
    bytes: u64,
}

impl OutputFile {
    /// Begins to write the file that will appear at `target`; its folder exists.
    ///
    /// # Errors
    /// Fails when the file cannot be created, and when another process is writing it; the error names it.
    pub fn create(target: &Path) -> anyhow::Result<Self> {
        let partial = partial_path(target)?;
        let context = || format!("cannot create {}", partial.display());
        let Some(file) = open_locked(&partial, File::try_lock).with_context(context)? else {
            return Err(ExitReason::FileLocked(target.to_owned()).into());
        };
        file.set_len(0).with_context(context)?;
        if let Ok(earlier) = fs::metadata(target) {
            file.set_permissions(earlier.permissions()).with_context(context)?; // who may read it does not change
        }
        let file = Arc::new(file);
        Ok(Self {
            target: target.to_owned(),
            partial,
            writer: Some(BufWriter::with_capacity(1 << 18, Arc::clone(&file))),
            file,
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
        let writer = self.writer.take().context("an output is committed once")?;
        let (target, bytes) = (self.target.clone(), self.bytes);
        let context = || format!("cannot write {} ({bytes} bytes)", target.display());
        flush(writer).with_context(context)?;
        self.file.sync_all().with_context(context)?;
        fs::rename(&self.partial, &self.target).with_context(context)?;
        self.renamed = true;
        sync_folder_of(&self.target).with_context(context)?;
        let hash = std::mem::take(&mut self.hash);
        Ok(Fingerprint { bytes: self.bytes, sha256: hex(&hash.finalize()) })
    }
}

impl Write for OutputFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let Some(writer) = self.writer.as_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let with_position =
            |error: io::Error| io::Error::new(error.kind(), format!("{error}, after {} bytes", self.bytes));
        let written = writer.write(buffer).map_err(with_position)?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            // The buffered rest is not wanted any more: dropping the writer would flush it.
            drop(writer.into_parts());
        }
        if !self.renamed {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Writes what is left; after a failure the writer must not try the rest again.
fn flush(writer: BufWriter<Arc<File>>) -> io::Result<()> {
    writer.into_inner().map(drop).map_err(|error| {
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

/// Makes the content of a file that has other names, too, its own under this one.
pub(crate) fn own_content(path: &Path) -> anyhow::Result<()> {
    write_file_with(path, |file| {
        let mut shared = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        io::copy(&mut shared, file).with_context(|| format!("cannot copy {}", path.display()))
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_reason::exit_code;

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
    fn who_may_read_a_file_does_not_change() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        write_file(&target, b"first").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
        write_file(&target, b"second").unwrap();
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_another_writes_is_refused_until_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        let mut first = OutputFile::create(&target).unwrap();
        first.write_all(b"first").unwrap();
        let refusal = OutputFile::create(&target).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!("another run is writing {}; wait for it, or choose another file", target.display())
        );
        assert_eq!(exit_code(&refusal, &[]), 4);
        first.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"first");
        write_file(&target, b"second").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"second");
    }

    #[test]
    fn what_a_killed_run_left_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        let mut left = open_locked(&folder.path().join(".a.txt.partial"), File::try_lock).unwrap().unwrap();
        left.write_all(b"a longer text than the new one").unwrap();
        drop(left);
        write_file(&target, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
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
