//! Partial file: where a file is written until it is whole, `.NAME.partial` beside its target, by one process at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::disk::{is_at, not_through_links};
use crate::fingerprint::sha256_hex;

/// The ending of files that are still being written; a leftover of a killed run is removed by the next one.
pub(crate) const PARTIAL: &str = ".partial";

/// The longest name of a file on Linux's file systems, in bytes.
const LONGEST_NAME: usize = 255;

/// Where the file `target` is written: under its own name as far as there is room for it.
pub(crate) fn partial_path(target: &Path) -> anyhow::Result<PathBuf> {
    let name = target.file_name().context("a file needs a name")?.to_string_lossy();
    if name.len() + 1 + PARTIAL.len() <= LONGEST_NAME {
        return Ok(target.with_file_name(format!(".{name}{PARTIAL}")));
    }
    let hash = &sha256_hex(name.as_bytes())[..16];
    let beginning: String = name.chars().take(LONGEST_NAME / 8).collect();
    Ok(target.with_file_name(format!(".{beginning}-{hash}{PARTIAL}")))
}

/// Opens a partial file as it is, or a new one, and locks it by `lock`, until it is closed: whoever renames or removes the file has
/// the lock. None where another process has it, and `lock` does not wait.
pub(crate) fn open_locked(partial: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<Option<File>> {
    loop {
        let file = not_through_links().create(true).append(true).open(partial)?;
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever had the lock may have renamed or removed the file in between.
        if is_at(&file, partial)? {
            return Ok(Some(file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output_file::write_file;
    use std::fs;

    #[test]
    fn a_name_may_be_as_long_as_the_file_system_allows() {
        let folder = tempfile::tempdir().unwrap();
        let partial = |name: &str| partial_path(&folder.path().join(name)).unwrap();
        assert_eq!(partial("a.csv"), folder.path().join(".a.csv.partial"));
        for name in ["x".repeat(246), "x".repeat(247), "x".repeat(255), "é".repeat(127), "語".repeat(85)] {
            let length = partial(&name).file_name().unwrap().len();
            assert!(length <= LONGEST_NAME, "{length}");
            write_file(&folder.path().join(&name), "whole").unwrap();
            assert_eq!(fs::read(folder.path().join(&name)).unwrap(), b"whole");
        }
        assert_ne!(partial(&format!("{}a", "x".repeat(250))), partial(&format!("{}b", "x".repeat(250))));
    }
}
