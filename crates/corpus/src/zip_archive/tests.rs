use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;

/// What is changed of an entry before it is written.
#[derive(Clone, Copy)]
struct Oddity {
    flags: u16,
    method: Option<u16>,
    mode: u32,
    size: Option<u32>,
}

const PLAIN: Oddity = Oddity { flags: 0, method: None, mode: 0o100_644, size: None };

/// An archive as other programs write it: headers and bytes of the entries, their list, its end.
fn archive(entries: &[(&str, &[u8], Oddity)]) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, content, odd) in entries {
        let offset = bytes.len() as u32;
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(content).unwrap();
        let deflated = deflated.finish().unwrap();
        let (method, packed) = if name.ends_with('/') { (0, content.to_vec()) } else { (8, deflated) };
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        for field in [20, odd.flags, odd.method.unwrap_or(method), 0, 0] {
            common.extend(u16::to_le_bytes(field));
        }
        for field in [crc.sum(), packed.len() as u32, odd.size.unwrap_or(content.len() as u32)] {
            common.extend(u32::to_le_bytes(field));
        }
        common.extend(u16::to_le_bytes(name.len() as u16));
        common.extend([0, 0]);
        bytes.extend([b"PK\x03\x04", &common[..], name.as_bytes(), &packed].concat());
        list.extend([b"PK\x01\x02\x14\x03", &common[..], &[0; 6]].concat());
        list.extend(u32::to_le_bytes(odd.mode << 16));
        list.extend(u32::to_le_bytes(offset));
        list.extend(name.as_bytes());
    }
    let (offset, size, n) = (bytes.len() as u32, list.len() as u32, entries.len() as u16);
    bytes.extend(list);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([n.to_le_bytes(), n.to_le_bytes()].concat());
    bytes.extend([size.to_le_bytes(), offset.to_le_bytes()].concat());
    bytes.extend([0, 0]);
    bytes
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// All texts of an archive, or the message without the archive's name.
fn texts(bytes: &[u8]) -> Result<Vec<String>, String> {
    let file = file(bytes);
    let message = |error: CorpusError| error.to_string().replace(&file.path().display().to_string(), "A.zip");
    let archive = ZipArchive::open(file.path()).map_err(message)?;
    archive.names().map(|name| Ok(format!("{name}: {}", archive.text(name).map_err(message)?))).collect()
}

fn sample() -> Vec<u8> {
    archive(&[("trees/", b"", PLAIN), ("trees/train.txt", "(3 café)\n".repeat(9).as_bytes(), PLAIN), ("a", b"", PLAIN)])
}

#[test]
fn entries_are_read_as_text() {
    let expected = [format!("trees/train.txt: {}", "(3 café)\n".repeat(9)), "a: ".to_owned()];
    assert_eq!(texts(&sample()).unwrap(), expected);
    let mut with_comment = sample();
    let at = with_comment.len() - 2;
    with_comment.splice(at.., [b"\x05\0".as_slice(), b"hello"].concat());
    assert_eq!(texts(&with_comment).unwrap(), expected);
    assert_eq!(texts(&archive(&[("a", "\u{feff}b".as_bytes(), PLAIN)])).unwrap(), ["a: b"]);
    assert_eq!(texts(&archive(&[])).unwrap(), [""; 0]);
}

#[test]
fn what_is_no_archive_of_texts_is_refused() {
    let one = |name: &str, odd: Oddity| archive(&[("good", b"good", PLAIN), (name, b"bad", odd)]);
    let mode = |mode| Oddity { mode, ..PLAIN };
    let cases = [
        (Vec::new(), "the list of its entries is missing"),
        (b"PK\x03\x04 and no more".to_vec(), "the list of its entries is missing"),
        (one("../x", PLAIN), "the entry ../x: it would leave its folder"),
        (one("/etc/x", PLAIN), "the entry /etc/x: it would leave its folder"),
        (one("a\\x", PLAIN), r"the entry a\\x: it would leave its folder"),
        (one("a\0x", PLAIN), r"the entry a\0x: it would leave its folder"),
        (one("C:x", PLAIN), "the entry C:x: it would leave its folder"),
        (one("a/../../x", PLAIN), "the entry a/../../x: it would leave its folder"),
        (one("good", PLAIN), "the entry good: it is there twice"),
        (one("x", mode(0o120_777)), "the entry x: it is a link or a device"),
        (one("x", mode(0o020_666)), "the entry x: it is a link or a device"),
        (one("x", Oddity { flags: 1, ..PLAIN }), "the entry x: it is encrypted"),
        (one("x", Oddity { method: Some(12), ..PLAIN }), "the entry x: it is packed by another method than deflate"),
        (one("x", Oddity { method: Some(0), ..PLAIN }), "the entry x: it is stored, with another size than its own"),
        (one("x", Oddity { size: Some(u32::MAX), ..PLAIN }), "the entry x: it is in ZIP64"),
        (
            one("x", Oddity { size: Some(100 << 20), ..PLAIN }),
            "the entry x: its 5 bytes unpack to 104857600, more than",
        ),
        (
            one("x", Oddity { size: Some(2), ..PLAIN }),
            "the entry x: it has not the 2 bytes that the archive's list says",
        ),
        (
            one("x", Oddity { size: Some(4), ..PLAIN }),
            "the entry x: it has not the 4 bytes that the archive's list says",
        ),
        (archive(&[("x", b"caf\xe9", PLAIN)]), "A.zip/x, line 1: the text is not UTF-8"),
    ];
    for (bytes, message) in cases {
        let error = texts(&bytes).unwrap_err();
        assert!(error.contains(message) && error.starts_with("A.zip"), "expected `{message}`, found `{error}`");
    }
}

#[test]
fn entries_that_share_bytes_are_refused() {
    let mut bytes = archive(&[("a", b"content", PLAIN), ("b", b"content", PLAIN)]);
    // The offset of the second entry, at the end of its place in the list.
    let at = bytes.len() - END_RECORD - 1 - 4;
    bytes[at..at + 4].copy_from_slice(&[0; 4]);
    assert!(texts(&bytes).unwrap_err().contains("its bytes are also another's"));
}

const END_RECORD: usize = 22;

#[test]
fn a_wrong_checksum_is_told() {
    let mut bytes = archive(&[("a", b"content", PLAIN)]);
    let at = bytes.len() - END_RECORD - 1 - 46 + 16;
    bytes[at] ^= 1;
    assert!(texts(&bytes).unwrap_err().contains("the entry a: its checksum is wrong"));
}

#[test]
fn no_damaged_archive_panics() {
    let bytes = sample();
    let whole = texts(&bytes).unwrap();
    for length in 0..bytes.len() {
        let error = texts(&bytes[..length]).unwrap_err();
        assert!(error.starts_with("A.zip"), "{error}");
        for bit in 0..8 {
            let mut copy = bytes.clone();
            copy[length] ^= 1 << bit;
            match texts(&copy) {
                // No checksum covers times and versions, and a folder may turn into a file.
                Ok(read) => assert!(whole.iter().all(|text| read.contains(text)), "{read:?}"),
                Err(error) => assert!(error.starts_with("A.zip"), "{error}"),
            }
        }
    }
}
