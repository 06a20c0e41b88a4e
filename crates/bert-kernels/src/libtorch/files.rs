//! Where libtorch lies: beside the program where both were installed, else where the checkout has it, which may have moved.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The library of libtorch's CPU half.
pub const TORCH_CPU: &str = "libtorch_cpu.so";
/// The library of libtorch's CUDA half, absent from a libtorch for the CPU.
pub const TORCH_CUDA: &str = "libtorch_cuda.so";

const BERT_TORCH: &str = "libbert_torch.so";
/// Where the build script made the shared library, and the libtorch that it was made with.
const BUILT: (&str, &str) = (env!("BERT_TORCH_LIBRARY"), env!("BERT_TORCH_LIBTORCH"));
/// Where the libraries of installed programs are, and what else they bring, seen from the folder above that of the programs.
const INSTALLED: &str = "lib/bert";
const SHARED: &str = "share/bert";
/// The folders of a build between that of its programs and the shared library: `build/PACKAGE/out`.
const LEVELS: usize = 3;

/// The files of libtorch, and of what this project adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibtorchFiles {
    /// The folder of libtorch's libraries.
    pub lib: PathBuf,
    /// This project's shared library.
    pub bert_torch: PathBuf,
    /// Whether they lie beside an installed program.
    pub installed: bool,
}

impl LibtorchFiles {
    /// Where they lie, or should: `../lib/bert` from an installed program; in the build of a checkout, `build/` beside the program.
    pub fn find() -> Self {
        let program = env::current_exe().unwrap_or_default();
        let folders: Vec<&Path> = program.ancestors().skip(1).take(LEVELS).collect();
        let is_installed = |prefix: &&&Path| [INSTALLED, SHARED].iter().any(|folder| prefix.join(folder).is_dir());
        if let Some(lib) = folders.get(1).filter(is_installed).map(|prefix| prefix.join(INSTALLED)) {
            return Self { bert_torch: lib.join(BERT_TORCH), lib, installed: true };
        }
        let (library, libtorch) = (Path::new(BUILT.0), Path::new(BUILT.1));
        let then = library.ancestors().nth(LEVELS + 1).unwrap_or(library); // the folder of programs when it was built
        let below = library.strip_prefix(then).unwrap_or(library);
        let now = folders.into_iter().find(|now| now.join(below).exists()).unwrap_or(then);
        let moved = relative(then, libtorch).map(|path| now.join(path)).filter(|path| path.exists());
        let libtorch = moved.as_deref().unwrap_or(libtorch);
        let libtorch = fs::canonicalize(libtorch).unwrap_or_else(|_| libtorch.to_owned());
        Self { lib: libtorch.join("lib"), bert_torch: now.join(below), installed: false }
    }

    /// The path of libtorch's CPU half, which may be missing.
    pub fn torch_cpu(&self) -> PathBuf {
        self.lib.join(TORCH_CPU)
    }

    /// The path of libtorch's CUDA half, where there is one.
    pub fn torch_cuda(&self) -> Option<PathBuf> {
        Some(self.lib.join(TORCH_CUDA)).filter(|file| file.exists())
    }
}

/// The path of `to`, seen from the folder `from`, both absolute; `None` where they have only the root in common.
fn relative(from: &Path, to: &Path) -> Option<PathBuf> {
    let n_common = from.components().zip(to.components()).take_while(|(from, to)| from == to).count();
    let up = from.components().skip(n_common).map(|_| Path::new(".."));
    let down = to.components().skip(n_common).map(|component| Path::new(component.as_os_str()));
    (n_common > 1).then(|| up.chain(down).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_seen_from_another_folder() {
        let seen = relative(Path::new("/home/a/bert/target/release"), Path::new("/home/a/bert/.libtorch"));
        assert_eq!(seen.as_deref(), Some(Path::new("../../.libtorch")));
        assert_eq!(relative(Path::new("/home/a"), Path::new("/opt/libtorch")), None);
    }

    #[test]
    fn what_was_built_is_found() {
        let files = LibtorchFiles::find();
        assert!(files.bert_torch.is_file() && files.torch_cpu().is_file(), "{files:?}");
        assert!(!files.installed);
    }
}
