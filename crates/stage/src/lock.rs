//! Lock of an output folder: one writer at a time.
//!
//! The lock is an advisory `flock` on `OUT/.lock`, so the system itself releases it when its holder dies, however it
//! dies. The file is never deleted, and whoever has locked it looks whether it is still the one of that name.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;

use anyhow::Context;

use crate::disk::{has_other_names, is_at, not_through_links, unwritable};
use crate::exit_reason::ExitReason;
use crate::output_file::own_content;

/// The name of the lock file in every output folder.
pub(crate) const LOCK: &str = ".lock";

/// Who locked a folder last, as the lock file names it: `PROCESS STAGE`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Holder {
    process: String,
    /// Absent where an older program wrote the file, which held the process alone.
    pub(crate) stage: Option<String>,
}

impl Holder {
    /// Reads the lock file of `folder`; `None` where there is none.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        fs::read_to_string(folder.join(LOCK)).ok().map(|text| Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        // Behind the first line may lie the rest of a longer text, where a run was killed while it signed.
        let line = text.trim_start().lines().next().unwrap_or_default().trim_end();
        let (process, stage) = line.split_once(' ').unwrap_or((line, ""));
        Self { process: process.to_owned(), stage: (!stage.is_empty()).then(|| stage.to_owned()) }
    }

    /// Whether a stage of this project signed the lock: other programs have files of that name, too.
    pub(crate) fn is_stage(&self) -> bool {
        const PROGRAMS: [&str; 2] = ["bert-", "sst-"];
        let is_process = !self.process.is_empty() && self.process.bytes().all(|byte| byte.is_ascii_digit());
        is_process && self.stage.as_ref().is_none_or(|stage| PROGRAMS.iter().any(|program| stage.starts_with(program)))
    }

    /// For a message: ` (process 123)`, or nothing where it is not known.
    fn described(&self) -> String {
        if self.process.is_empty() { String::new() } else { format!(" (process {})", self.process) }
    }
}

/// Holds the folder until dropped.
#[derive(Debug)]
pub(crate) struct FolderLock {
    file: File,
}

impl FolderLock {
    /// Locks `folder`, or says at once who has it. The file names its former holder until [`FolderLock::sign`].
    pub(crate) fn acquire(folder: &Path) -> anyhow::Result<Self> {
        let lock = Self::acquire_by(folder, File::try_lock)?;
        let path = folder.join(LOCK);
        if !has_other_names(&path) {
            return Ok(lock);
        }
        // A folder that was copied by links has one lock with its copy.
        own_content(&path)?;
        Self::acquire_by(folder, File::try_lock)
    }

    /// Locks `folder` beside others that do so: no one can [`FolderLock::acquire`] it meanwhile.
    pub(crate) fn acquire_shared(folder: &Path) -> anyhow::Result<Self> {
        Self::acquire_by(folder, File::try_lock_shared)
    }

    fn acquire_by(folder: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> anyhow::Result<Self> {
        let path = folder.join(LOCK);
        let context = || format!("cannot lock {}", path.display());
        loop {
            let file = not_through_links()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(|error| unwritable(&path, error))?;
            match lock(&file) {
                Ok(()) if is_at(&file, &path).with_context(context)? => return Ok(Self { file }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let holder = Holder::of(folder).unwrap_or_default().described();
                    return Err(ExitReason::Locked { folder: folder.to_owned(), holder }.into());
                }
                Err(TryLockError::Error(error)) => return Err(error).with_context(context),
            }
        }
    }

    /// Writes whose work the folder holds from now on, should it stay unfinished.
    pub(crate) fn sign(&mut self, stage: &str) {
        // A full disk must not fail the run here: the lock holds without its text, which is then that of an older program.
        // Written over the old text and not behind its removal: at no moment does the file name nobody. The line break goes again
        // with the rest of a longer text.
        let holder = format!("{} {stage}\n", std::process::id());
        let file = &mut self.file;
        let written = file.rewind().and_then(|()| file.write_all(holder.as_bytes()));
        let _ = written.and_then(|()| file.set_len(holder.len() as u64 - 1));
    }
}

/// Refuses to read a folder that has no manifest since somebody is writing it.
pub(crate) fn ensure_not_being_written(folder: &Path) -> Result<(), ExitReason> {
    let is_held = |lock: File| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock));
    if !File::open(folder.join(LOCK)).is_ok_and(is_held) {
        return Ok(());
    }
    let holder = Holder::of(folder).unwrap_or_default().described();
    Err(ExitReason::BeingWritten { folder: folder.to_owned(), holder })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_holder_is_refused_with_the_process_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = FolderLock::acquire(folder.path()).unwrap();
        first.sign("test-stage");
        let refusal = FolderLock::acquire(folder.path()).unwrap_err();
        assert!(matches!(refusal.downcast_ref(), Some(ExitReason::Locked { .. })));
        assert!(refusal.to_string().contains(&format!("(process {})", std::process::id())));
        drop(first);
        FolderLock::acquire(folder.path()).unwrap();
        assert_eq!(Holder::of(folder.path()).unwrap().stage.as_deref(), Some("test-stage"));
    }

    #[test]
    fn a_copy_by_links_has_a_lock_of_its_own() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        FolderLock::acquire(one.path()).unwrap().sign("test-stage");
        fs::hard_link(one.path().join(LOCK), two.path().join(LOCK)).unwrap();
        let mut of_two = FolderLock::acquire(two.path()).unwrap();
        of_two.sign("bert-eval");
        let _of_one = FolderLock::acquire(one.path()).unwrap();
        let stage = |folder: &tempfile::TempDir| Holder::of(folder.path()).unwrap().stage;
        assert_eq!((stage(&one).as_deref(), stage(&two).as_deref()), (Some("test-stage"), Some("bert-eval")));
        assert!(FolderLock::acquire(two.path()).is_err(), "it is held");
    }

    #[test]
    fn what_is_being_written_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(ensure_not_being_written(folder.path()).is_ok());
        let lock = FolderLock::acquire(folder.path()).unwrap();
        assert!(matches!(ensure_not_being_written(folder.path()), Err(ExitReason::BeingWritten { .. })));
        drop(lock);
        assert!(ensure_not_being_written(folder.path()).is_ok());
    }

    #[test]
    fn those_who_share_a_folder_keep_out_who_wants_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let shared =
            [FolderLock::acquire_shared(folder.path()).unwrap(), FolderLock::acquire_shared(folder.path()).unwrap()];
        assert!(FolderLock::acquire(folder.path()).is_err());
        drop(shared);
        let _alone = FolderLock::acquire(folder.path()).unwrap();
        assert!(FolderLock::acquire_shared(folder.path()).is_err());
    }

    #[test]
    fn the_locks_of_older_programs_name_no_stage() {
        assert_eq!(Holder::parse("48213"), Holder { process: "48213".to_owned(), stage: None });
        assert_eq!(Holder::parse(""), Holder::default());
        assert_eq!(Holder::parse("7 bert-eval\netune").stage.as_deref(), Some("bert-eval"), "a longer text was there");
        assert_eq!(Holder::parse("48213 sst-fetch dataset").stage.as_deref(), Some("sst-fetch dataset"));
    }
}
