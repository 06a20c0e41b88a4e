//! The build script of every program that links libtorch. (A library's build script cannot tell its dependents' linker
//! anything, so each of them needs one, and torch-ext as a direct dependency.)

include!("link_args.rs");

fn main() {
    let lib = std::env::var("DEP_TORCH_EXT_LIBTORCH_LIB").expect("a program that links libtorch depends on torch-ext");
    print_link_args(&lib);
}
