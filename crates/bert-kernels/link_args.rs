// Included by the build scripts: what the linker of a program or test on libtorch is told.
//
// The run path makes the binary find its libraries without LD_LIBRARY_PATH. CUDA registers itself when its library is
// loaded, but nothing calls into it by name, so the linker has to be kept from dropping it.
fn print_link_args(lib: &str) {
    println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    let cuda = std::path::Path::new(lib).join("libtorch_cuda.so");
    if cuda.exists() {
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed");
        println!("cargo:rustc-link-arg={}", cuda.display());
        println!("cargo:rustc-link-arg=-Wl,--as-needed");
    }
}
