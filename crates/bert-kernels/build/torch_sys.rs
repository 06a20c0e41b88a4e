//! The C++ half of torch-sys, which its own build script does not compile (feature `doc-only`): it would link it, and with it
//! libtorch, into every program.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::entry_points::declared;

/// The folder of the package.
pub(crate) struct TorchSys(PathBuf);

impl TorchSys {
    /// Where cargo has it.
    pub(crate) fn find() -> Self {
        let target = env::var("TARGET").expect("set by cargo");
        let output = Command::new(env::var("CARGO").expect("set by cargo"))
            .args(["metadata", "--format-version", "1", "--filter-platform", &target])
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let metadata = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
        // A package's path is the only value that ends so.
        let paths = metadata.split('"').filter(|value| value.ends_with("Cargo.toml"));
        let mut folders = paths.filter_map(|path| Path::new(path).parent()).filter(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("torch-sys") && folder.join("libtch").is_dir()
        });
        Self(folders.next().expect("torch-sys is a dependency").to_owned())
    }

    /// The C functions that its Rust half declares.
    pub(crate) fn functions(&self) -> Vec<String> {
        let texts = ["lib.rs", "cuda.rs", "c_generated.rs"].map(|name| {
            let path = self.0.join("src").join(name);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        });
        texts.iter().flat_map(|text| declared(text)).collect()
    }

    /// Compiles the C++ half: thin calls, which gain nothing by much optimization.
    pub(crate) fn compile(&self, libtorch: &Path) -> Vec<PathBuf> {
        let files = ["torch_api.cpp", "torch_api_generated.cpp"].map(|name| self.0.join("libtch").join(name));
        crate::with_libtorch(libtorch).opt_level(1).flag("-DGLOG_USE_GLOG_EXPORT").files(files).compile_intermediates()
    }
}
