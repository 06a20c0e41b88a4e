//! Lock of an output folder: one writer at a time.
//!
//! The lock is an advisory `flock` on `OUT/.lock`, so the system itself releases it when its holder dies, however it
//! dies. The file is never deleted: a deleted lock file can be locked twice.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use anyhow::Context;

use crate::exit_reason::ExitReason;

/// The name of the lock file in every output folder.
pub(crate) const LOCK: &str = ".lock";

/// Holds the folder until dropped.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Locks `folder`, or says at once who has it.
    pub(crate) fn acquire(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(LOCK);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => String::new(),
                    process => format!(" (process {process})"),
                };
                return Err(ExitReason::Locked { folder: folder.to_owned(), holder }.into());
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        // The process id is only for the message of whoever finds the lock taken; a full disk must not fail the run here.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_holder_is_refused_with_the_process_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::acquire(folder.path()).unwrap();
        let refusal = FolderLock::acquire(folder.path()).unwrap_err();
        assert!(matches!(refusal.downcast_ref(), Some(ExitReason::Locked { .. })));
        assert!(refusal.to_string().contains(&format!("(process {})", std::process::id())));
        drop(first);
        FolderLock::acquire(folder.path()).unwrap();
    }
}
