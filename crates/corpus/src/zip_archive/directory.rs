//! The list of entries at the end of a ZIP archive (its central directory), read and checked as a whole.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

use checkpoint::StandIn;

use crate::error::{CorpusError, Result};

/// The size of the record that ends an archive without its comment, and of an entry of the list without its name.
const END_SIZE: usize = 22;
const ENTRY_SIZE: usize = 46;
const END: [u8; 4] = *b"PK\x05\x06";
const ENTRY: [u8; 4] = *b"PK\x01\x02";
/// The longest comment after the end record.
const MAX_COMMENT: u64 = u16::MAX as u64;
/// Far more than any list of a treebank, in bytes.
const MAX_LIST: u64 = 16 << 20;
/// The value that says that the true one stands in a field of ZIP64.
const IN_ZIP64: u32 = u32::MAX;

/// The size of the header before the bytes of an entry, without its name.
pub(super) const LOCAL_HEADER_SIZE: u64 = 30;

/// How the bytes of an entry are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

/// A file in the archive.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) raw_name: Vec<u8>,
    pub(super) method: Method,
    pub(super) crc: u32,
    /// In the archive, in bytes.
    pub(super) packed: u64,
    /// Unpacked, in bytes.
    pub(super) size: u64,
    /// Where its header begins.
    pub(super) offset: u64,
}

/// Reads the list; folders are left out of it.
pub(super) fn read(file: &mut File, path: &Path) -> Result<Vec<Entry>> {
    let damaged = |problem: &str| damaged(path, problem.to_owned());
    let unreadable = |source| CorpusError::Read { file: path.to_owned(), source };
    let length = file.metadata().map_err(unreadable)?.len();
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(END_SIZE as u64 + MAX_COMMENT))).map_err(unreadable)?;
    file.take(END_SIZE as u64 + MAX_COMMENT).read_to_end(&mut tail).map_err(unreadable)?;
    let end = (0..tail.len().saturating_sub(END_SIZE - 1)).rev().find(|&at| is_end(&tail[at..]));
    let Some(end) = end else {
        file.rewind().map_err(unreadable)?;
        if let Some(stand_in) = StandIn::in_file(file).map_err(unreadable)? {
            return Err(damaged(&stand_in.to_string()));
        }
        return Err(damaged("the list of its entries is missing: it is no such archive, or its end is cut off"));
    };
    let record = Fields(&tail[end..]);
    let (n_entries, size, offset) = (record.u16(10), u64::from(record.u32(12)), u64::from(record.u32(16)));
    if n_entries == u16::MAX || record.u32(12) == IN_ZIP64 || record.u32(16) == IN_ZIP64 {
        return Err(damaged("it is in ZIP64, which is not read; unpack it, and give the folder"));
    }
    if record.u16(4) != 0 || record.u16(8) != n_entries {
        return Err(damaged("it is one of several parts; unpack it, and give the folder"));
    }
    let is_before_the_end = offset.checked_add(size) == Some(length - tail.len() as u64 + end as u64);
    if size > MAX_LIST || !is_before_the_end {
        return Err(damaged("the list of its entries is not where it says"));
    }
    let mut list = Vec::new();
    file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    file.take(size).read_to_end(&mut list).map_err(unreadable)?;
    let entries = parse(&list, usize::from(n_entries), path)?;
    refuse_overlaps(&entries, offset, path)?;
    Ok(entries)
}

/// Whether the record that ends an archive stands here, with its comment up to the end of the file.
fn is_end(bytes: &[u8]) -> bool {
    bytes.starts_with(&END) && END_SIZE + usize::from(Fields(bytes).u16(20)) == bytes.len()
}

fn parse(mut list: &[u8], n_entries: usize, path: &Path) -> Result<Vec<Entry>> {
    let damaged = |problem: String| damaged(path, problem);
    let (mut entries, mut names) = (Vec::new(), HashSet::new());
    for number in 1..=n_entries {
        if list.len() < ENTRY_SIZE || !list.starts_with(&ENTRY) {
            return Err(damaged(format!("entry {number} of {n_entries} of its list is cut or damaged")));
        }
        let fields = Fields(list);
        let (name_size, more) =
            (usize::from(fields.u16(28)), usize::from(fields.u16(30)) + usize::from(fields.u16(32)));
        let Some(raw_name) = list.get(ENTRY_SIZE..ENTRY_SIZE + name_size) else {
            return Err(damaged(format!("the name of entry {number} of {n_entries} is cut")));
        };
        let name = String::from_utf8_lossy(raw_name).into_owned();
        let wrong = |problem: &str| Err(damaged(format!("the entry {}: {problem}", name.escape_debug())));
        if !stays_below(&name) {
            return wrong("it would leave its folder");
        }
        if !names.insert(raw_name.to_vec()) {
            return wrong("it is there twice");
        }
        // The upper half of the attributes is the file's mode where the archive comes from a Unix.
        let kind = fields.u32(38) >> 16 & 0o170_000;
        if !matches!(kind, 0 | 0o100_000 | 0o040_000) {
            return wrong("it is a link or a device; expected files and folders");
        }
        if fields.u16(8) & 1 != 0 {
            return wrong("it is encrypted; unpack it, and give the folder");
        }
        let (packed, size, offset) = (fields.u32(20), fields.u32(24), fields.u32(42));
        if [packed, size, offset].contains(&IN_ZIP64) {
            return wrong("it is in ZIP64, which is not read; unpack it, and give the folder");
        }
        let method = match fields.u16(10) {
            0 if packed != size => return wrong("it is stored, with another size than its own"),
            0 => Method::Stored,
            8 => Method::Deflated,
            _ => return wrong("it is packed by another method than deflate; unpack it, and give the folder"),
        };
        let (packed, size, offset) = (packed.into(), size.into(), offset.into());
        let raw_name = raw_name.to_vec();
        if !name.ends_with('/') {
            entries.push(Entry { name, raw_name, method, crc: fields.u32(16), packed, size, offset });
        }
        list = list.get(ENTRY_SIZE + name_size + more..).unwrap_or_default();
    }
    Ok(entries)
}

/// Entries that share bytes make small archives that unpack without an end.
fn refuse_overlaps(entries: &[Entry], list: u64, path: &Path) -> Result<()> {
    let end = |entry: &Entry| entry.offset + LOCAL_HEADER_SIZE + entry.raw_name.len() as u64 + entry.packed;
    let mut in_order: Vec<&Entry> = entries.iter().collect();
    in_order.sort_by_key(|entry| entry.offset);
    let next = in_order.iter().skip(1).map(|entry| entry.offset).chain([list]);
    match in_order.iter().zip(next).find(|(entry, next)| end(entry) > *next) {
        Some((entry, _)) => {
            let problem = format!("the entry {}: its bytes are also another's, or go beyond the file", entry.name);
            Err(damaged(path, problem))
        }
        None => Ok(()),
    }
}

/// Whether the name of an entry stays below the folder that the archive stands for.
fn stays_below(name: &str) -> bool {
    let is_normal = |component| matches!(component, Component::Normal(_));
    let is_drive = name.as_bytes().get(1) == Some(&b':');
    !name.is_empty()
        && !is_drive
        && !name.contains(['\\', '\0'])
        && !name.contains("//")
        && Path::new(name).components().all(is_normal)
}

pub(super) fn damaged(path: &Path, problem: String) -> CorpusError {
    CorpusError::Damaged { file: path.to_owned(), format: "a ZIP archive", problem }
}

/// Numbers in a record, the lowest byte first; the record was checked to be long enough.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from(self.u16(at)) | u32::from(self.u16(at + 2)) << 16
    }
}
