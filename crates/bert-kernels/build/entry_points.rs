//! Entry points: for each C function of the shared library, a jump in the program to where the library was loaded.
//!
//! As a procedure linkage table does it: a slot for each function, which a first call finds pointing to code that loads the
//! library (`bert_torch_first_call` in `src/libtorch.rs`) and fills all slots. The library exports one table of its functions,
//! in the same order, and a fingerprint of that order.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The instructions of a slot: the jump, and what it leads to until the library is loaded.
type Jump = fn(usize) -> (String, String);

/// The functions, in the order of their slots, and the declarations that both sides were compiled with.
pub(crate) struct EntryPoints {
    functions: BTreeSet<String>,
    declarations: String,
}

/// What torch-sys' Rust half defines for its C++ half, for streams that nothing here uses: the library has to have some.
const CALLED_BACK: [&str; 7] = [
    "tch_write_stream_destructor",
    "tch_write_stream_write",
    "tch_read_stream_destructor",
    "tch_read_stream_stream_position",
    "tch_read_stream_seek_start",
    "tch_read_stream_seek_end",
    "tch_read_stream_read",
];

/// The names of the functions in the `extern "C"` blocks of a Rust source.
pub(crate) fn declared(rust: &str) -> Vec<String> {
    let blocks = rust.split("extern \"C\" {").skip(1).filter_map(|rest| rest.split("\n}").next());
    let functions = blocks.flat_map(|block| block.lines()).filter_map(|line| {
        let (_, rest) = line.trim_start().strip_prefix("pub").filter(|_| line.contains(" fn "))?.split_once(" fn ")?;
        Some(rest.split('(').next().unwrap_or(rest).to_owned())
    });
    functions.collect()
}

impl EntryPoints {
    pub(crate) fn of(functions: BTreeSet<String>, declarations: String) -> Self {
        Self { functions, declarations }
    }

    /// FNV-1a of the names, the version and the declarations: a program and a library of other builds are told apart, where their
    /// functions or structs may differ.
    pub(crate) fn fingerprint(&self) -> String {
        let version = env::var("CARGO_PKG_VERSION").expect("set by cargo");
        let names = self.functions.iter().map(String::as_str).chain([version.as_str(), self.declarations.as_str()]);
        let bytes = names.flat_map(|name| name.bytes().chain([0]));
        format!(
            "{:016x}",
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        )
    }

    /// Writes the library's table as C.
    pub(crate) fn write_table(&self, folder: &Path) -> PathBuf {
        let mut text = "#include <stdlib.h>\n".to_owned();
        CALLED_BACK.iter().for_each(|name| writeln!(text, "void {name}(void) {{ abort(); }}").expect("a string"));
        self.functions.iter().for_each(|name| writeln!(text, "void {name}(void);").expect("a string"));
        let names: Vec<&str> = self.functions.iter().map(String::as_str).collect();
        writeln!(text, "void (*const bert_torch_functions[])(void) = {{{}}};", names.join(",\n")).expect("a string");
        writeln!(text, "const char bert_torch_fingerprint[] = \"{}\";", self.fingerprint()).expect("a string");
        written(folder.join("functions.c"), &text)
    }

    /// Writes the jumps as assembly of the target.
    pub(crate) fn write_trampolines(&self, folder: &Path) -> PathBuf {
        let arch = env::var("CARGO_CFG_TARGET_ARCH").expect("set by cargo");
        let os = env::var("CARGO_CFG_TARGET_OS").expect("set by cargo");
        let (jump, first_call): (Jump, &str) = match (os.as_str(), arch.as_str()) {
            ("linux", "x86_64") => (x86_64, include_str!("first_call_x86_64.S")),
            ("linux", "aarch64") => (aarch64, include_str!("first_call_aarch64.S")),
            _ => panic!("{arch} with {os} is not supported: programs are for Linux on x86-64 and aarch64"),
        };
        let mut text = first_call.to_owned();
        text.push_str("\n.text\n");
        for (i, name) in self.functions.iter().enumerate() {
            let (jump, first) = jump(i);
            writeln!(text, ".p2align 2\n.globl {name}\n.hidden {name}\n.type {name}, %function\n{name}: {jump}")
                .expect("a string");
            writeln!(text, ".Lfirst{i}: {first}\n.size {name}, . - {name}").expect("a string");
        }
        text.push_str(".data\n.p2align 3\n.globl bert_torch_slots\n.hidden bert_torch_slots\nbert_torch_slots:\n");
        (0..self.functions.len()).for_each(|i| writeln!(text, ".quad .Lfirst{i}").expect("a string"));
        text.push_str(".section .rodata\n.p2align 3\n.globl bert_torch_n_slots\n.hidden bert_torch_n_slots\n");
        writeln!(text, "bert_torch_n_slots: .quad {}", self.functions.len()).expect("a string");
        text.push_str(".section .note.GNU-stack,\"\",%progbits\n");
        written(folder.join("trampolines.S"), &text)
    }
}

fn x86_64(i: usize) -> (String, String) {
    (format!("jmp *bert_torch_slots+{}(%rip)", 8 * i), format!("pushq ${i}; jmp .Lfirst_call"))
}

fn aarch64(i: usize) -> (String, String) {
    let slot = format!("bert_torch_slots+{}", 8 * i);
    (format!("adrp x16, {slot}; ldr x16, [x16, :lo12:{slot}]; br x16"), format!("mov w17, #{i}; b .Lfirst_call"))
}

pub(crate) fn written(path: PathBuf, text: &str) -> PathBuf {
    fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}
