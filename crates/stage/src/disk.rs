//! Disk: free space, and syncing of a folder.

use std::fs::File;
use std::io;
use std::path::Path;

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
