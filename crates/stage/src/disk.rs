//! Disk: free space, syncing of a folder, and whose fault it is that an output cannot be written.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path};

use anyhow::Context;

use crate::input_error::BadInput;

/// Bytes that an ordinary user may still write on the file system of `path`.
///
/// # Errors
/// Fails when `path` does not exist.
pub fn available_bytes(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Makes the names of a folder durable: a rename counts only once its folder is synced.
///
/// # Errors
/// Fails when the folder cannot be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes the name of the file `path` durable, in the folder above it.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    sync_folder(path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new(".")))
}

/// An error of the system at `path`, the output or a file in it: bad input where another place would do.
pub(crate) fn unwritable(path: &Path, error: io::Error) -> anyhow::Error {
    use io::ErrorKind::{
        AlreadyExists, InvalidFilename, IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem,
    };
    let message = format!("--out cannot be written: {}", path.display());
    match error.kind() {
        AlreadyExists | InvalidFilename | IsADirectory | NotADirectory | NotFound | PermissionDenied
        | ReadOnlyFilesystem => anyhow::Error::new(error).context(BadInput::new(message)),
        _ => anyhow::Error::new(error).context(message),
    }
}

/// Whether this names something in a folder, and neither the folder nor anything outside.
pub(crate) fn stays_below(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|component| matches!(component, Component::Normal(_)))
}

/// Removes a file, which may be missing.
///
/// # Errors
/// Fails when it cannot be removed; the error names it.
pub fn remove_if_there(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
