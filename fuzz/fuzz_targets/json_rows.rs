//! JSON lines and JSON documents: no panic, the file is named, and blocks change nothing.
#![no_main]

use corpus::records::ReadOptions;
use fuzz::{read_in_blocks, with_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let options = ReadOptions { strict: choice & 1 != 0, ..ReadOptions::default() };
    let name = if choice & 2 == 0 { "m.jsonl" } else { "m.json" };
    with_file(name, bytes, &[], |path| read_in_blocks(path, &options, 1 + usize::from(choice >> 2) % 9));
});
