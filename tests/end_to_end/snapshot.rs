//! A folder tree as it is at one moment, to see that nothing in it was touched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Name, times and content of every file, folder and link below a folder.
#[derive(PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, Entry>);

#[derive(PartialEq, Eq)]
struct Entry {
    modified: (i64, i64),
    changed: (i64, i64),
    content: Content,
}

#[derive(PartialEq, Eq)]
enum Content {
    Folder,
    Link(PathBuf),
    File(Vec<u8>),
}

impl Snapshot {
    pub(crate) fn of(root: &Path) -> Self {
        let mut entries = BTreeMap::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            entries.insert(folder.clone(), Entry::of(&folder));
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else {
                    entries.insert(path.clone(), Entry::of(&path));
                }
            }
        }
        Self(entries)
    }

    /// The paths that came, went or changed since.
    pub(crate) fn changes(&self, now: &Self) -> Vec<PathBuf> {
        let paths = self.0.keys().chain(now.0.keys().filter(|path| !self.0.contains_key(*path)));
        paths.filter(|path| self.0.get(*path) != now.0.get(*path)).cloned().collect()
    }
}

impl Entry {
    fn of(path: &Path) -> Self {
        let metadata = fs::symlink_metadata(path).unwrap();
        let content = if metadata.is_symlink() {
            Content::Link(fs::read_link(path).unwrap())
        } else if metadata.is_dir() {
            Content::Folder
        } else {
            Content::File(fs::read(path).unwrap())
        };
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Self { modified, changed: (metadata.ctime(), metadata.ctime_nsec()), content }
    }
}
