//! Ledger, `parts.jsonl`: which parts are there, with their hashes and counts.
//!
//! It grows by a line when a part is whole, so that a killed run knows what it can rely on. The first line holds the key of
//! the result; parts of another key are removed. When all is done it has a line for each part, in their order.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use stage::{AppendLog, Fingerprint, OutputFolder, OutputWriter};

use crate::counts::Counts;
use crate::output::Format;

/// The name of the ledger.
pub(super) const PARTS: &str = "parts.jsonl";

/// Before the number of a part in the name of its file.
const PREFIX: &str = "part-";

/// The file of a part.
pub(super) fn part_name(part: u64, format: Format) -> String {
    format!("{PREFIX}{part:06}.{format}")
}

/// A part that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Counted over all files of the input, from 0.
    pub(super) part: u64,
    pub(super) file: String,
    /// Which file of the input it answers, from 0.
    pub(super) input: usize,
    /// The first of its rows there, from 1.
    pub(super) first_row: u64,
    #[serde(flatten)]
    pub(super) counts: Counts,
    #[serde(flatten)]
    pub(super) fingerprint: Fingerprint,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    key: String,
}

/// The ledger of a folder that is being filled.
pub(super) struct Ledger {
    log: AppendLog,
    key: String,
    entries: Vec<Entry>,
}

impl Ledger {
    /// Opens the ledger of a folder, and removes the parts that it does not vouch for.
    ///
    /// # Errors
    /// Fails when a file cannot be read, written or removed.
    pub(super) fn open(folder: &OutputFolder, format: Format) -> anyhow::Result<Self> {
        let path = folder.folder().join(PARTS);
        let key = folder.key().to_owned();
        let found = if folder.starts_anew() { None } else { entries(&path, &key)? };
        let (entries, bytes) = match found {
            Some(entries) => sound(folder.folder(), entries, format)?,
            None => (Vec::new(), 0),
        };
        let kept: BTreeSet<&str> = entries.iter().map(|entry| entry.file.as_str()).collect();
        remove_parts(folder.folder(), &kept)?;
        let mut log = AppendLog::open(&path, bytes)?;
        if bytes == 0 {
            log.append(&serde_json::to_string(&Header { key: key.clone() })?)?;
            entries.iter().try_for_each(|entry| log.append(&serde_json::to_string(entry)?))?;
            log.sync()?;
        }
        Ok(Self { log, key, entries })
    }

    /// The parts that are there.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds a part that is whole on the disk.
    ///
    /// # Errors
    /// Fails when the ledger cannot be written.
    pub(super) fn add(&mut self, entry: Entry) -> anyhow::Result<()> {
        self.log.append(&serde_json::to_string(&entry)?)?;
        self.log.sync()?;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the ledger as an output, its parts in order.
    ///
    /// # Errors
    /// Fails when it cannot be written.
    pub(super) fn finish(self, folder: &mut OutputFolder) -> anyhow::Result<()> {
        write(folder, &self.key, self.entries)
    }
}

/// Writes a ledger as an output.
pub(super) fn write(folder: &mut OutputFolder, key: &str, mut entries: Vec<Entry>) -> anyhow::Result<()> {
    entries.sort_by_key(|entry| entry.part);
    let mut text = serde_json::to_string(&Header { key: key.to_owned() })? + "\n";
    for entry in &entries {
        text += &serde_json::to_string(entry)?;
        text.push('\n');
    }
    folder.write(PARTS, text)
}

/// The entries of a ledger, each with where its line ends; `None` where it is of another key, or none. A last line that was cut
/// does not count.
///
/// # Errors
/// Fails when one that is there cannot be read: its parts are not to be removed for that.
fn entries(path: &Path, key: &str) -> anyhow::Result<Option<Vec<(Entry, u64)>>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let mut lines = text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let Some(first) = lines.next() else { return Ok(None) };
    if !serde_json::from_slice(first).is_ok_and(|header: Header| header.key == key) {
        return Ok(None);
    }
    let mut end = first.len() as u64;
    let entry = |line: &[u8]| {
        end += line.len() as u64;
        serde_json::from_slice(line).ok().map(|entry| (entry, end))
    };
    Ok(Some(lines.map_while(entry).collect()))
}

/// All entries of a finished ledger.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Entry>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let entry = |line: &str| {
        serde_json::from_str(line)
            .with_context(|| stage::BadInput::new(format!("{} is no ledger of parts", path.display())))
    };
    text.lines().skip(1).map(entry).collect()
}

/// Those entries whose files have the bytes that they say, and how much of the ledger is of them alone: all but what follows the
/// first that is not sound.
fn sound(folder: &Path, found: Vec<(Entry, u64)>, format: Format) -> anyhow::Result<(Vec<Entry>, u64)> {
    let n_found = found.len();
    let mut entries = Vec::new();
    let mut bytes = 0;
    let mut seen = BTreeSet::new();
    for (entry, end) in found {
        let path: PathBuf = folder.join(&entry.file);
        let is_sound = entry.file == part_name(entry.part, format)
            && seen.insert(entry.part)
            && path.is_file()
            && Fingerprint::of_file(&path)? == entry.fingerprint;
        if is_sound {
            entries.push(entry);
            bytes = end;
        }
    }
    // One that is not sound in between: the ledger is written anew.
    let bytes = if entries.len() == n_found { bytes } else { 0 };
    Ok((entries, bytes))
}

/// Removes the files of parts that are not among these.
fn remove_parts(folder: &Path, kept: &BTreeSet<&str>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')).map(|(number, _)| number);
        let is_part =
            number.is_some_and(|number| number.len() >= 6 && number.bytes().all(|byte| byte.is_ascii_digit()));
        if is_part && !kept.contains(name.as_str()) {
            fs::remove_file(folder.join(&name)).with_context(|| format!("cannot remove {name}"))?;
        }
    }
    Ok(())
}
