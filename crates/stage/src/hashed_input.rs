//! Hashed input: a file whose hash is in a key, and whether what was read afterwards is what was hashed.

use std::path::{Path, PathBuf};

use crate::exit_reason::ExitReason;
use crate::file_state::FileState;
use crate::fingerprint::Fingerprint;

/// An input as it was when it was hashed.
#[derive(Debug)]
pub(crate) struct HashedInput {
    pub(crate) role: String,
    path: PathBuf,
    state: FileState,
    fingerprint: Fingerprint,
}

impl HashedInput {
    /// `state` is that from before the file was hashed.
    pub(crate) fn new(role: &str, path: &Path, state: FileState, fingerprint: Fingerprint) -> Self {
        Self { role: role.to_owned(), path: path.to_owned(), state, fingerprint }
    }

    /// Fails where the file is not what was hashed, or was written in between.
    pub(crate) fn ensure_unchanged(&self) -> anyhow::Result<()> {
        let is_same = match FileState::of_file(&self.path) {
            Ok(state) if state == self.state => true,
            Ok(state) if state.was_written_since(self.state) => false,
            Ok(_) => Fingerprint::of_file(&self.path)? == self.fingerprint, // it may have got other rights, or another link
            Err(_) => false,
        };
        if is_same { Ok(()) } else { Err(ExitReason::InputChanged(self.path.clone()).into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output_file::write_file;
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_written_after_it_was_hashed_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input");
        let hashed = || {
            write_file(&path, "before").unwrap();
            HashedInput::new("input", &path, FileState::of_file(&path).unwrap(), Fingerprint::of_file(&path).unwrap())
        };
        let open = || File::options().write(true).open(&path).unwrap();
        let write = |bytes: &[u8]| std::os::unix::fs::FileExt::write_all_at(&open(), bytes, 0).unwrap();
        hashed().ensure_unchanged().unwrap();

        let input = hashed();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::hard_link(&path, folder.path().join("link")).unwrap();
        input.ensure_unchanged().unwrap();
        fs::remove_file(folder.path().join("link")).unwrap();

        let changes: [&dyn Fn(); 4] = [
            &|| write(b"beside"),
            &|| write_file(&path, "before").map(drop).unwrap(), // another file, whatever it holds
            &|| fs::remove_file(&path).unwrap(),
            &|| {
                let before = fs::metadata(&path).unwrap().modified().unwrap();
                write(b"beside");
                open().set_modified(before).unwrap();
            },
        ];
        for change in changes {
            let input = hashed();
            change();
            let error = input.ensure_unchanged().unwrap_err().to_string();
            assert!(
                error.ends_with("input changed while it was read; run this again when nothing writes it"),
                "{error}"
            );
        }
    }
}
