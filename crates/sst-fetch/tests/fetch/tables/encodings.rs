//! Encodings: by mark, by NULs, as told; and what a message says of others.

use corpus::Split::{Test, Train};

use super::{utf16_be, utf16_le, windows_1252};
use crate::labels::{case, check};

const CSV: &str = "text,label\ncafé – “fine”,1\nnaïve,0\n";
const ROWS: [&str; 2] = ["café – “fine”|1|-", "naïve|0|-"];

#[test]
fn unicode_is_told_from_the_file() {
    check(&[
        case("UTF-8").file("train.csv", CSV).rows(Train, &ROWS).unsaid("UTF"),
        case("UTF-8 with mark").file("train.csv", format!("\u{feff}{CSV}")).rows(Train, &ROWS).unsaid("UTF"),
        case("UTF-16LE with mark, as Excel's Unicode text: tabs")
            .file("train.csv", utf16_le(&format!("\u{feff}{}", CSV.replace(',', "\t"))))
            .rows(Train, &ROWS)
            .said(&["data/train.csv: separated by tabs, UTF-16LE"]),
        case("UTF-16BE with mark").file("train.csv", utf16_be(&format!("\u{feff}{CSV}"))).rows(Train, &ROWS),
        case("UTF-16LE without").file("train.csv", utf16_le(CSV)).rows(Train, &ROWS).said(&["UTF-16LE without a mark"]),
        case("UTF-16BE without").file("train.csv", utf16_be(CSV)).rows(Train, &ROWS).said(&["UTF-16BE without a mark"]),
        case("JSON lines in UTF-16, as PowerShell redirects them")
            .file(
                "train.jsonl",
                utf16_le("\u{feff}{\"text\": \"café\", \"label\": 1}\r\n{\"text\": \"b\", \"label\": 0}\r\n"),
            )
            .rows(Train, &["café|1|-", "b|0|-"]),
        case("an odd number of bytes")
            .file("train.csv", [utf16_le("\u{feff}text,label\na,1\n"), vec![b'b']].concat())
            .refused(&["data/train.csv, line 3: the text is not UTF-16LE"]),
    ]);
}

#[test]
fn other_encodings_are_told_by_a_flag() {
    check(&[
        case("windows-1252")
            .file("train.csv", windows_1252(CSV))
            .flags("--encoding windows-1252")
            .rows(Train, &ROWS)
            .unsaid("windows"),
        case("by Python's name").file("train.csv", windows_1252(CSV)).flags("--encoding cp1252").rows(Train, &ROWS),
        case("German Excel: semicolons in windows-1252")
            .file("train.csv", windows_1252("text;label\r\nschön, „gut”;1\r\nübel;0\r\n".replace('„', "“").as_str()))
            .flags("--encoding cp1252")
            .rows(Train, &["schön, “gut”|1|-", "übel|0|-"]),
        case("Cyrillic")
            .file("train.csv", b"text,label\n\xf5\xee\xf0\xee\xf8\xee,1\n\xef\xeb\xee\xf5\xee,0\n".as_slice())
            .flags("--encoding windows-1251")
            .rows(Train, &["хорошо|1|-", "плохо|0|-"]),
        case("trees")
            .file("train.txt", b"(3 (2 caf\xe9) (4 works))\n".as_slice())
            .flags("--encoding latin1")
            .said(&["train: 3 rows"]),
        case("trees in UTF-8")
            .file("train.txt", "(3 (2 café) (4 works))\n")
            .flags("--encoding windows-1252")
            .said(&["UTF-8, which all of it is, and not windows-1252 as told"]),
        case("UTF-8 that is read as something else")
            .file("train.csv", CSV)
            .flags("--encoding windows-1252")
            .rows(Train, &ROWS)
            .said(&["UTF-8, which all of it is, and not windows-1252 as told"]),
        case("of two files one is UTF-8")
            .file("train.csv", CSV)
            .file("test.csv", b"text,label\ncaf\xe9,1\n".as_slice())
            .flags("--encoding windows-1252")
            .rows(Test, &["caf\u{e9}|1|-"])
            .said(&["data/train.csv: UTF-8, which all of it is"]),
        case("a mark of another encoding")
            .file("train.csv", format!("\u{feff}{CSV}"))
            .flags("--encoding cp1252")
            .refused(&["begins with the mark of UTF-8; leave --encoding out"]),
        case("no encoding").file("train.csv", CSV).flags("--encoding klingon").refused(&["the name of an encoding"]),
    ]);
}

#[test]
fn a_message_never_advises_what_makes_garbage() {
    check(&[
        case("windows-1252: shown as it would be read").file("train.csv", windows_1252(CSV)).refused(&[
            "data/train.csv, line 2",
            "`café – “fine”,1`",
            "--encoding windows-1252",
        ]),
        case("Cyrillic").file("train.csv", b"text,label\n\xf5\xee\xf0\xee\xf8\xee,1\n".as_slice()).refused(&[
            "line 2",
            "does not look like windows-1252 either",
            "--encoding",
        ]),
        case("Chinese, of which some pairs of bytes are UTF-8 by chance")
            .file(
                "train.csv",
                [b"text,label\n".as_slice(), b"\xd6\xd0\xce\xc4\xb2\xe2\xca\xd4,1\n\xba\xdc\xba\xc3,0\n"].concat(),
            )
            .refused(&["does not look like windows-1252 either", "gb18030"]),
        case("Python's name of UTF-8 with a mark")
            .file("train.csv", "\u{feff}text,label\na,1\nb,0\n")
            .flags("--encoding utf-8-sig")
            .rows(Train, &["a|1|-", "b|0|-"]),
        case("UTF-8 with a damaged line").file("train.csv", [CSV.as_bytes(), b"caf\xe9,1\n"].concat()).refused(&[
            "data/train.csv, line 4",
            "is elsewhere in the file",
            "mend the line",
        ]),
        case("JSON lines")
            .file("train.jsonl", windows_1252("{\"text\": \"café\", \"label\": 1}\n"))
            .refused(&["line 1", "café"]),
        case("a workbook under the name of a CSV")
            .file("train.csv", b"PK\x03\x04\x14\0".as_slice())
            .refused(&["data/train.csv cannot be read as text: it is a ZIP archive or an Excel workbook"]),
        case("an archive under the name of a CSV")
            .file("train.csv", super::gzip(CSV))
            .refused(&["compressed with gzip; let its name end in .gz"]),
    ]);
}
