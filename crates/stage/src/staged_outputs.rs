//! Staged outputs: files of an output folder that are written and looked at before any of them is visible.
//!
//! They are made in a hidden folder inside of the output folder and renamed into their places together. Until then an earlier result
//! stays as it is; without [`StagedOutputs::publish`] nothing is left. What a killed run left is removed by the next one.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::fingerprint::Fingerprint;
use crate::output_file::{OutputFile, move_file, write_file_with};
use crate::output_folder::{OutputFolder, ensure_no_link};
use crate::output_writer::{OutputWriter, create_parent};

/// The folder in the output folder; its ending says that it is unfinished work.
const FOLDER: &str = ".staged.partial";

/// OutputWriter that nobody sees yet.
#[derive(Debug)]
pub struct StagedOutputs {
    folder: PathBuf,
    written: BTreeMap<String, Fingerprint>,
}

impl StagedOutputs {
    /// Begins in an output folder that is locked.
    ///
    /// # Errors
    /// Fails when what a killed run left cannot be removed, or the folder cannot be made.
    pub fn begin(output: &OutputFolder) -> anyhow::Result<Self> {
        let folder = output.folder().join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", folder.display()));
            }
            _ => {}
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        Ok(Self { folder, written: BTreeMap::new() })
    }

    /// Where the files are meanwhile, under the names that they will have in the output folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes the earlier result, and puts the files into their places, where the manifest will list them.
    ///
    /// # Errors
    /// Fails when a file cannot be removed or renamed; then the output folder is unfinished.
    pub fn publish(self, output: &mut OutputFolder) -> anyhow::Result<()> {
        self.written.keys().try_for_each(|name| ensure_no_link(output.folder(), name))?;
        output.announce(self.written.keys().map(String::as_str))?;
        for (name, fingerprint) in &self.written {
            let target = output.folder().join(name);
            create_parent(&target)?;
            move_file(&self.folder.join(name), &target)?;
            output.list_checked(name, fingerprint.clone());
        }
        Ok(())
    }
}

impl OutputWriter for StagedOutputs {
    fn output<T>(&mut self, name: &str, fill: impl FnOnce(&mut OutputFile) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let target = self.folder.join(name);
        create_parent(&target)?;
        let (value, fingerprint) = write_file_with(&target, fill)?;
        self.written.insert(name.to_owned(), fingerprint);
        Ok(value)
    }

    fn written(&self, name: &str) -> Option<&Fingerprint> {
        self.written.get(name)
    }
}

impl Drop for StagedOutputs {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // what is left of it is removed by the next run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common_args::CommonArgs;
    use crate::job::Job;
    use crate::manifest::{Manifest, Stage};

    fn begin(out: &Path, plan: &str) -> OutputFolder {
        let common = CommonArgs::quiet(out);
        let job = Job::new(Stage { name: "tester", version: 1 }, &common).plan(&plan).unwrap();
        job.begin().unwrap().unwrap()
    }

    fn files(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> =
            names.filter(|name| ![".lock", ".hashes.json", ".outputs.jsonl"].contains(&name.as_str())).collect();
        names.sort();
        names
    }

    #[test]
    fn all_files_appear_together_and_an_earlier_result_stays_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mut output = begin(&out, "first");
        output.write("old.txt", "old").unwrap();
        output.finish().unwrap();

        let output = begin(&out, "second");
        let mut staged = StagedOutputs::begin(&output).unwrap();
        staged.write("inner/new.txt", "new").unwrap();
        assert_eq!(fs::read(staged.folder().join("inner/new.txt")).unwrap(), b"new");
        assert_eq!(files(&out), [FOLDER, "manifest.json", "old.txt"]);
        drop(staged);
        drop(output);
        assert_eq!(files(&out), ["manifest.json", "old.txt"], "what is not published leaves nothing");

        let mut output = begin(&out, "second");
        fs::create_dir_all(out.join(FOLDER).join("of a killed run")).unwrap();
        let mut staged = StagedOutputs::begin(&output).unwrap();
        staged.write("inner/new.txt", "new").unwrap();
        assert_eq!(staged.written("inner/new.txt").unwrap().bytes, 3);
        staged.publish(&mut output).unwrap();
        assert_eq!(files(&out), ["inner"], "unfinished without its manifest");
        output.finish().unwrap();
        assert_eq!(files(&out), ["inner", "manifest.json"]);
        let listed: Vec<String> = Manifest::read(&out).unwrap().outputs.into_keys().collect();
        assert_eq!(listed, ["inner/new.txt"]);
    }
}
