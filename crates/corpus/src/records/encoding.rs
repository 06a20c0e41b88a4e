//! Encodings: what the bytes of a text file show of the one that they are in, and what to say where they are no text.

use std::path::Path;

use encoding_rs::{DecoderResult, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::compression::Bytes;
use crate::error::Result;
use crate::shortened::shortened_name;

/// Bytes that are looked at at a time.
const BLOCK_SIZE: usize = 1 << 20;
/// Of a file that is no text in its encoding, the bytes that are looked at to say what it may be.
pub(super) const N_LOOKED_AT: usize = 64 << 20;

/// Looks at all bytes of a file, a block at a time.
fn for_each_block(path: &Path, mut each: impl FnMut(&[u8], bool) -> bool) -> Result<()> {
    let mut bytes = Bytes::open(path)?;
    let mut block = Vec::new();
    loop {
        block.clear();
        let is_last = bytes.read(&mut block, BLOCK_SIZE)? < BLOCK_SIZE;
        if !each(&block, is_last) || is_last {
            return Ok(());
        }
    }
}

/// Whether all of a file is UTF-8, and some of it not ASCII.
pub(super) fn is_utf8_beyond_ascii(path: &Path) -> Result<bool> {
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let (mut is_ascii, mut is_utf8) = (true, true);
    let mut text = String::new();
    for_each_block(path, |block, is_last| {
        text.clear();
        text.reserve(decoder.max_utf8_buffer_length_without_replacement(block.len()).unwrap_or(block.len() * 3));
        let (result, _) = decoder.decode_to_string_without_replacement(block, &mut text, is_last);
        is_ascii &= block.is_ascii();
        is_utf8 = matches!(result, DecoderResult::InputEmpty);
        is_utf8
    })?;
    Ok(is_utf8 && !is_ascii)
}

/// What a file is whose first bytes no text has, and what to do with it.
pub(super) fn binary_kind(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 6] = [
        (b"\x1f\x8b", "compressed with gzip; let its name end in .gz"),
        (b"\x28\xb5\x2f\xfd", "compressed with Zstandard; let its name end in .zst"),
        (b"PK\x03\x04", "a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV"),
        (b"PAR1", "a Parquet file; let its name end in .parquet"),
        (b"\xd0\xcf\x11\xe0", "an Excel workbook; save the sheet as CSV"),
        (b"\xff\xfe\0\0", "UTF-32; convert it, with `iconv -f UTF-32 -t UTF-8`"),
    ];
    KINDS.into_iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, kind)| kind)
}

/// UTF-16 without a mark: it begins with ASCII, and ASCII characters have a NUL in the same place of each pair, where others
/// hardly have one. A text in UTF-8 has none.
pub(super) fn unmarked_utf16(path: &Path, begin: &[u8]) -> Result<Option<&'static encoding_rs::Encoding>> {
    let encoding = match begin.first_chunk().map(|begin: &[u8; 4]| begin.map(|byte| byte == 0)) {
        Some([false, true, false, true]) => UTF_16LE,
        Some([true, false, true, false]) => UTF_16BE,
        _ => return Ok(None),
    };
    let (mut n_bytes, mut nulls) = (0, [0, 0]);
    for_each_block(path, |block, _| {
        for (index, _) in block.iter().enumerate().filter(|&(_, &byte)| byte == 0) {
            nulls[(n_bytes + index) % 2] += 1;
        }
        n_bytes += block.len();
        true
    })?;
    let (of_ascii, others) = if encoding == UTF_16LE { (nulls[1], nulls[0]) } else { (nulls[0], nulls[1]) };
    Ok((20 * of_ascii >= n_bytes && 10 * others <= of_ascii).then_some(encoding))
}

