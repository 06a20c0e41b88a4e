//! Vouching: what the manifest of an earlier stage says of a file, and whether the file is still that.
//!
//! A manifest speaks for the files of its folder and of two folders below it, so `export/manifest.json` for
//! `export/hf/model.safetensors`. A file that no manifest lists is taken as it is: it is the user's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use crate::fingerprint::Fingerprint;
use crate::input_error::{bail_input, ensure_input};
use crate::location::absolute;
use crate::lock::LOCK;
use crate::manifest::{MANIFEST, Manifest};
use crate::owner::refuse_unfinished;

/// How many folders above a file are looked at for the manifest that lists it.
const LEVELS: usize = 3;

/// A file as a manifest lists it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The folder of the manifest.
    pub folder: PathBuf,
    /// The stage that wrote it.
    pub stage: String,
    /// What was written.
    pub fingerprint: Fingerprint,
}

/// The manifests that were looked up, by their folder.
#[derive(Debug, Default)]
pub struct Vouchers {
    manifests: BTreeMap<PathBuf, Option<Manifest>>,
}

impl Vouchers {
    /// What the nearest manifest above `path` that lists it says of it; the file itself may be missing.
    ///
    /// # Errors
    /// Fails when a stage's manifest on the way cannot be read or was edited.
    pub fn listed(&mut self, path: &Path) -> anyhow::Result<Option<Listed>> {
        let spelled = absolute(path);
        let real = fs::canonicalize(&spelled).unwrap_or_else(|_| spelled.clone());
        for file in [&spelled, &real] {
            for (level, folder) in file.ancestors().enumerate().skip(1).take(LEVELS) {
                let name = file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned();
                // Shown as the user spelled it, where that goes up far enough.
                let shown = path.ancestors().nth(level).filter(|shown| absolute(shown) == folder);
                let shown =
                    shown.map_or(folder, |shown| if shown.as_os_str().is_empty() { Path::new(".") } else { shown });
                if let Some(manifest) = self.manifest(shown)?
                    && let Some(fingerprint) = manifest.outputs.get(&name)
                {
                    let (stage, fingerprint) = (manifest.stage.clone(), fingerprint.clone());
                    return Ok(Some(Listed { folder: shown.to_owned(), stage, fingerprint }));
                }
            }
        }
        Ok(None)
    }

    fn manifest(&mut self, folder: &Path) -> anyhow::Result<Option<&Manifest>> {
        if !self.manifests.contains_key(folder) {
            let manifest = match Manifest::trusted(folder) {
                Ok(manifest) => manifest,
                // A file of that name in a folder that no stage ever locked is somebody else's.
                Err(_) if Manifest::load(folder).is_err() && !folder.join(LOCK).exists() => None,
                Err(error) => return Err(error),
            };
            self.manifests.insert(folder.to_owned(), manifest);
        }
        Ok(self.manifests.get(folder).and_then(Option::as_ref))
    }
}

impl Listed {
    /// Fails where the file is missing, or `found`, read from it, is not what was written.
    pub(crate) fn check(
        &self,
        path: &Path,
        found: impl FnOnce() -> anyhow::Result<Fingerprint>,
    ) -> anyhow::Result<Fingerprint> {
        let (shown, manifest, stage) = (path.display(), self.folder.join(MANIFEST), &self.stage);
        let manifest = manifest.display();
        ensure_input!(
            path.exists(),
            "{shown} is missing, but {manifest} lists it; restore it, or make it again with `{stage}`"
        );
        let found = found()?;
        let expected = &self.fingerprint;
        if found != *expected {
            let difference = match (found.bytes, expected.bytes) {
                (found, expected) if found != expected => format!("{found} bytes instead of {expected}"),
                _ => format!("SHA-256 {:.12}… instead of {:.12}…", found.sha256, expected.sha256),
            };
            bail_input!(
                "{shown} is not what `{stage}` wrote: {difference} as in {manifest}; it was edited or damaged: \
                 restore it, or make it again with `{stage}`"
            );
        }
        Ok(found)
    }
}

/// Checks a file that a manifest lists; a file that none lists may be anything, or missing.
///
/// For files that are read before a [`Job`](crate::Job) begins, or without one.
///
/// # Errors
/// Fails when the file is missing or its bytes are not those of the manifest; that is bad input.
pub fn verify_file(path: &Path) -> anyhow::Result<()> {
    verify(&mut Vouchers::default(), path)
}

/// Checks those of the files `names` in `folder` that a manifest lists, so also that none of a set is missing that is read
/// where it is there, such as the parts of a tokenizer. A folder that a stage has begun and not finished is refused.
///
/// # Errors
/// As [`verify_file`]; when the folder is unfinished.
pub fn verify_files(folder: &Path, names: &[&str]) -> anyhow::Result<()> {
    refuse_unfinished(folder)?;
    let mut vouchers = Vouchers::default();
    names.iter().try_for_each(|name| verify(&mut vouchers, &folder.join(name)))
}

fn verify(vouchers: &mut Vouchers, path: &Path) -> anyhow::Result<()> {
    match vouchers.listed(path)? {
        Some(listed) => listed.check(path, || Fingerprint::of_file(path)).map(drop),
        None => Ok(()),
    }
}

/// A [`verify_file`] that runs beside what the caller does with the files.
#[derive(Debug)]
pub struct Verification {
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Pending(JoinHandle<anyhow::Result<()>>),
    Known(anyhow::Result<()>),
}

impl Verification {
    /// Begins to check a file in a thread of its own.
    pub fn begin(path: &Path) -> Self {
        let owned = path.to_owned();
        let outcome = match thread::Builder::new().name("verify".to_owned()).spawn(move || verify_file(&owned)) {
            Ok(thread) => Outcome::Pending(thread),
            Err(_) => Outcome::Known(verify_file(path)),
        };
        Self { outcome }
    }

    /// Waits for the result, which is due before anything is made of the file.
    ///
    /// # Errors
    /// As [`verify_file`].
    pub fn finish(self) -> anyhow::Result<()> {
        match self.outcome {
            Outcome::Known(result) => result,
            Outcome::Pending(thread) => {
                thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the verification failed")))
            }
        }
    }
}
