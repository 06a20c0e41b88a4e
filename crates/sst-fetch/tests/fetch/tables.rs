//! The table of table cases: files as spreadsheets, pandas, R, databases and programs write them; rows and messages out.

mod separators;
mod headers;
mod columns;
mod quotes;
mod encodings;
mod json_files;
mod null_texts;
mod archives;
mod files;
mod class_folders;
mod class_files;
mod paired_lines;
mod text_files;

use flate2::write::GzEncoder;
use std::io::Write;

/// A gzip archive with one member.
fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A Zstandard archive with one frame.
fn zstd(content: &str) -> Vec<u8> {
    ::zstd::encode_all(content.as_bytes(), 3).unwrap()
}

/// Text in windows-1252, which has a byte for each of these characters.
fn windows_1252(text: &str) -> Vec<u8> {
    let byte = |character: char| match character {
        '–' => 0x96,
        '“' => 0x93,
        '”' => 0x94,
        '’' => 0x92,
        '€' => 0x80,
        other => u8::try_from(u32::from(other)).unwrap(),
    };
    text.chars().map(byte).collect()
}

/// Text in UTF-16 with the lower byte first, and the mark before it if the text has one.
fn utf16_le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16_be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}
