//! Compiles `csrc/` against the headers of the libtorch that the checkout was set up with.

include!("link_args.rs");

use std::env;
use std::path::PathBuf;

const SOURCES: [&str; 11] = [
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
    "optimizer",
];

fn main() {
    println!("cargo:rerun-if-changed=csrc");
    let lib = PathBuf::from(env::var("DEP_TCH_LIBTORCH_LIB").expect("set by torch-sys"));
    let include = lib.with_file_name("include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(3)
        .flag("-fopenmp")
        .flag("-fno-math-errno") // else no square root vectorises
        .flag("-fno-trapping-math")
        .flag("-Wno-psabi") // vectors are passed to inlined functions alone
        .flag("-D_GLIBCXX_USE_CXX11_ABI=1")
        .warnings(false) // libtorch's headers are not clean
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .files(SOURCES.map(|name| format!("csrc/{name}.cpp")))
        .compile("torch_ext");
    print_link_args(&lib.to_string_lossy());
    println!("cargo:libtorch_lib={}", lib.display());
}
