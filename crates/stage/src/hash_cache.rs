//! Hash cache: SHA-256 of large inputs and outputs, remembered where a file has plainly not changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::file_state::FileState;
use crate::fingerprint::Fingerprint;
use crate::input_error::BadInput;
use crate::output_file::write_file;

/// The hashes of large files, kept in `OUT/.hashes.json` under what the system says of the files.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct HashCache {
    /// By the paths that JSON can hold; others are hashed each time.
    files: BTreeMap<String, CachedHash>,
    #[serde(skip)]
    changed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct CachedHash {
    inode: u64,
    modified_ns: i128,
    /// Absent in the caches of older programs, whose files are hashed once more. Unlike the time of modification, nobody
    /// can set it back.
    #[serde(default)]
    changed_ns: Option<i128>,
    fingerprint: Fingerprint,
}

/// Below this size hashing costs less than keeping the result.
const WORTH_CACHING: u64 = 1 << 22;
/// A file changed this recently may change again within one tick of its clock.
const SAFE_AGE: Duration = Duration::from_secs(2);

impl HashCache {
    const FILE: &str = ".hashes.json";

    pub(crate) fn load(folder: &Path) -> Self {
        fs::read(folder.join(Self::FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    pub(crate) fn save(&self, folder: &Path) -> anyhow::Result<()> {
        if self.changed {
            write_file(&folder.join(Self::FILE), serde_json::to_vec_pretty(self)?)?;
        }
        Ok(())
    }

    /// The fingerprint of a file: it is bad input when it cannot be read.
    pub(crate) fn fingerprint(&mut self, path: &Path) -> anyhow::Result<Fingerprint> {
        self.fingerprint_at(path, SystemTime::now())
    }

    fn fingerprint_at(&mut self, path: &Path, now: SystemTime) -> anyhow::Result<Fingerprint> {
        let context = || BadInput::new(format!("cannot read {}", path.display()));
        let metadata = fs::metadata(path).with_context(context)?;
        if metadata.len() < WORTH_CACHING {
            return Fingerprint::read(path, u64::MAX).with_context(context);
        }
        let path = fs::canonicalize(path).with_context(context)?;
        let FileState { inode, bytes, modified_ns, changed_ns } = FileState::of(&metadata);
        if let Some(known) = path.to_str().and_then(|name| self.files.get(name))
            && (known.inode, known.modified_ns, known.changed_ns, known.fingerprint.bytes)
                == (inode, modified_ns, Some(changed_ns), bytes)
        {
            return Ok(known.fingerprint.clone());
        }
        let fingerprint = Fingerprint::read(&path, u64::MAX).with_context(context)?;
        let age = now.duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as i128) - changed_ns;
        if age > SAFE_AGE.as_nanos() as i128
            && let Ok(name) = path.into_os_string().into_string()
        {
            let changed_ns = Some(changed_ns);
            let known = CachedHash { inode, modified_ns, changed_ns, fingerprint: fingerprint.clone() };
            self.files.insert(name, known);
            self.changed = true;
        }
        Ok(fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn a_large_file_is_hashed_again_only_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        write_file(&path, vec![7; WORTH_CACHING as usize]).unwrap();
        let later = SystemTime::now() + Duration::from_secs(60);

        let mut cache = HashCache::default();
        let first = cache.fingerprint(&path).unwrap();
        assert!(cache.files.is_empty(), "a file that may change within the tick of its clock is not remembered");
        cache.fingerprint_at(&path, later).unwrap();
        cache.save(folder.path()).unwrap();
        let mut cache = HashCache::load(folder.path());
        let key = fs::canonicalize(&path).unwrap().into_os_string().into_string().unwrap();
        cache.files.get_mut(&key).unwrap().fingerprint.sha256 = "remembered".to_owned();
        assert_eq!(cache.fingerprint(&path).unwrap().sha256, "remembered");

        // Other bytes of the same size in the same file, its time of modification set back.
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &[8], 0).unwrap();
        file.set_modified(before).unwrap();
        let changed = cache.fingerprint_at(&path, later).unwrap();
        assert!(changed.sha256 != first.sha256 && changed.sha256 != "remembered");

        // The cache of an older program.
        cache.files.get_mut(&key).unwrap().changed_ns = None;
        cache.files.get_mut(&key).unwrap().fingerprint.sha256 = "remembered".to_owned();
        assert_eq!(cache.fingerprint_at(&path, later).unwrap(), changed);
    }

    #[test]
    fn a_path_that_is_no_text_is_hashed_each_time() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
        write_file(&path, vec![7; WORTH_CACHING as usize]).unwrap();
        let mut cache = HashCache::default();
        cache.fingerprint_at(&path, SystemTime::now() + Duration::from_secs(60)).unwrap();
        cache.save(folder.path()).unwrap();
        assert!(cache.files.is_empty());
    }
}
