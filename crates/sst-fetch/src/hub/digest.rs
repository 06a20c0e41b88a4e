//! The digests by which the hub names its files: SHA-256 of a large file, git's SHA-1 of a blob for the others.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use sha1::Sha1;
use sha2::Sha256;

/// A digest in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256(String),
    GitBlob(String),
}

impl Digest {
    /// The digest that an etag is, if it is one.
    pub(super) fn parse(etag: &str) -> Option<Self> {
        if is_hex(etag, 64) {
            Some(Self::Sha256(etag.to_owned()))
        } else if is_hex(etag, 40) {
            Some(Self::GitBlob(etag.to_owned()))
        } else {
            None
        }
    }

    /// Whether a file has this digest.
    pub(super) fn fits(&self, path: &Path) -> anyhow::Result<bool> {
        match self {
            Self::Sha256(expected) => Ok(*expected == hash(path, <Sha256 as sha2::Digest>::new())?),
            Self::GitBlob(expected) => {
                let bytes = path.metadata().with_context(|| format!("cannot read {}", path.display()))?.len();
                let mut state = <Sha1 as sha1::Digest>::new();
                sha1::Digest::update(&mut state, format!("blob {bytes}\0"));
                Ok(*expected == hash(path, state)?)
            }
        }
    }
}

/// Whether `text` is `length` lower-case hexadecimal digits.
pub(super) fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn hash(path: &Path, mut state: impl sha2::Digest) -> anyhow::Result<String> {
    let place = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(place)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer).with_context(place)? {
            0 => return Ok(state.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            n => state.update(&buffer[..n]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn both_digests_are_known_by_their_length() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"hello\n").unwrap();
        let fits = |etag: &str| Digest::parse(etag).unwrap().fits(file.path()).unwrap();
        assert!(fits("ce013625030ba8dba906f756967f9e9ca394464a"));
        assert!(fits("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"));
        assert!(!fits("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be04"));
        assert_eq!(Digest::parse("W/\"abc\""), None);
        assert_eq!(Digest::parse("../../../../../../../../../../etc/passwd"), None);
    }
}
