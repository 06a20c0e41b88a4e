//! ETags of the hub, which are digests: SHA-256 of a large file, git's SHA-1 of a blob for the others.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::Context;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use stage::hash_reader;

/// A digest in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256(String),
    GitBlob(String),
}

impl Digest {
    /// The digest that an ETag is, if it is one.
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
    pub(super) fn matches(&self, path: &Path) -> anyhow::Result<bool> {
        self.matches_reader(path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn matches_reader(&self, path: &Path) -> io::Result<bool> {
        let file = File::open(path)?;
        match self {
            Self::Sha256(expected) => Ok(*expected == hash_reader(file, Sha256::new())?.1),
            Self::GitBlob(expected) => {
                let header = format!("blob {}\0", file.metadata()?.len());
                Ok(*expected == hash_reader(file, Sha1::new_with_prefix(header))?.1)
            }
        }
    }
}

/// Whether `text` is `length` lower-case hexadecimal digits.
pub(super) fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn both_digests_are_recognized_by_their_length() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"hello\n").unwrap();
        let matches = |etag: &str| Digest::parse(etag).unwrap().matches(file.path()).unwrap();
        assert!(matches("ce013625030ba8dba906f756967f9e9ca394464a"));
        assert!(matches("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"));
        assert!(!matches("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be04"));
        assert_eq!(Digest::parse("W/\"abc\""), None);
        assert_eq!(Digest::parse("../../../../../../../../../../etc/passwd"), None);
    }
}
