//! Compiles all C++ that uses libtorch, `csrc/` and the bindings of torch-sys, into one shared library, and the entry points
//! by which programs call it.
//!
//! Programs are not linked to libtorch: `src/libtorch.rs` loads the shared library, and with it libtorch, when there is
//! something to compute. Until then, and where libtorch is missing or broken, they start and answer in milliseconds.

#![allow(
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a build script ends with what is wrong, and its folder is its own"
)]

mod torch_sys;
mod entry_points;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use entry_points::EntryPoints;
use torch_sys::TorchSys;

/// The sources by folder.
const SOURCES: [(&str, &[&str]); 5] = [
    ("cpu/base", &["placement", "thread_pool"]),
    ("cpu/bert", &["abi", "activations", "backward", "forward", "optimizer_abi", "packed_weights"]),
    ("cpu/ops", &["attention", "embedding", "gelu", "linear", "pack", "residual_layer_norm", "row_sums"]),
    ("aten", &["all"]),
    ("process", &["last_error", "libtorch_version"]),
];

/// Compiled so that a formula gives the same bits wherever it is written: products and sums are not contracted.
const EXACT_SOURCES: [(&str, &[&str]); 1] = [("cpu/ops", &["optimizer"])];

/// Linked into the programs themselves.
const OF_PROGRAMS: &str = "csrc/process/omp_wait_policy.cpp";

/// The library that the programs load.
const LIBRARY: &str = "libbert_torch.so";

fn main() {
    for path in ["bert_kernels.h", "cpu", "aten", "process"] {
        println!("cargo:rerun-if-changed=csrc/{path}"); // but not the tests
    }
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=src/ffi.rs"); // its functions have entry points
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let libtorch = PathBuf::from(env::var("LIBTORCH").expect("LIBTORCH is set by .cargo/config.toml"));
    assert!(libtorch.join("include/ATen").is_dir(), "no libtorch in {}; run `./justw setup`", libtorch.display());
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));

    let torch_sys = TorchSys::find();
    let entry_points = EntryPoints::of(torch_sys.functions().into_iter().chain(own_functions()).collect());
    let objects = [
        kernels(&libtorch).flag("-ffp-contract=fast").files(sources(&SOURCES)).compile_intermediates(),
        kernels(&libtorch).flag("-ffp-contract=off").files(sources(&EXACT_SOURCES)).compile_intermediates(),
        torch_sys.compile(&libtorch),
        cc::Build::new().file(entry_points.write_table(&out)).compile_intermediates(),
    ];
    link(&objects.concat(), &libtorch.join("lib"), &out.join(LIBRARY));

    cc::Build::new()
        .file(entry_points.write_trampolines(&out))
        .file(OF_PROGRAMS)
        .cargo_metadata(false)
        .compile("bert_entry_points");
    println!("cargo:rustc-link-search=native={}", out.display());
    // Whole: a linker reads archives once, and this one comes before those that call it.
    println!("cargo:rustc-link-lib=static:+whole-archive=bert_entry_points");
    println!("cargo:rustc-env=BERT_TORCH_FINGERPRINT={}", entry_points.fingerprint());
    println!("cargo:rustc-env=BERT_TORCH_LIBRARY={}", out.join(LIBRARY).display());
    println!("cargo:rustc-env=BERT_TORCH_LIBTORCH={}", libtorch.display());
    println!("cargo:rustc-env=BERT_TORCH_LIBTORCH_VERSION={}", libtorch_version(&libtorch));
}

/// The version of the headers: "2.13.0".
fn libtorch_version(libtorch: &Path) -> String {
    let headers = ["torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"]; // the second before 2.10
    let text = headers.iter().find_map(|name| std::fs::read_to_string(libtorch.join("include").join(name)).ok());
    let text = text.expect("libtorch has a version.h");
    let number = |name: &str| {
        let define = format!("#define TORCH_VERSION_{name} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&define));
        line.expect("version.h defines the version").trim().to_owned()
    };
    ["MAJOR", "MINOR", "PATCH"].map(number).join(".")
}

/// The functions that `src/ffi.rs` declares.
fn own_functions() -> Vec<String> {
    let text = std::fs::read_to_string("src/ffi.rs").expect("src/ffi.rs is readable");
    entry_points::declared(&text)
}

fn sources(folders: &[(&str, &[&str])]) -> Vec<String> {
    folders
        .iter()
        .flat_map(|(folder, names)| names.iter().map(move |name| format!("csrc/{folder}/{name}.cpp")))
        .collect()
}

fn kernels(libtorch: &Path) -> cc::Build {
    let mut build = with_libtorch(libtorch);
    build
        .opt_level(3)
        .flag("-fopenmp")
        .flag("-fno-math-errno") // else no square root vectorizes
        .flag("-fno-trapping-math")
        .flag("-Wno-psabi") // vectors are passed to inlined functions alone
        .include("csrc");
    build
}

/// C++ that includes libtorch's headers.
fn with_libtorch(libtorch: &Path) -> cc::Build {
    let include = libtorch.join("include");
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .pic(true)
        .debug(false) // it takes longer to write than the code
        .flag("-D_GLIBCXX_USE_CXX11_ABI=1")
        .warnings(false) // libtorch's headers are not clean
        .include(include.join("torch/csrc/api/include"))
        .include(include);
    build
}

/// Links the shared library. It finds libtorch beside itself, or loaded before.
fn link(objects: &[PathBuf], lib: &Path, library: &Path) {
    let mut linker = cc::Build::new().cpp(true).get_compiler().to_command();
    linker.args(["-shared", "-fopenmp", "-o"]).arg(library).args(objects);
    linker.args(["-Wl,-soname,libbert_torch.so", "-Wl,-rpath,$ORIGIN", "-Wl,-z,defs"]);
    // Calls within it go straight; what libtorch and it define both stays one.
    linker.arg("-Wl,-Bsymbolic-functions");
    linker.arg(format!("-L{}", lib.display())).args(["-ltorch_cpu", "-lc10"]);
    run(&mut linker);
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
