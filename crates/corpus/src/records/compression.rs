//! Compression: the bytes of a file, unpacked as they are read where its name ends in `.gz` or `.zst`.
//!
//! An archive that unpacks to hundreds of times its size holds no texts: it is refused as soon as that shows.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use checkpoint::StandIn;
use flate2::read::MultiGzDecoder;

use super::file_name::{Compression, FileName};
use crate::error::{CorpusError, Result};
use crate::unpacking;

/// What no archive may unpack to, in bytes.
const NEVER_ALLOWED: u64 = 1 << 40;

/// The bytes of a file as they are read, unpacked where its name says that it is compressed. A gzip file may have several
/// members, a Zstandard file several frames.
pub(super) struct Bytes {
    path: PathBuf,
    format: Option<&'static str>,
    inner: Box<dyn Read>,
    /// The size of the archive, and what may still come out of it.
    packed: u64,
    allowed: u64,
}

impl Bytes {
    /// Opens a file.
    ///
    /// # Errors
    /// Fails when the file cannot be read, or is an empty archive.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let unreadable = |source| CorpusError::Read { file: path.to_owned(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(unreadable(io::ErrorKind::IsADirectory.into()));
        }
        let packed = metadata.len();
        let name = FileName::of(path);
        let compression = name.compression;
        // A text of its own may be a page.
        let may_be = |found: StandIn| found == StandIn::HtmlPage && compression.is_none() && name.is_plain_text();
        let stand_in = if metadata.is_file() { StandIn::in_file(&mut file).map_err(unreadable)? } else { None };
        if let Some(stand_in) = stand_in.filter(|&found| !may_be(found)) {
            return Err(CorpusError::Damaged { file: path.to_owned(), format: "text", problem: stand_in.to_string() });
        }
        if compression.is_some() && packed == 0 {
            return Err(CorpusError::Empty { file: path.to_owned() });
        }
        let (format, inner): (_, Box<dyn Read>) = match compression {
            None => (None, Box::new(file)),
            Some(Compression::Gzip) => (Some("gzip"), Box::new(MultiGzDecoder::new(BufReader::new(file)))),
            Some(Compression::Zstd) => {
                let decoder = zstd::stream::read::Decoder::with_buffer(BufReader::new(file));
                (Some("Zstandard"), Box::new(decoder.map_err(|error| damaged(path, "Zstandard", &error))?))
            }
        };
        let allowed = unpacking::allowed(packed, NEVER_ALLOWED);
        Ok(Self { path: path.to_owned(), format, inner, packed, allowed })
    }

    /// Adds up to `n` bytes to `buffer`; fewer only at the end.
    ///
    /// # Errors
    /// Fails when the file cannot be read, is truncated or damaged, or unpacks to more than texts do; the error names it.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>, n: usize) -> Result<usize> {
        let read = (&mut self.inner).take(n as u64).read_to_end(buffer);
        let Some(format) = self.format else {
            return read.map_err(|source| CorpusError::Read { file: self.path.clone(), source });
        };
        let read = read.map_err(|error| damaged(&self.path, format, &error))?;
        match self.allowed.checked_sub(read as u64) {
            Some(allowed) => self.allowed = allowed,
            None => {
                let problem = format!(
                    "its {} bytes unpack to more than {}, which is no table of texts; unpack it and look at it",
                    self.packed,
                    unpacking::allowed(self.packed, NEVER_ALLOWED)
                );
                return Err(CorpusError::Damaged { file: self.path.clone(), format, problem });
            }
        }
        Ok(read)
    }
}

