//! Hash cache: SHA-256 of large inputs, remembered where a file has plainly not changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;
use crate::input_error::BadInput;
use crate::output_file::write_whole;

/// The hashes of large inputs, kept in `OUT/.hashes.json` under what the system says of the files.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct HashCache {
    files: BTreeMap<PathBuf, CachedHash>,
    #[serde(skip)]
    changed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct CachedHash {
    inode: u64,
    modified_ns: i128,
    fingerprint: Fingerprint,
}

/// Below this size hashing costs less than keeping the result.
const WORTH_CACHING: u64 = 1 << 22;
/// A file written this recently may change again within one tick of its clock.
const SAFE_AGE: Duration = Duration::from_secs(2);

impl HashCache {
    const FILE: &str = ".hashes.json";

    pub(crate) fn load(folder: &Path) -> Self {
        fs::read(folder.join(Self::FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    pub(crate) fn save(&self, folder: &Path) -> anyhow::Result<()> {
        if self.changed {
            write_whole(&folder.join(Self::FILE), &serde_json::to_vec_pretty(self)?)?;
        }
        Ok(())
    }

    /// The fingerprint of an input: it is bad input when it cannot be read.
    pub(crate) fn fingerprint(&mut self, path: &Path) -> anyhow::Result<Fingerprint> {
        let context = || BadInput::new(format!("cannot read {}", path.display()));
        let metadata = fs::metadata(path).with_context(context)?;
        if metadata.len() < WORTH_CACHING {
            return Fingerprint::read(path, u64::MAX).with_context(context);
        }
        let path = fs::canonicalize(path).with_context(context)?;
        let modified = metadata.modified().with_context(context)?;
        let modified_ns = match modified.duration_since(UNIX_EPOCH) {
            Ok(after) => after.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        };
        if let Some(known) = self.files.get(&path)
            && (known.inode, known.modified_ns, known.fingerprint.bytes)
                == (metadata.ino(), modified_ns, metadata.len())
        {
            return Ok(known.fingerprint.clone());
        }
        let fingerprint = Fingerprint::read(&path, u64::MAX).with_context(context)?;
        if SystemTime::now().duration_since(modified).is_ok_and(|age| age > SAFE_AGE) {
            let known = CachedHash { inode: metadata.ino(), modified_ns, fingerprint: fingerprint.clone() };
            self.files.insert(path, known);
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
        write_whole(&path, &vec![7; WORTH_CACHING as usize]).unwrap();
        let old = SystemTime::now() - Duration::from_secs(60);
        File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();

        let mut cache = HashCache::default();
        let first = cache.fingerprint(&path).unwrap();
        cache.save(folder.path()).unwrap();
        let mut cache = HashCache::load(folder.path());
        assert_eq!(cache.files.len(), 1);
        assert_eq!(cache.fingerprint(&path).unwrap(), first);

        write_whole(&path, &vec![8; WORTH_CACHING as usize]).unwrap();
        assert_ne!(cache.fingerprint(&path).unwrap().sha256, first.sha256);
    }
}
