//! ZIP archives of texts: the list of their entries, and an entry as text. Nothing is unpacked to disk.
//!
//! Read are entries that are stored or deflated. An archive is refused as a whole where an entry would leave its folder, is a link,
//! is encrypted, has another's name or bytes, or claims to unpack to more than texts do; so is one in ZIP64, which treebanks do
//! not need.

mod directory;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::CrcReader;
use flate2::read::DeflateDecoder;

use crate::error::{CorpusError, Result};
use crate::unpacking;
use crate::utf8::utf8;
use directory::{Entry, LOCAL_HEADER_SIZE, Method, damaged};

/// What a single entry may unpack to, in bytes.
const MAX_SIZE: u64 = 512 << 20;
/// The signature of the header before the bytes of an entry.
const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";

/// An archive whose list of entries was read and checked.
#[derive(Debug)]
pub struct ZipArchive {
    path: PathBuf,
    entries: Vec<Entry>,
}

impl ZipArchive {
    /// Reads the list of entries.
    ///
    /// # Errors
    /// Fails when the file cannot be read, is no ZIP archive, is damaged, or is refused (above); the error names the archive and
    /// the entry.
    pub fn open(path: &Path) -> Result<Self> {
        let unreadable = |source| CorpusError::Read { file: path.to_owned(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            return Err(unreadable(io::ErrorKind::IsADirectory.into()));
        }
        let archive = Self { path: path.to_owned(), entries: directory::read(&mut file, path)? };
        for entry in &archive.entries {
            archive.refuse_bomb(entry)?;
        }
        Ok(archive)
    }

    /// The archive.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the files in it, with their folders, in the order of the archive's list.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// How messages name an entry: as if the archive were a folder.
    pub fn entry_path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The content of an entry as text, without a mark at its beginning.
    ///
    /// # Errors
    /// Fails when there is no such entry, it is damaged, or it is not UTF-8; the error names the archive and the entry.
    pub fn text(&self, name: &str) -> Result<String> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name) else {
            return Err(damaged(&self.path, format!("it has no entry {name}")));
        };
        utf8(self.bytes(entry)?, &self.entry_path(name))
    }

    fn bytes(&self, entry: &Entry) -> Result<Vec<u8>> {
        let wrong = |problem: String| damaged(&self.path, format!("the entry {}: {problem}", entry.name));
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => wrong("it ends in the middle".to_owned()),
            _ => wrong(error.to_string()),
        };
        let mut file = BufReader::new(File::open(&self.path).map_err(failed)?);
        let start = start(&mut file, entry).map_err(failed)?;
        file.seek(SeekFrom::Start(start)).map_err(failed)?;
        let packed = file.take(entry.packed);
        let mut unpacked: CrcReader<Box<dyn Read>> = CrcReader::new(match entry.method {
            Method::Stored => Box::new(packed),
            Method::Deflated => Box::new(DeflateDecoder::new(packed)),
        });
        let mut bytes = Vec::new();
        // One byte more than it claims, so that a claim that is too low shows.
        (&mut unpacked).take(entry.size + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 != entry.size {
            return Err(wrong(format!("it has not the {} bytes that the archive's list says", entry.size)));
        }
        if unpacked.crc().sum() != entry.crc {
            return Err(wrong("its checksum is wrong".to_owned()));
        }
        Ok(bytes)
    }

    /// Refuses what unpacks to hundreds of times its size, or to more than any text.
    fn refuse_bomb(&self, entry: &Entry) -> Result<()> {
        let allowed = unpacking::allowed(entry.packed, MAX_SIZE);
        if entry.size <= allowed {
            return Ok(());
        }
        let problem = format!(
            "the entry {}: its {} bytes unpack to {}, more than {allowed}, which is no text; unpack it and look at it",
            entry.name, entry.packed, entry.size
        );
        Err(damaged(&self.path, problem))
    }
}

/// Where the bytes of an entry begin: after a header that repeats its name.
fn start(file: &mut (impl Read + Seek), entry: &Entry) -> io::Result<u64> {
    let mut header = [0; LOCAL_HEADER_SIZE as usize];
    file.seek(SeekFrom::Start(entry.offset))?;
    file.read_exact(&mut header)?;
    let length = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let (name, extra) = (length(26), length(28));
    let mut found = Vec::new();
    file.by_ref().take(name).read_to_end(&mut found)?;
    if !header.starts_with(&LOCAL_HEADER) || found != entry.raw_name {
        return Err(io::Error::other("its header is not what the archive's list says"));
    }
    Ok(entry.offset + LOCAL_HEADER_SIZE + name + extra)
}

#[cfg(test)]
mod tests;
