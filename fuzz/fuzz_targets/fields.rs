//! Records of separated fields, against the crate `csv`.
#![no_main]

use corpus::records::{Delimiter, Quotes, fuzzing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let (delimiter, byte) = [(Delimiter::COMMA, b','), (Delimiter::TAB, b'\t')][usize::from(choice & 1)];
    let quotes = [Quotes::Doubled, Quotes::Literal, Quotes::Escaped][usize::from(choice >> 1) % 3];
    let Some(ours) = fuzzing::fields(text, delimiter, quotes) else { return };
    if quotes == Quotes::Escaped || text.contains('\u{feff}') {
        return; // the crate has other rules for what follows a backslash, and for byte order marks
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(byte)
        .quoting(quotes == Quotes::Doubled)
        .from_reader(text.as_bytes());
    let theirs: Result<Vec<Vec<String>>, csv::Error> =
        reader.records().map(|record| Ok(record?.iter().map(str::to_owned).collect())).collect();
    assert_eq!(Some(ours), theirs.ok());
});
