//! Location: where a path leads, however it is spelled, and how two paths lie to each other.
//!
//! What exists is compared by device and inode: links, `..`, bind mounts and file systems that ignore case make one
//! folder reachable under several names. What does not exist yet is compared by its name below the deepest folder that does.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// How one path lies to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// Both are one file or folder.
    Same,
    /// The first lies in the second.
    Inside,
    /// The second lies in the first.
    Around,
}

/// A file or folder of the disk.
type Identity = (u64, u64);

/// A path, resolved.
#[derive(Debug)]
pub(crate) struct Location {
    /// Without links, `.` and `..`.
    resolved: PathBuf,
    /// What the path leads to, if that exists.
    identity: Option<Identity>,
    /// The folders above it that exist, as it is spelled and as it is resolved.
    above: Vec<Identity>,
}

impl Location {
    pub(crate) fn of(path: &Path) -> Self {
        let spelled = absolute(path);
        let resolved = resolve(&spelled);
        let above = spelled.ancestors().skip(1).chain(resolved.ancestors().skip(1));
        let above = above.filter_map(identity).collect();
        Self { identity: identity(&spelled), resolved, above }
    }

    /// How this path lies to `other`; `None` where they are apart.
    pub(crate) fn relation(&self, other: &Self) -> Option<Relation> {
        let lies_in = |inner: &Self, outer: &Self| {
            outer.identity.is_some_and(|identity| inner.above.contains(&identity))
                || inner.resolved.starts_with(&outer.resolved)
        };
        if self.resolved == other.resolved || (self.identity.is_some() && self.identity == other.identity) {
            Some(Relation::Same)
        } else if lies_in(self, other) {
            Some(Relation::Inside)
        } else if lies_in(other, self) {
            Some(Relation::Around)
        } else {
            None
        }
    }
}

/// The absolute form of a path without `.` and `..`; links are followed only where a `..` leads out of one.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    let mut current = std::env::current_dir().unwrap_or_default();
    for component in path.components() {
        match component {
            Component::Prefix(_) | Component::RootDir => current = component.as_os_str().into(),
            Component::CurDir => {}
            Component::Normal(name) => current.push(name),
            Component::ParentDir => {
                current = fs::canonicalize(&current).unwrap_or(current);
                current.pop();
            }
        }
    }
    current
}

/// Without links, as far as the path exists.
fn resolve(absolute: &Path) -> PathBuf {
    for folder in absolute.ancestors() {
        if let (Ok(real), Ok(rest)) = (fs::canonicalize(folder), absolute.strip_prefix(folder)) {
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
    }
    absolute.to_owned()
}

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn paths_are_compared_by_where_they_lead() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("run/inner")).unwrap();
        fs::create_dir_all(root.join("elsewhere/deep")).unwrap();
        symlink(root.join("run"), root.join("link")).unwrap();
        symlink(root.join("run/inner"), root.join("elsewhere/link")).unwrap();
        let relation = |a: &str, b: &str| Location::of(&root.join(a)).relation(&Location::of(&root.join(b)));

        for same in ["run", "run/", "./run", "link", "run/inner/..", "elsewhere/link/..", "missing/../run"] {
            assert_eq!(relation(same, "run"), Some(Relation::Same), "{same}");
        }
        for inside in ["run/new", "link/new/er", "run/inner", "elsewhere/link", "elsewhere/link/new"] {
            assert_eq!(relation(inside, "run"), Some(Relation::Inside), "{inside}");
            assert_eq!(relation("run", inside), Some(Relation::Around), "{inside}");
        }
        assert_eq!(relation("", "run/inner"), Some(Relation::Around));
        assert_eq!(relation("elsewhere", "elsewhere/link"), Some(Relation::Around), "a link that lies in it");
        for apart in ["other", "runs", "run/../other", "elsewhere", "elsewhere/deep/../new", "link/../other"] {
            assert_eq!(relation(apart, "run"), None, "{apart}");
        }
        assert_eq!(relation("new/er", "new"), Some(Relation::Inside), "neither exists");
    }

    #[test]
    fn further_names_of_a_file_are_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        fs::hard_link(file.path(), folder.path().join("name")).unwrap();
        let relation = Location::of(&folder.path().join("name")).relation(&Location::of(file.path()));
        assert_eq!(relation, Some(Relation::Same));
    }
}
