//! Text files: from bytes to characters, by the mark at their beginning, the user's word, or UTF-8.

use std::path::Path;

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::compression::read_bytes;
use super::options::Encoding;
use crate::error::{CorpusError, Result};
use crate::shortened::shortened_name;

/// The text of a file, without a byte order mark.
pub(super) struct SourceText {
    pub(super) text: String,
    /// What has to be said of the encoding: where it was told from the bytes and is not UTF-8, and where it is doubtful.
    pub(super) said: Option<String>,
}

/// Reads a text file, compressed or not.
pub(super) fn read_text(path: &Path, given: Option<Encoding>) -> Result<SourceText> {
    let bytes = read_bytes(path)?;
    if let Some(kind) = binary_kind(&bytes) {
        let problem = format!("it is {kind}");
        return Err(CorpusError::Damaged { file: path.to_owned(), format: "text", problem });
    }
    let (marked, mark) = encoding_rs::Encoding::for_bom(&bytes).map_or((None, 0), |(found, n)| (Some(found), n));
    let (encoding, said) = match (given, marked) {
        (Some(given), Some(marked)) if given.0 != marked => {
            let problem = format!("it begins with the mark of {}; leave --encoding out", marked.name());
            return Err(CorpusError::Damaged { file: path.to_owned(), format: given.name(), problem });
        }
        (Some(given), _) => (given.0, doubt(given, &bytes)),
        (None, Some(marked)) => (marked, (marked != UTF_8).then(|| marked.name().to_owned())),
        (None, None) => match unmarked_utf16(&bytes) {
            Some(found) => (found, Some(format!("{} without a mark", found.name()))),
            None => (UTF_8, None),
        },
    };
    if encoding == UTF_8 {
        return utf8(path, bytes, mark).map(|text| SourceText { text, said });
    }
    match encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]) {
        Some(text) => Ok(SourceText { text: text.into_owned(), said }),
        None => {
            let line = line_of_damage(encoding, &bytes[mark..]);
            let problem = format!("the text is not {}; give its encoding with --encoding", encoding.name());
            Err(CorpusError::NotText { file: path.to_owned(), line, problem })
        }
    }
}

/// What to say where a text that is UTF-8 is read as something else.
fn doubt(given: Encoding, bytes: &[u8]) -> Option<String> {
    let is_utf8 = || !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok();
    (!given.is_unicode() && is_utf8()).then(|| format!("{} as told, though it would be valid UTF-8", given.name()))
}

/// What a file is whose first bytes no text has, and what to do with it.
fn binary_kind(bytes: &[u8]) -> Option<&'static str> {
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
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let encoding = match bytes.first_chunk()?.map(|byte| byte == 0) {
        [false, true, false, true] => UTF_16LE,
        [true, false, true, false] => UTF_16BE,
        _ => return None,
    };
    let nulls = |parity: usize| bytes.iter().skip(parity).step_by(2).filter(|&&byte| byte == 0).count();
    let (of_ascii, others) = if encoding == UTF_16LE { (nulls(1), nulls(0)) } else { (nulls(0), nulls(1)) };
    (20 * of_ascii >= bytes.len() && 10 * others <= of_ascii).then_some(encoding)
}

fn utf8(path: &Path, mut bytes: Vec<u8>, mark: usize) -> Result<String> {
    bytes.drain(..mark);
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
        let problem = match mark {
            0 => not_utf8(bytes, at),
            _ => "the file begins with the mark of UTF-8, but the text is not UTF-8 here; mend the line, or take the mark away \
                  and give the encoding of the rest with --encoding"
                .to_owned(),
        };
        CorpusError::NotText { file: path.to_owned(), line, problem }
    })
}

/// What the bytes look like, and what reads them.
fn not_utf8(bytes: &[u8], at: usize) -> String {
    let has_utf8 = String::from_utf8_lossy(bytes).chars().any(|c| !c.is_ascii() && c != '\u{fffd}');
    if has_utf8 {
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

/// The line of the first bytes that are no character: that up to which the decoder comes.
fn line_of_damage(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> u64 {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len().saturating_mul(3) + 16);
    let _ = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    text.bytes().filter(|&byte| byte == b'\n').count() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, summary};
    use super::super::{Columns, ReadOptions, read_with};

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
                let _ = read_with(&path, &Columns::default(), &options);
            }
        }
    }
}
