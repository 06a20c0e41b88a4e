//! Disk: free space, syncing of a folder, and whose fault it is that an output cannot be written.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

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
    let is_link = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    match error.kind() {
        _ if is_link => anyhow::Error::new(error).context(BadInput::new(message)),
        AlreadyExists | InvalidFilename | IsADirectory | NotADirectory | NotFound | PermissionDenied
        | ReadOnlyFilesystem => anyhow::Error::new(error).context(BadInput::new(message)),
        _ => anyhow::Error::new(error).context(message),
    }
}

/// Whether this names something in a folder, and neither the folder nor anything outside.
pub(crate) fn stays_below(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|component| matches!(component, Component::Normal(_)))
}

/// The first folder on the way from `folder` to the file `name` below it that is a link: what lies behind it may be anybody's.
pub(crate) fn link_on_the_way(folder: &Path, name: &str) -> Option<PathBuf> {
    let above = Path::new(name).parent()?;
    let folders = above.ancestors().filter(|above| *above != Path::new("")).map(|above| folder.join(above));
    folders.filter(|path| path.is_symlink()).last()
}

/// Opens a file for writing, but never the target of a link: who writes `.lock` in a folder of strangers writes that and nothing
/// else.
pub(crate) fn not_through_links() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    options
}

/// Whether a file is there under other names, too (hard links, as `cp -al`, backups and caches of data make them): what is written
/// into it is written there as well.
pub(crate) fn has_other_names(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.nlink() > 1)
}

/// Whether `path` names the open `file`.
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    Ok(fs::metadata(path).is_ok_and(|named| (named.dev(), named.ino()) == (open.dev(), open.ino())))
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
