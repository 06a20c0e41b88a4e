//! Compression: the bytes of a file, unpacked where its name ends in `.gz` or `.zst`.
//!
//! An archive that unpacks to hundreds of times its size holds no texts: it is refused before it fills the memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::file_name::{Compression, FileName};
use crate::error::{CorpusError, Result};

/// Texts shrink to a tenth, lines that repeat to a hundredth.
const MAX_RATIO: u64 = 250;
/// What any archive may unpack to, in bytes.
const ALWAYS_ALLOWED: u64 = 64 << 20;
/// What no archive may unpack to, in bytes.
const NEVER_ALLOWED: u64 = 64 << 30;

/// Reads a file, and unpacks it where its name says that it is compressed. A gzip file may have several members, a
/// Zstandard file several frames.
///
/// # Errors
/// Fails when the file cannot be read, is truncated or damaged, or unpacks to more than texts do; the error names it.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |source| CorpusError::Read { file: path.to_owned(), source };
    let mut bytes = Vec::new();
    let Some(compression) = FileName::of(path).compression else {
        File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(unreadable)?;
        return Ok(bytes);
    };
    let file = File::open(path).map_err(unreadable)?;
    let packed = file.metadata().map_err(unreadable)?.len();
    if packed == 0 {
        return Err(CorpusError::Empty { file: path.to_owned() });
    }
    let file = io::BufReader::new(file);
    let limit = packed.saturating_mul(MAX_RATIO).clamp(ALWAYS_ALLOWED, NEVER_ALLOWED);
    let (format, unpacked) = match compression {
        Compression::Gzip => ("gzip", MultiGzDecoder::new(file).take(limit + 1).read_to_end(&mut bytes)),
        Compression::Zstd => ("Zstandard", unpack_zstd(file, limit + 1, &mut bytes)),
    };
    let damaged = |problem| CorpusError::Damaged { file: path.to_owned(), format, problem };
    match unpacked {
        Ok(n) if n as u64 > limit => Err(damaged(format!(
            "its {packed} bytes unpack to more than {limit}, which is no table of texts; unpack it and look at it"
        ))),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(damaged("it ends too early; copy or download it again".to_owned()))
        }
        Err(error) => Err(damaged(format!("{error}; copy or download it again"))),
    }
}

fn unpack_zstd(file: impl io::BufRead, limit: u64, bytes: &mut Vec<u8>) -> io::Result<usize> {
    zstd::stream::read::Decoder::with_buffer(file)?.take(limit).read_to_end(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::super::tests::{file, summary};
    use super::super::{Columns, ReadOptions, read_with};
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
        let bomb = zstd::encode_all(io::repeat(b'a').take(ALWAYS_ALLOWED + 1), 1).unwrap();
        let error = summary("a.csv.zst", &bomb, &Columns::default()).unwrap_err();
        assert!(error.contains("unpack to more than 67108864, which is no table of texts"), "{error}");
    }

    #[test]
    fn damaged_archives_never_panic() {
        let archives = [("a.csv.gz", gzip(CSV)), ("a.jsonl.zst", zstd::encode_all(CSV, 3).unwrap())];
        for (name, bytes) in archives {
            for index in 0..bytes.len() * 8 {
                let mut copy = bytes.clone();
                copy[index / 8] ^= 1 << (index % 8);
                let (_folder, path) = file(name, &copy);
                let _ = read_with(&path, &Columns::default(), &ReadOptions::default());
            }
        }
    }
}
