//! Loading of libtorch: when there is something to compute, not when a program starts.
//!
//! All C++ that uses libtorch is in one shared library, `libbert_torch.so`, which the build script makes. A program has an
//! entry point for each of its functions, among them all that tch calls, which jumps to where the library was loaded.
//! [`load`] loads it and says in words what is wrong; an entry point that is called before has it loaded, too, and ends the
//! process where that fails.

mod elf;
mod files;

use std::ffi::{CStr, c_char, c_void};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY, RTLD_NOW};

pub use self::files::{LibtorchFiles, TORCH_CPU, TORCH_CUDA};
use crate::ffi;

/// The version whose headers the shared library was compiled with, as [`torch_version`] writes it.
pub const VERSION: &str = env!("BERT_TORCH_LIBTORCH_VERSION");

/// Why libtorch could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A file that is not there.
    #[error("libtorch is missing: there is no {}", .0.display())]
    Missing(PathBuf),
    /// A file that this user may not read.
    #[error("{} cannot be read: {reason}", file.display())]
    Unreadable {
        /// The library.
        file: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The current folder is gone, which libtorch asks for.
    #[error("libtorch cannot be loaded in a folder that is gone: {0}")]
    NoFolder(String),
    /// A file whose end is not there, which the loader would die of.
    #[error("{} is incomplete: its end is missing", .0.display())]
    Incomplete(PathBuf),
    /// What the loader of shared libraries says of a file.
    #[error("{} cannot be loaded: {loader}", file.display())]
    Refused {
        /// The library.
        file: PathBuf,
        /// The loader's words.
        loader: String,
    },
    /// Another version than that of the headers.
    #[error("{} is of version {found}; expected {VERSION}", file.display())]
    Version {
        /// The library.
        file: PathBuf,
        /// Its version, or what is known of it.
        found: String,
    },
    /// The program and the shared library are not of one build.
    #[error("{} belongs to another build of the programs", .0.display())]
    OtherBuild(PathBuf),
}

/// What the loader says where a limit of memory is reached.
const OF_MEMORY: [&str; 2] = ["failed to map segment", "annot allocate memory"];

impl LoadError {
    /// What to do about it.
    pub fn advice(&self) -> String {
        let files = LibtorchFiles::find();
        match self {
            Self::NoFolder(_) => "go to another folder".to_owned(),
            Self::Unreadable { .. } => "give this user the right to read it".to_owned(),
            Self::Refused { loader, .. } if OF_MEMORY.iter().any(|words| loader.contains(words)) => {
                "it takes 2 GB of address space: raise the limit (`ulimit -v`)".to_owned()
            }
            _ if files.installed => "install the programs anew, all from one archive".to_owned(),
            Self::Missing(_) | Self::Version { .. } => "`just setup` brings it".to_owned(),
            Self::OtherBuild(_) => "build the programs anew: `just build`".to_owned(),
            Self::Incomplete(file) | Self::Refused { file, .. } if *file == files.bert_torch => {
                "remove it and build the programs anew: `just build`".to_owned()
            }
            Self::Incomplete(_) | Self::Refused { .. } => {
                let libtorch = files.lib.parent().unwrap_or(&files.lib);
                format!("remove {} and run `just setup`, which brings it anew", libtorch.display())
            }
        }
    }
}

/// Loads libtorch, unless that was done before. Afterwards no entry point fails.
///
/// # Errors
/// Fails where a library is missing, incomplete, of another version, or lacks what it needs itself.
pub fn load() -> Result<(), LoadError> {
    static LOADED: OnceLock<Result<(), LoadError>> = OnceLock::new();
    LOADED.get_or_init(|| load_from(&LibtorchFiles::find())).clone()
}

/// Whether libtorch can have a CUDA device, told without loading it: it has a CUDA half, or is not there to be asked, and there
/// is a driver.
pub fn may_have_cuda() -> bool {
    let files = LibtorchFiles::find();
    let has_cuda_half = files.torch_cuda().is_some() || !files.torch_cpu().exists();
    has_cuda_half && has_cuda_driver()
}

/// Whether the library of NVIDIA's driver is there, without which the CUDA runtime finds no device.
pub fn has_cuda_driver() -> bool {
    // SAFETY: the CUDA runtime loads it by the same name.
    let driver = unsafe { Library::open(Some("libcuda.so.1"), RTLD_LAZY) };
    driver.map(std::mem::forget).is_ok() // a driver is never unloaded
}

