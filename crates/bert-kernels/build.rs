//! Compiles `csrc/` against the headers of the libtorch that the checkout was set up with.

include!("link_args.rs");

use std::env;
use std::path::{Path, PathBuf};

const SOURCES: [&str; 13] = [
    "as_bf16",
    "attention",
    "dropout",
    "encoder",
    "encoder_abi",
    "encoder_backward",
    "feed_forward",
    "heads",
    "machine",
    "matrix",
    "norm",
    "packed_attention",
    "update_group",
];

/// Compiled so that a formula gives the same bits wherever it is written: products and sums are not contracted.
const EXACT_SOURCES: [&str; 1] = ["optimizer"];

fn main() {
    println!("cargo:rerun-if-changed=csrc");
    let lib = PathBuf::from(env::var("DEP_TCH_LIBTORCH_LIB").expect("set by torch-sys"));
    compile(&lib, &EXACT_SOURCES, "-ffp-contract=off", "bert_kernels_exact");
    compile(&lib, &SOURCES, "-ffp-contract=fast", "bert_kernels");
    print_link_args(&lib.to_string_lossy());
    println!("cargo:libtorch_lib={}", lib.display());
}

fn compile(lib: &Path, sources: &[&str], contraction: &str, name: &str) {
    let include = lib.with_file_name("include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(3)
        .flag("-fopenmp")
        .flag("-fno-math-errno") // else no square root vectorises
        .flag("-fno-trapping-math")
        .flag(contraction)
        .flag("-Wno-psabi") // vectors are passed to inlined functions alone
        .flag("-D_GLIBCXX_USE_CXX11_ABI=1")
        .warnings(false) // libtorch's headers are not clean
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .files(sources.iter().map(|source| format!("csrc/{source}.cpp")))
        .compile(name);
}