/// What the bytes look like, and what reads them.
pub(super) fn not_utf8(bytes: &[u8], at: usize) -> String {
    let decoded = String::from_utf8_lossy(bytes);
    let n_wrong = decoded.chars().filter(|&c| c == '\u{fffd}').count();
    let n_right = decoded.chars().filter(|&c| !c.is_ascii() && c != '\u{fffd}').count();
    // In other encodings some pairs of bytes are UTF-8 by chance.
    if n_right >= n_wrong.max(1) {
        return "the text is not UTF-8 here, but is elsewhere in the file: the bytes are damaged, or come from another \
                file; mend the line"
            .to_owned();
    }
    if bytes.contains(&0) {
        return "the text is not UTF-8, and has NULs; if it is UTF-16, give --encoding utf-16le or utf-16be".to_owned();
    }
    if !looks_western(bytes) {
        return "the text is not UTF-8, and does not look like windows-1252 either; give its encoding with --encoding, \
                for instance windows-1251, gb18030, shift_jis"
            .to_owned();
    }
    let begin = bytes[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
    let end = bytes[at..].iter().position(|&byte| b"\r\n".contains(&byte)).map_or(bytes.len(), |n| at + n);
    // The line from a little before the first character that is not ASCII.
    let line = &bytes[begin.max(at.saturating_sub(24))..end];
    let shown = WINDOWS_1252.decode_without_bom_handling(line).0;
    format!(
        "the text is not UTF-8; as windows-1252 it reads `{}`: if that is right, give --encoding windows-1252",
        shortened_name(&shown)
    )
}

/// Whether bytes above ASCII are such as Western texts have in windows-1252: no control characters, and mostly single
/// ones between ASCII. In Cyrillic, Greek, Chinese or Japanese encodings whole words consist of them.
fn looks_western(bytes: &[u8]) -> bool {
    const UNDEFINED: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
    let is_high = |byte: &u8| !byte.is_ascii();
    let n_high = bytes.iter().filter(|byte| is_high(byte)).count();
    let n_in_runs: usize = bytes.split(|byte| byte.is_ascii()).map(<[u8]>::len).filter(|&length| length > 2).sum();
    !bytes.iter().any(|byte| UNDEFINED.contains(byte)) && n_in_runs * 5 <= n_high
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, summary};
    use super::super::{Columns, ReadOptions, TableFile};

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    fn error(bytes: &[u8]) -> String {
        summary("a.csv", bytes, &Columns::default()).unwrap_err()
    }

    #[test]
    fn utf16_is_read_with_and_without_mark() {
        let csv = "text,label\ncafé \u{1f600},1\n\u{4f60}\u{597d},0\n";
        let rows = ["café \u{1f600}|1|-", "\u{4f60}\u{597d}|0|-"];
        for bytes_of in [u16::to_le_bytes, u16::to_be_bytes] {
            for mark in ["", "\u{feff}"] {
                let bytes = utf16(&format!("{mark}{csv}"), bytes_of);
                assert_eq!(summary("a.csv", &bytes, &Columns::default()).unwrap(), rows);
            }
        }
        let odd = [b"\xff\xfe".to_vec(), utf16(csv, u16::to_le_bytes), vec![0x41]].concat();
        assert_eq!(error(&odd), "a.csv, line 4: the text is not UTF-16LE; give its encoding with --encoding");
    }

    #[test]
    fn a_message_shows_what_the_bytes_may_be() {
        assert_eq!(
            error(b"text,label\nfine,1\ncaf\xe9 \x96 na\xefve,0\n"),
            "a.csv, line 3: the text is not UTF-8; as windows-1252 it reads `café – naïve,0`: if that is right, give \
             --encoding windows-1252"
        );
        let cyrillic = error(b"text,label\n\xf5\xee\xf0\xee\xf8\xee,1\n");
        assert!(cyrillic.starts_with("a.csv, line 2: the text is not UTF-8, and does not look like windows-1252"));
        let mixed = error("text,label\ncafé,1\ncaf".bytes().chain(*b"\xe9,0\n").collect::<Vec<_>>().as_slice());
        assert!(mixed.starts_with("a.csv, line 3: the text is not UTF-8 here, but is elsewhere"), "{mixed}");
        let marked = error(b"\xef\xbb\xbftext,label\ncaf\xe9,1\n");
        assert!(marked.starts_with("a.csv, line 2: the file begins with the mark of UTF-8, but"), "{marked}");
        assert!(error(b"\x1f\x8b\x08").contains("compressed with gzip; let its name end in .gz"));
        assert!(error(b"PK\x03\x04").contains("an Excel workbook"));
    }

    #[test]
    fn damaged_text_never_panics() {
        let bytes = [b"\xff\xfe".to_vec(), utf16("text,label\ncafé \u{1f600},1\n", u16::to_le_bytes)].concat();
        for encoding in [None, Some("windows-1252"), Some("shift_jis"), Some("gb18030"), Some("utf-16be")] {
            let options =
                ReadOptions { encoding: encoding.map(|name| name.parse().unwrap()), ..ReadOptions::default() };
            for index in 0..bytes.len() * 8 {
                let mut copy = bytes.clone();
                copy[index / 8] ^= 1 << (index % 8);
                let (_folder, path) = file("a.csv", &copy[usize::from(encoding.is_some()) * 2..]);
                let _ = TableFile::open(&path, &Columns::default(), &options).and_then(|t| t.rows());
            }
        }
    }
}
