//! Size and SHA-256 of files, remembered where a large file has plainly not changed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a file is, whatever its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Fingerprint {
    /// Reads and hashes the whole file.
    ///
    /// # Errors
    /// Fails when the file cannot be read; the error names it.
    pub fn of_file(path: &Path) -> anyhow::Result<Self> {
        Self::of_first(path, u64::MAX)
    }

    /// Reads and hashes at most the first `limit` bytes of a file.
    ///
    /// # Errors
    /// Fails when the file cannot be read; the error names it.
    pub fn of_first(path: &Path, limit: u64) -> anyhow::Result<Self> {
        let place = || format!("cannot read {}", path.display());
        let mut file = File::open(path).with_context(place)?.take(limit);
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 18];
        let mut bytes = 0;
        loop {
            let n = file.read(&mut buffer).with_context(place)?;
            if n == 0 {
                return Ok(Self { bytes, sha256: hex(&hash.finalize()) });
            }
            hash.update(&buffer[..n]);
            bytes += n as u64;
        }
    }
}

/// SHA-256 of bytes in memory, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hashes of large inputs, kept in `OUT/.hashes.json` under what the system says of the files.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct HashCache {
    files: BTreeMap<PathBuf, Remembered>,
    #[serde(skip)]
    changed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    inode: u64,
    modified_ns: i128,
    fingerprint: Fingerprint,
}

/// Below this size hashing costs less than the thought.
const WORTH_REMEMBERING: u64 = 1 << 22;
/// A file written this recently may change again within one tick of its clock.
const SETTLED: Duration = Duration::from_secs(2);

impl HashCache {
    const FILE: &str = ".hashes.json";

    pub(crate) fn load(folder: &Path) -> Self {
        fs::read(folder.join(Self::FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    pub(crate) fn save(&self, folder: &Path) -> anyhow::Result<()> {
        if self.changed {
            crate::output::write_whole(&folder.join(Self::FILE), &serde_json::to_vec_pretty(self)?)?;
        }
        Ok(())
    }

    pub(crate) fn fingerprint(&mut self, path: &Path) -> anyhow::Result<Fingerprint> {
        let place = || format!("cannot read {}", path.display());
        let metadata = fs::metadata(path).with_context(place)?;
        if metadata.len() < WORTH_REMEMBERING {
            return Fingerprint::of_file(path);
        }
        let path = fs::canonicalize(path).with_context(place)?;
        let modified = metadata.modified().with_context(place)?;
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
        let fingerprint = Fingerprint::of_file(&path)?;
        let settled = SystemTime::now().duration_since(modified).is_ok_and(|age| age > SETTLED);
        if settled {
            self.files
                .insert(path, Remembered { inode: metadata.ino(), modified_ns, fingerprint: fingerprint.clone() });
            self.changed = true;
        }
        Ok(fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::write_whole;

    #[test]
    fn the_beginning_of_a_file_has_a_fingerprint_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        write_whole(&path, b"abcdef").unwrap();
        let first = Fingerprint::of_first(&path, 3).unwrap();
        assert_eq!(first.bytes, 3);
        assert_eq!(first.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Fingerprint::of_first(&path, 7).unwrap().bytes, 6);
    }

    #[test]
    fn a_large_file_is_hashed_again_only_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        write_whole(&path, &vec![7; WORTH_REMEMBERING as usize]).unwrap();
        let old = SystemTime::now() - Duration::from_secs(60);
        File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();

        let mut memory = HashCache::default();
        let first = memory.fingerprint(&path).unwrap();
        memory.save(folder.path()).unwrap();
        let mut memory = HashCache::load(folder.path());
        assert_eq!(memory.files.len(), 1);
        assert_eq!(memory.fingerprint(&path).unwrap(), first);

        write_whole(&path, &vec![8; WORTH_REMEMBERING as usize]).unwrap();
        assert_ne!(memory.fingerprint(&path).unwrap().sha256, first.sha256);
    }
}
