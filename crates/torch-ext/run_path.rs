//! The build script of every program that links libtorch: writes the run path into the binary, so that it finds its
//! libraries without `LD_LIBRARY_PATH`. (A library's build script cannot do that for its dependents.)

fn main() {
    let lib = std::env::var("DEP_TORCH_EXT_LIBTORCH_LIB").expect("a program that links libtorch depends on torch-ext");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
}
