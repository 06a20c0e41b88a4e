//! Compiles `csrc/` against the headers of the libtorch that the checkout was set up with.

include!("link_args.rs");

use std::env;
use std::path::{Path, PathBuf};

/// The sources by folder.
const SOURCES: [(&str, &[&str]); 4] = [
    ("cpu/bert", &["abi", "activations", "backward", "forward", "optimizer_abi", "packed_weights"]),
    ("cpu/ops", &["attention", "embedding", "gelu", "linear", "pack", "residual_layer_norm", "row_sums"]),
    ("aten", &["as_bf16", "dropout", "heads", "packed_attention", "update_group"]),
    ("process", &["cpu_features", "last_error", "omp_wait_policy"]),
];

/// Compiled so that a formula gives the same bits wherever it is written: products and sums are not contracted.
const EXACT_SOURCES: [(&str, &[&str]); 1] = [("cpu/ops", &["optimizer"])];

fn main() {
    for path in ["bert_kernels.h", "cpu", "aten", "process"] {
        println!("cargo:rerun-if-changed=csrc/{path}"); // but not the tests
    }
    let lib = PathBuf::from(env::var("DEP_TCH_LIBTORCH_LIB").expect("set by torch-sys"));
    // A linker reads archives in this order: the first one calls into the second.
    compile(&lib, &SOURCES, "-ffp-contract=fast", "bert_kernels");
    compile(&lib, &EXACT_SOURCES, "-ffp-contract=off", "bert_kernels_exact");
    print_link_args(&lib.to_string_lossy());
    println!("cargo:libtorch_lib={}", lib.display());
}

fn compile(lib: &Path, sources: &[(&str, &[&str])], contraction: &str, name: &str) {
    let include = lib.with_file_name("include");
    let files =
        sources.iter().flat_map(|(folder, names)| names.iter().map(move |name| format!("csrc/{folder}/{name}.cpp")));
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(3)
        .flag("-fopenmp")
        .flag("-fno-math-errno") // else no square root vectorizes
        .flag("-fno-trapping-math")
        .flag(contraction)
        .flag("-Wno-psabi") // vectors are passed to inlined functions alone
        .flag("-D_GLIBCXX_USE_CXX11_ABI=1")
        .warnings(false) // libtorch's headers are not clean
        .include("csrc")
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .files(files)
        .compile(name);
}