fn damaged(path: &Path, format: &'static str, error: &io::Error) -> CorpusError {
    let mut begin = [0; 4];
    let n = File::open(path).and_then(|mut file| file.read(&mut begin)).unwrap_or_default();
    let is_text = begin[..n].iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')) && n > 0;
    let problem = match error.kind() {
        _ if is_text => "it is a text that is not compressed; take the last ending off its name".to_owned(),
        io::ErrorKind::UnexpectedEof => "it ends too early; copy or download it again".to_owned(),
        _ => format!("{error}; copy or download it again"),
    };
    CorpusError::Damaged { file: path.to_owned(), format, problem }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::super::tests::{file, summary};
    use super::super::{Columns, ReadOptions, TableFile};
    use super::*;

    const CSV: &[u8] = b"text,label\n\"fine, really\",1\nbad,0\n";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn archives_are_unpacked_whole() {
        let rows = ["fine, really|1|-", "bad|0|-"];
        let columns = Columns::default();
        assert_eq!(summary("a.csv.gz", &gzip(CSV), &columns).unwrap(), rows);
        assert_eq!(summary("a.csv.ZST", &zstd::encode_all(CSV, 3).unwrap(), &columns).unwrap(), rows);
        let members = [gzip(&CSV[..20]), gzip(&CSV[20..])].concat();
        assert_eq!(summary("a.csv.gz", &members, &columns).unwrap(), rows);
        let frames = [zstd::encode_all(&CSV[..20], 3).unwrap(), zstd::encode_all(&CSV[20..], 3).unwrap()].concat();
        assert_eq!(summary("a.csv.zst", &frames, &columns).unwrap(), rows);
    }

    #[test]
    fn what_is_cut_or_no_archive_is_refused() {
        let error = |name: &str, bytes: &[u8]| summary(name, bytes, &Columns::default()).unwrap_err();
        let (gz, zst) = (gzip(CSV), zstd::encode_all(CSV, 3).unwrap());
        for n in 1..gz.len() {
            assert!(error("a.csv.gz", &gz[..n]).starts_with("a.csv.gz cannot be read as gzip: "), "{n}");
        }
        for n in 1..zst.len() {
            assert!(error("a.csv.zst", &zst[..n]).starts_with("a.csv.zst cannot be read as Zstandard: "), "{n}");
        }
        assert!(error("a.csv.gz", CSV).starts_with("a.csv.gz cannot be read as gzip: "));
        assert!(error("a.csv.zst", CSV).starts_with("a.csv.zst cannot be read as Zstandard: "));
        assert_eq!(error("a.csv.gz", b""), "a.csv.gz is empty; expected at least one row");
        assert_eq!(error("a.csv.gz", &gzip(b"")), "a.csv.gz is empty; expected at least one row");
    }

    #[test]
    fn what_grows_beyond_all_measure_is_refused() {
        let bomb = zstd::encode_all(io::repeat(b'a').take(unpacking::ALWAYS_ALLOWED + 1), 1).unwrap();
        let (_folder, path) = file("a.csv.zst", &bomb);
        let table = TableFile::open(&path, &Columns::default(), &ReadOptions::default());
        let error = table.unwrap_err().to_string();
        assert!(error.contains("unpack to more than 67108864, which is no table of texts"), "{error}");
    }

    #[test]
    fn what_was_never_fetched_is_told_in_every_format() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 90868376\n";
        let problem = |name: &str, content: &[u8]| {
            let (_folder, path) = file(name, content);
            let table = TableFile::open(&path, &Columns::default(), &ReadOptions::default());
            table.and_then(|table| table.rows()).map_err(|error| error.to_string())
        };
        for name in ["a.csv", "a.tsv.gz", "a.jsonl.zst", "a.json", "a.parquet"] {
            let told = problem(name, pointer).unwrap_err();
            assert!(told.contains(name) && told.contains("it is a pointer of Git LFS"), "{told}");
            let told = problem(name, b"<!doctype html><html>").unwrap_err();
            assert!(told.contains(name) && told.contains("it is an HTML page"), "{told}");
        }
        let lines = |content: &[u8]| {
            let (_folder, path) = file("page.txt", content);
            let mut lines = Vec::new();
            super::super::for_each_line(&path, None, &mut |line| {
                lines.push(line.to_owned());
                std::ops::ControlFlow::Continue(())
            })?;
            Ok::<_, crate::CorpusError>(lines)
        };
        assert_eq!(lines(b"<html>a text</html>\n").unwrap(), ["<html>a text</html>"]);
        assert!(lines(pointer).unwrap_err().to_string().contains("git lfs pull"));
    }

    #[test]
    fn damaged_archives_never_panic() {
        let archives = [("a.csv.gz", gzip(CSV)), ("a.jsonl.zst", zstd::encode_all(CSV, 3).unwrap())];
        for (name, bytes) in archives {
            for index in 0..bytes.len() * 8 {
                let mut copy = bytes.clone();
                copy[index / 8] ^= 1 << (index % 8);
                let (_folder, path) = file(name, &copy);
                let _ = TableFile::open(&path, &Columns::default(), &ReadOptions::default()).and_then(|t| t.rows());
            }
        }
    }
}
