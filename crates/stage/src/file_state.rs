//! State of a file: what the system says of it without its bytes, by which a change is noticed.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What the system says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileState {
    pub(crate) inode: u64,
    pub(crate) bytes: u64,
    /// Since 1970 (UTC); a program can set it back.
    pub(crate) modified_ns: i128,
    /// Since 1970 (UTC). Nobody can set it back, but it also changes with the name, the owner and the rights.
    pub(crate) changed_ns: i128,
}

impl FileState {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::of(&metadata))
    }

    /// Whether the file was written or replaced since, as far as size and time tell. What else may have changed is told by its
    /// bytes: some file systems give a file another inode each time that it is looked at.
    pub(crate) fn was_written_since(self, earlier: Self) -> bool {
        (self.bytes, self.modified_ns) != (earlier.bytes, earlier.modified_ns)
    }
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}
