//! File names: what the name of a file says of its format, its compression and its split.

use std::path::Path;

use crate::split::Split;

/// What a file's name says, in any case: `Train.CSV.gz` is a gzip archive of the CSV `Train`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The name without extensions, as it is spelled.
    pub stem: String,
    /// The extension of the format in lower case; empty where there is none.
    pub extension: String,
    /// How the file is compressed, by its last extension.
    pub compression: Option<Compression>,
}

/// How a whole file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstd,
}

impl Compression {
    /// The extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Zstd => "zst",
        }
    }
}

/// Extensions that say no more than that a file is text, as corpora have them, beside the names of splits: `TREC.test.all`,
/// `SMSSpamCollection`.
const PLAIN_TEXT: [&str; 6] = ["txt", "text", "all", "label", "data", ""];

impl FileName {
    /// Takes the name of `path` apart.
    pub fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (name, compression) = match name.rsplit_once('.') {
            Some((inner, last)) if last.eq_ignore_ascii_case("gz") => (inner.to_owned(), Some(Compression::Gzip)),
            Some((inner, last)) if last.eq_ignore_ascii_case("zst") => (inner.to_owned(), Some(Compression::Zstd)),
            _ => (name, None),
        };
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem.to_owned(), extension.to_ascii_lowercase()),
            _ => (name, String::new()),
        };
        Self { stem, extension, compression }
    }

    /// Whether the name says no more than that the file is text: how it is read, its lines say.
    pub fn is_plain_text(&self) -> bool {
        PLAIN_TEXT.contains(&self.extension.as_str()) || self.is_named_by_split()
    }

    /// Whether the extension is the name of a split: `dbpedia.train`.
    pub fn is_named_by_split(&self) -> bool {
        Split::from_alias(&self.extension).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart() {
        let parts = |name: &str| {
            let name = FileName::of(Path::new(name));
            (name.stem, name.extension, name.compression)
        };
        let expected = |stem: &str, extension: &str, compression| (stem.to_owned(), extension.to_owned(), compression);
        assert_eq!(parts("a/Train.CSV"), expected("Train", "csv", None));
        assert_eq!(parts("train.csv.gz"), expected("train", "csv", Some(Compression::Gzip)));
        assert_eq!(parts("train.v2.JSONL.ZST"), expected("train.v2", "jsonl", Some(Compression::Zstd)));
        assert_eq!(parts("train.gz"), expected("train", "", Some(Compression::Gzip)));
        assert_eq!(parts("train"), expected("train", "", None));
        assert_eq!(parts(".csv"), expected(".csv", "", None));
    }

    #[test]
    fn a_name_may_say_no_more_than_text() {
        let is_plain_text = |name: &str| FileName::of(Path::new(name)).is_plain_text();
        for name in ["a.txt", "A.TXT.gz", "stsa.binary.train", "TREC_10.label", "x.validation", "SMSSpamCollection"] {
            assert!(is_plain_text(name), "{name}");
        }
        for name in ["a.csv", "train.xlsx", "train.v1", "a.train.csv"] {
            assert!(!is_plain_text(name), "{name}");
        }
    }
}
