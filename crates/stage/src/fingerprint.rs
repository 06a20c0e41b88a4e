//! Fingerprint of a file: its size and SHA-256; and the one loop that hashes a reader.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

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
        Self::read(path, limit).with_context(|| format!("cannot read {}", path.display()))
    }

    /// The beginning of the hash, for messages; `none` where there is no file.
    pub fn short(fingerprint: Option<&Self>) -> String {
        fingerprint.map_or("none".to_owned(), |fingerprint| format!("{:.12}…", fingerprint.sha256))
    }

    /// As [`Fingerprint::of_first`], with the bare error of the system.
    pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Self> {
        let (bytes, sha256) = hash_reader(File::open(path)?.take(limit), Sha256::new())?;
        Ok(Self { bytes, sha256 })
    }
}

/// SHA-256 of bytes in memory, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Reads `reader` to its end into `state`, which may have seen bytes before: the bytes read, the digest in hexadecimal.
///
/// # Errors
/// Fails when the reader does.
pub fn hash_reader(mut reader: impl Read, mut state: impl Digest) -> io::Result<(u64, String)> {
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            return Ok((bytes, hex(&state.finalize())));
        }
        state.update(&buffer[..n]);
        bytes += n as u64;
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_beginning_of_a_file_has_a_fingerprint_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        File::create_new(&path).unwrap().write_all(b"abcdef").unwrap();
        let first = Fingerprint::of_first(&path, 3).unwrap();
        assert_eq!(first.bytes, 3);
        assert_eq!(first.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Fingerprint::of_first(&path, 7).unwrap().bytes, 6);
    }
}
