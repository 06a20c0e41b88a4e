//! The build script of every program that links libtorch. (A library's build script cannot tell its dependents' linker
//! anything, so each of them needs one, and bert-kernels as a direct dependency.)

include!("link_args.rs");

fn main() {
    let lib =
        std::env::var("DEP_BERT_KERNELS_LIBTORCH_LIB").expect("a program that links libtorch depends on bert-kernels");
    print_link_args(&lib);
}
