//! Partial file: where a file is written until it is whole, `.NAME.partial` beside its target, by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The ending of files that are still being written; a leftover of a killed run is removed by the next one.
pub(crate) const PARTIAL: &str = ".partial";

/// Where the file `target` is written.
pub(crate) fn partial_path(target: &Path) -> anyhow::Result<PathBuf> {
    let name = target.file_name().context("a file needs a name")?.to_string_lossy();
    Ok(target.with_file_name(format!(".{name}{PARTIAL}")))
}

/// Opens a partial file as it is, or a new one, and locks it by `lock`, until it is closed: whoever renames or removes the file has
/// the lock. None where another process has it, and `lock` does not wait.
pub(crate) fn open_locked(partial: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<Option<File>> {
    loop {
        let file = OpenOptions::new().create(true).append(true).open(partial)?;
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever had the lock may have renamed or removed the file in between.
        let locked = file.metadata()?;
        if fs::metadata(partial).is_ok_and(|named| (named.dev(), named.ino()) == (locked.dev(), locked.ino())) {
            return Ok(Some(file));
        }
    }
}
