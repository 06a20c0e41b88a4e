//! Relay: what a run says into its `stderr.log`, said on this program's stderr, too, while it lasts.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A log that others append to, from its present end on.
pub(crate) struct Relay {
    log: PathBuf,
    position: u64,
    /// The beginning of a line whose end is not there yet.
    line: String,
    is_quiet: bool,
}

impl Relay {
    pub(crate) fn new(log: &Path, is_quiet: bool) -> Self {
        let position = log.metadata().map_or(0, |metadata| metadata.len());
        Self { log: log.to_owned(), position, line: String::new(), is_quiet }
    }

    /// Says the lines that have come since. A log that cannot be read costs the run nothing.
    pub(crate) fn forward(&mut self) {
        let new = self.new_text().unwrap_or_default();
        self.line += &new;
        while let Some(end) = self.line.find('\n') {
            let line: String = self.line.drain(..=end).collect();
            if !self.is_quiet {
                stage::say(line.trim_end());
            }
        }
    }

    fn new_text(&mut self) -> std::io::Result<String> {
        let mut file = File::open(&self.log)?;
        file.seek(SeekFrom::Start(self.position))?;
        let mut bytes = Vec::new();
        self.position += file.read_to_end(&mut bytes)? as u64;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
