//! CSV, TSV and `.txt` with the options that the first byte says: no panic, the file is named, and blocks change nothing.
#![no_main]

use corpus::records::ReadOptions;
use fuzz::{read_in_blocks, with_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: ([u8; 3], &[u8])| {
    let ([dialect, encoding, block], bytes) = input;
    let one = |names: &[&'static str], choice: u8| names.get(usize::from(choice)).copied();
    let options = ReadOptions {
        delimiter: one(&[",", ";", "tab", "|"], dialect & 7).and_then(|name| name.parse().ok()),
        quotes: one(&["literal", "doubled", "escaped"], (dialect >> 3) & 7).and_then(|name| name.parse().ok()),
        no_header: dialect & 64 != 0,
        label_first: encoding & 64 != 0,
        encoding: one(&["windows-1252", "utf-16le", "shift_jis", "gb18030", "iso-2022-jp"], encoding & 15)
            .and_then(|name| name.parse().ok()),
        strict: encoding & 16 != 0,
        passes_broken: encoding & 32 != 0,
    };
    let name = match (dialect & 128 == 0, encoding & 128 == 0) {
        (_, false) => "m.txt",
        (true, _) => "m.csv",
        (false, _) => "m.tsv",
    };
    with_file(name, bytes, &[], |path| read_in_blocks(path, &options, 1 + usize::from(block % 9)));
});
