//! Output writer: files that a stage writes under their names, into its folder ([`OutputFolder`](crate::OutputFolder)) or where
//! nobody sees them yet ([`StagedOutputs`](crate::StagedOutputs)).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::fingerprint::Fingerprint;
use crate::output_file::OutputFile;

/// Where a stage writes its outputs. Each appears complete or not at all, and the manifest lists it.
pub trait OutputWriter {
    /// Writes one output through `fill`; it is there when `fill` succeeds.
    ///
    /// # Errors
    /// Fails with `fill`, and when the file cannot be written; then nothing appears.
    fn output<T>(&mut self, name: &str, fill: impl FnOnce(&mut OutputFile) -> anyhow::Result<T>) -> anyhow::Result<T>;

    /// What was written as the output `name`.
    fn written(&self, name: &str) -> Option<&Fingerprint>;

    /// Writes one output from bytes in memory.
    ///
    /// # Errors
    /// Fails when the file cannot be written; then nothing appears.
    fn write(&mut self, name: &str, content: impl AsRef<[u8]>) -> anyhow::Result<()> {
        self.output(name, |file| Ok(file.write_all(content.as_ref())?))
    }

    /// Writes one output as indented JSON.
    ///
    /// # Errors
    /// Fails when the value has no JSON form or the file cannot be written.
    fn write_json(&mut self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(value).with_context(|| format!("{name} has no JSON form"))?;
        text.push(b'\n');
        self.write(name, text)
    }

    /// Writes one output as JSON lines, one for each value.
    ///
    /// # Errors
    /// Fails when a value has no JSON form or the file cannot be written.
    fn write_json_lines(&mut self, name: &str, values: &[impl Serialize]) -> anyhow::Result<()> {
        self.output(name, |file| {
            for value in values {
                serde_json::to_writer(&mut *file, value).with_context(|| format!("{name} has no JSON form"))?;
                file.write_all(b"\n")?;
            }
            Ok(())
        })
    }

    /// Copies a file as an output.
    ///
    /// # Errors
    /// Fails when either file cannot be read or written.
    fn copy(&mut self, name: &str, from: &Path) -> anyhow::Result<()> {
        self.output(name, |file| copy_from(from, file))
    }
}

/// Copies the file `from`.
///
/// # Errors
/// Fails when either file cannot be read or written.
pub fn copy_from(from: &Path, file: &mut OutputFile) -> anyhow::Result<()> {
    let mut source = File::open(from).with_context(|| format!("cannot read {}", from.display()))?;
    io::copy(&mut source, file).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

/// Makes the folder that `target` lies in.
pub(crate) fn create_parent(target: &Path) -> anyhow::Result<()> {
    let Some(parent) = target.parent() else { return Ok(()) };
    fs::create_dir_all(parent).with_context(|| format!("cannot create the folder {}", parent.display()))
}
