//! Output names: which files an unfinished folder may hold, as `.outputs.jsonl` says it, a name a line.
//!
//! A name stands there before its file appears, and stays through runs that are killed until one finishes. So that one knows what
//! those before it left, be it of other settings, and nobody ever takes it for a part of the result.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context;

use crate::append_log::AppendLog;
use crate::disk::{link_on_the_way, remove_if_there, stays_below};
use crate::fingerprint::Fingerprint;

const FILE: &str = ".outputs.jsonl";

/// The names of an output folder that is being written.
#[derive(Debug)]
pub(crate) struct OutputNames {
    folder: PathBuf,
    log: AppendLog,
    names: BTreeSet<String>,
}

impl OutputNames {
    /// Those that an unfinished run noted, to which this one adds its own.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            text => text.with_context(|| format!("cannot read {}", path.display()))?,
        };
        // A line that was cut, be it within a character, is that of a file which has not appeared.
        let whole = &text[..text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1)];
        let names = whole.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        Ok(Self { folder: folder.to_owned(), log: AppendLog::open(&path, whole.len() as u64)?, names })
    }

    /// Notes names, durably: their files may appear from now on.
    pub(crate) fn add<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
        let mut grew = false;
        for name in names {
            if self.names.insert(name.to_owned()) {
                self.log.append(&serde_json::to_string(name)?)?;
                grew = true;
            }
        }
        if grew { self.log.sync().map(drop) } else { Ok(()) }
    }

    /// Keeps a file that is there besides the outputs, whatever it was before.
    pub(crate) fn spare(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// Removes what stands there and is none of the outputs.
    pub(crate) fn remove_all_but(&self, outputs: &BTreeMap<String, Fingerprint>) -> anyhow::Result<()> {
        let others = self.names.iter().filter(|name| !outputs.contains_key(*name) && stays_below(name));
        let others = others.filter(|name| link_on_the_way(&self.folder, name).is_none());
        others.map(|name| self.folder.join(name)).try_for_each(|path| remove_if_there(&path))
    }

    /// Removes the note: the folder is finished, and its manifest names its outputs. A note that stays is true of them.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        remove_if_there(&self.folder.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outlive_the_run_and_a_line_that_was_cut_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut names = OutputNames::open(folder.path()).unwrap();
        names.add(["a", "b\nc", "a"]).unwrap();
        drop(names);
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .map(|mut file| std::io::Write::write_all(&mut file, b"\"cut \xc3"))
            .unwrap()
            .unwrap();
        let mut names = OutputNames::open(folder.path()).unwrap();
        assert_eq!(names.names, BTreeSet::from(["a".to_owned(), "b\nc".to_owned()]));
        names.add(["d"]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "\"a\"\n\"b\\nc\"\n\"d\"\n");
        names.end().unwrap();
        assert!(!path.exists());
    }
}