/// The version of libtorch, and the instruction set that it chooses its kernels by.
pub fn description() -> String {
    // SAFETY: a string that lives as long as the process.
    unsafe { CStr::from_ptr(ffi::bert_kernels_libtorch()) }.to_string_lossy().into_owned()
}

unsafe extern "C" {
    static bert_torch_slots: AtomicPtr<c_void>;
    static bert_torch_n_slots: usize;
}

/// What an entry point calls that finds its slot empty.
#[unsafe(no_mangle)]
extern "C" fn bert_torch_first_call() {
    if let Err(error) = load() {
        let _ = writeln!(io::stderr(), "error: {error}; {}", error.advice());
        std::process::exit(1);
    }
}

fn load_from(files: &LibtorchFiles) -> Result<(), LoadError> {
    std::env::current_dir().map_err(|error| LoadError::NoFolder(error.to_string()))?;
    let torch_cpu = files.torch_cpu();
    for file in [&torch_cpu, &files.bert_torch] {
        match File::open(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(LoadError::Missing(file.clone())),
            Err(error) => {
                return Err(LoadError::Unreadable { file: file.clone(), reason: error.to_string() });
            }
            Ok(library) if elf::is_incomplete(&library) => return Err(LoadError::Incomplete(file.clone())),
            Ok(_) => {}
        }
    }
    let libtorch = opened(&torch_cpu, RTLD_LAZY | RTLD_GLOBAL)?;
    let found = torch_version(libtorch);
    if found.as_deref() != Some(VERSION) {
        let found = found.unwrap_or_else(|| "2.8 or older".to_owned());
        return Err(LoadError::Version { file: torch_cpu, found });
    }
    // CUDA registers itself when its library is loaded; nothing calls into it by name.
    if let Some(torch_cuda) = files.torch_cuda() {
        opened(&torch_cuda, RTLD_LAZY | RTLD_GLOBAL)?;
    }
    fill_slots(opened(&files.bert_torch, RTLD_NOW | RTLD_GLOBAL)?, &files.bert_torch)
}

/// Loads a library for as long as the process lives.
fn opened(file: &Path, flags: i32) -> Result<&'static Library, LoadError> {
    // SAFETY: the initializers are those of libtorch and of this crate, which expect nothing of the process.
    match unsafe { Library::open(Some(file), flags) } {
        Ok(library) => Ok(Box::leak(Box::new(library))),
        Err(error) => Err(LoadError::Refused { file: file.to_owned(), loader: words_of(&error) }),
    }
}

/// The loader's words, without those of libloading before them.
fn words_of(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The version of a loaded libtorch: "2.13.0". `None` for those of before 2.9, which do not tell.
fn torch_version(libtorch: &Library) -> Option<String> {
    // SAFETY: declared as `uint64_t aoti_torch_abi_version()` in torch/csrc/inductor/aoti_torch/c/shim.h.
    let abi_version = unsafe { libtorch.get::<extern "C" fn() -> u64>(c"aoti_torch_abi_version") }.ok()?;
    let [major, minor, patch, ..] = abi_version().to_be_bytes();
    Some(format!("{major}.{minor}.{patch}"))
}

fn fill_slots(library: &Library, file: &Path) -> Result<(), LoadError> {
    let refused = |error: &libloading::Error| LoadError::Refused { file: file.to_owned(), loader: words_of(error) };
    // SAFETY: declared so by the build script (build/entry_points.rs).
    let (fingerprint, functions) = unsafe {
        let fingerprint = library.get::<*const c_char>(c"bert_torch_fingerprint").map_err(|error| refused(&error))?;
        let functions = library.get::<*const *mut c_void>(c"bert_torch_functions").map_err(|error| refused(&error))?;
        (CStr::from_ptr(fingerprint.as_raw_ptr().cast()), functions.as_raw_ptr().cast::<*mut c_void>())
    };
    if fingerprint.to_bytes() != env!("BERT_TORCH_FINGERPRINT").as_bytes() {
        return Err(LoadError::OtherBuild(file.to_owned()));
    }
    // SAFETY: the fingerprint says that the library's table and the slots are of one list of functions.
    unsafe {
        let slots = &raw const bert_torch_slots;
        for i in 0..bert_torch_n_slots {
            (*slots.add(i)).store(*functions.add(i), Ordering::Relaxed);
        }
    }
    Ok(())
}
