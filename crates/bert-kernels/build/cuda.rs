//! The headers of CUDA, where libtorch has CUDA: of the two wheels that `just setup` brings, or of an installed toolkit.

use std::env;
use std::path::{Path, PathBuf};

/// The folder of the headers; `None` where libtorch has no CUDA, or there are none, which is said.
pub(crate) fn headers(libtorch: &Path) -> Option<PathBuf> {
    println!("cargo:rerun-if-env-changed=CUDA_HOME");
    if !libtorch.join("lib/libtorch_cuda.so").exists() {
        return None;
    }
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../..");
    let beside = libtorch.join("..");
    let found = [
        env::var("CUDA_HOME").ok().map(|home| PathBuf::from(home).join("include")),
        Some(root.join(".cache/cuda-headers/nvidia/cu13/include")),
        Some(beside.join("nvidia/cu13/include")),
        Some(PathBuf::from("/usr/local/cuda/include")),
    ];
    let whole =
        |folder: &PathBuf| folder.join("cuda_runtime_api.h").exists() && folder.join("crt/host_defines.h").exists();
    let found = found.into_iter().flatten().find(whole);
    if found.is_none() {
        println!(
            "cargo:warning=libtorch has CUDA, but there is no cuda_runtime_api.h with crt/host_defines.h: built without \
             --cuda-graphs and NCCL; set CUDA_HOME, or run `./justw setup`"
        );
    }
    found
}
