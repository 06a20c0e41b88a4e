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
mod cuda;

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use entry_points::EntryPoints;
use torch_sys::TorchSys;

/// The sources that are compiled once.
const SOURCES: [&str; 7] = [
    "csrc/cpu/dispatch.cpp",
    "csrc/cpu/base/placement.cpp",
    "csrc/cpu/base/thread_pool.cpp",
    "csrc/aten/all.cpp",
    "csrc/distributed/process_group.cpp",
    "csrc/process/last_error.cpp",
    "csrc/process/libtorch_version.cpp",
];

/// The kernels of the CPU, compiled for each level of the instruction set.
const LEVEL_SOURCE: &str = "csrc/cpu/level.cpp";

/// The same, compiled so that a formula gives the same bits wherever it is written: products and sums are not contracted.
const EXACT_LEVEL_SOURCE: &str = "csrc/cpu/level_exact.cpp";

/// Compiled and linked where libtorch has CUDA.
const CUDA_SOURCES: [&str; 2] = ["csrc/cuda/graph.cpp", "csrc/cuda/nccl.cpp"];

/// Linked into the programs themselves.
const OF_PROGRAMS: &str = "csrc/process/omp_wait_policy.cpp";

/// The library that the programs load.
const LIBRARY: &str = "libbert_torch.so";

fn main() {
    for path in ["bert_kernels.h", "bert_kernels", "cpu", "aten", "cuda", "distributed", "process"] {
        println!("cargo:rerun-if-changed=csrc/{path}"); // but not the tests
    }
    println!("cargo:rerun-if-changed=build");
    for path in ["ffi.rs", "raw_parameters.rs", "raw_updates.rs"] {
        println!("cargo:rerun-if-changed=src/{path}"); // the declarations of the entry points
    }
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let libtorch = PathBuf::from(env::var("LIBTORCH").expect("LIBTORCH is set by .cargo/config.toml"));
    assert!(libtorch.join("include/ATen").is_dir(), "no libtorch in {}; run `./justw setup`", libtorch.display());
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));

    let torch_sys = TorchSys::find();
    let functions = torch_sys.functions().into_iter().chain(own_functions()).collect();
    let entry_points = EntryPoints::of(functions, own_declarations());
    let mut objects = [torch_sys.compile(&libtorch, &out), compile_kernels(&libtorch, &out)].concat();
    objects.extend(cc::Build::new().file(entry_points.write_table(&out)).compile_intermediates());
    let cuda = cuda::headers(&libtorch);
    if let Some(headers) = &cuda {
        objects.extend(kernels(&libtorch).include(headers).files(CUDA_SOURCES).compile_intermediates());
    }
    link(&objects, &libtorch.join("lib"), cuda.is_some(), &out.join(LIBRARY));

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

/// The C ABI as both sides declare it.
fn own_declarations() -> String {
    let headers =
        std::fs::read_dir("csrc/bert_kernels").expect("it is there").map(|entry| entry.expect("readable").path());
    let of_rust = ["src/ffi.rs", "src/raw_parameters.rs", "src/raw_updates.rs"].map(PathBuf::from);
    let files: BTreeSet<PathBuf> = headers.chain(of_rust).collect();
    files.iter().map(|file| std::fs::read_to_string(file).expect("a source")).collect()
}

/// Compiles the kernels, all units at a time: those of the CPU for each level that the compiler can choose within a file.
fn compile_kernels(libtorch: &Path, out: &Path) -> Vec<PathBuf> {
    let has_levels = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64")
        && cc::Build::new().cpp(true).get_compiler().is_like_gnu();
    let levels: &[&str] = if has_levels { &["base", "v3", "v4"] } else { &["base"] };
    let mut once = kernels(libtorch);
    once.include("csrc/distributed/gloo_declarations");
    if !libtorch.join("include/torch/csrc/distributed/c10d/ProcessGroupGloo.hpp").exists() {
        once.define("BERT_WITHOUT_C10D", None); // a libtorch that was built without it
    }
    if has_levels {
        once.define("LEVELS_OF_X86_64", None);
    }
    let compile = |mut build: cc::Build, sources: &[&str], folder: &str| {
        let folder = out.join(folder);
        std::fs::create_dir_all(&folder).expect("the build's folder is writable");
        build.out_dir(folder).files(sources).compile_intermediates()
    };
    std::thread::scope(|scope| {
        let compile = &compile;
        let mut units = vec![scope.spawn(move || compile(once, &SOURCES, "once"))];
        for level in levels {
            for (source, contraction) in [(LEVEL_SOURCE, "fast"), (EXACT_LEVEL_SOURCE, "off")] {
                let mut build = kernels(libtorch);
                build
                    .flag(format!("-ffp-contract={contraction}"))
                    .define(&format!("LEVEL_{}", level.to_uppercase()), None);
                units.push(scope.spawn(move || compile(build, &[source], level)));
            }
        }
        units.into_iter().flat_map(|unit| unit.join().expect("cc says what is wrong")).collect()
    })
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
        .flag("-Werror=switch") // a kind that a kernel does not know must not compute nothing
        .include(include.join("torch/csrc/api/include"))
        .include(include);
    build
}

/// Links the shared library. It finds libtorch beside itself, or loaded before.
fn link(objects: &[PathBuf], lib: &Path, with_cuda: bool, library: &Path) {
    let mut linker = cc::Build::new().cpp(true).get_compiler().to_command();
    linker.args(["-shared", "-fopenmp", "-o"]).arg(library).args(objects);
    linker.args(["-Wl,-soname,libbert_torch.so", "-Wl,-rpath,$ORIGIN", "-Wl,-z,defs"]);
    // Calls within it go straight; what libtorch and it define both stays one.
    linker.arg("-Wl,-Bsymbolic-functions");
    linker.arg(format!("-L{}", lib.display())).args(["-ltorch_cpu", "-lc10"]);
    if with_cuda {
        // Libraries of CUDA that these need are found when they are loaded.
        linker.args(["-ltorch_cuda", "-lc10_cuda", "-Wl,--allow-shlib-undefined"]);
    }
    run(&mut linker);
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
