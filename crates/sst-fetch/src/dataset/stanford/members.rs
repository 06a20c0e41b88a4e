//! The files of the treebank: in folders, or in ZIP archives, from which they are read without being unpacked.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use corpus::zip_archive::ZipArchive;
use corpus::{CorpusError, Result};

/// The folders that the archives unpack to, below the one that a user gives.
const FOLDERS: [&str; 5] =
    ["", "trees", "trainDevTestTrees_PTB", "trainDevTestTrees_PTB/trees", "stanfordSentimentTreebank"];
/// The folder that macOS adds to archives.
const OF_MACOS: &str = "__MACOSX";

/// A text file.
#[derive(Debug, Clone)]
pub(super) struct Member {
    archive: Option<Rc<ZipArchive>>,
    /// Its name in the archive, or its path.
    name: String,
    path: PathBuf,
}

impl Member {
    /// How messages name it: as if the archive were a folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The archive that it is in.
    pub(super) fn archive(&self) -> Option<&Path> {
        self.archive.as_deref().map(ZipArchive::path)
    }

    /// Its name without folders.
    pub(super) fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The text without a mark at its beginning; its lines may end in CRLF.
    pub(super) fn text(&self) -> Result<String> {
        match &self.archive {
            Some(archive) => archive.text(&self.name),
            None => {
                let bytes =
                    fs::read(&self.path).map_err(|source| CorpusError::Read { file: self.path.clone(), source })?;
                corpus::utf8(bytes, &self.path)
            }
        }
    }
}

/// Where the files are looked for.
#[derive(Debug, Default)]
pub(super) struct Places {
    folders: Vec<PathBuf>,
    archives: Vec<Rc<ZipArchive>>,
}

impl Places {
    /// A folder, with those that the archives unpack to and the archives in it that are called `names`.
    pub(super) fn in_folder(folder: &Path, names: &[&str]) -> Result<Self> {
        let is_named = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            names.iter().any(|wanted| wanted.eq_ignore_ascii_case(&name)) && path.is_file()
        };
        let entries = fs::read_dir(folder).map_err(|source| CorpusError::Read { file: folder.to_owned(), source })?;
        let mut archives: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_named).collect();
        archives.sort();
        let folders = FOLDERS.iter().map(|name| folder.join(name)).filter(|folder| folder.is_dir()).collect();
        Ok(Self { folders, ..Self::in_archives(&archives)? })
    }

    /// Archives.
    pub(super) fn in_archives(paths: &[PathBuf]) -> Result<Self> {
        let archives = paths.iter().map(|path| Ok(Rc::new(ZipArchive::open(path)?))).collect::<Result<_>>()?;
        Ok(Self { folders: Vec::new(), archives })
    }

    /// The file of this name: of a folder rather than of an archive, and of an archive the one in the fewest folders.
    pub(super) fn find(&self, name: &str) -> Result<Option<Member>> {
        let unpacked = self.folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        if let Some(path) = unpacked {
            return Ok(Some(Member { archive: None, name: name.to_owned(), path }));
        }
        for archive in &self.archives {
            let depth = |entry: &str| entry.matches('/').count();
            let is_visible = |entry: &str| !entry.split('/').any(|part| part == OF_MACOS || part.starts_with('.'));
            let is_it = |entry: &&str| entry.rsplit('/').next() == Some(name) && is_visible(entry);
            let mut found: Vec<&str> = archive.names().filter(is_it).collect();
            found.sort_by_key(|entry| depth(entry));
            if let [first, second, ..] = found.as_slice()
                && depth(first) == depth(second)
            {
                let problem = format!("it holds {first} and {second}; unpack it, and give the folder of one of them");
                let file = archive.path().to_owned();
                return Err(CorpusError::Damaged { file, format: "the treebank", problem });
            }
            if let Some(entry) = found.first() {
                let (name, path) = ((*entry).to_owned(), archive.entry_path(entry));
                return Ok(Some(Member { archive: Some(archive.clone()), name, path }));
            }
        }
        Ok(None)
    }
}
