//! CSV, TSV and what `.txt` may hold, in the dialects that are told from the file and in those that are said.

use std::path::Path;

use corpus::records::{Columns, Encoding, ReadOptions, TableFile, find_columns};
use testkit::Random;

use super::{Format, corpus_refusal, read_rows};
use crate::bytes::{self, index, once_in, one_of};
use crate::mutant::{Mutant, Refusal};
use crate::text;

const FILES: [&str; 10] = [
    "text,label\n\"fine, really\",1\nbad,0\n\"a \"\"quoted\"\" one\",1\n",
    "text;label\r\n\"gut; sehr\";1\r\nschlecht;0\r\n",
    "sentence\tlabel\nit 's a \"charming journey \t1\nbad \t0\n",
    "\u{feff}id,review,stars,region\n1,\"two\nlines\",5,north\n2,plain,1,\\N\n",
    "sep=|\ntext|label|score\na|1|0.5\nb|0|nan\n",
    "\"\",\"text\",\"label\"\n\"1\",\"a\",1\n\"2\",\"b\",0\n",
    "\"say \\\"hi\\\", ok\",good\n\"C:\\\\dir\\\\\",bad\n",
    "text,label\rold,1\rmac,0\r",
    "__label__pos fine film\nso so __label__neg\n__label__a __label__b x\n",
    "1 a stirring film\n0 bad , really\n1 1960 was fine\n0 \n",
];
const NAMES: [&str; 3] = ["csv", "tsv", "txt"];

#[derive(Debug)]
pub(super) struct Tables;

/// A table that was changed one to four times.
pub(super) fn table(random: &mut Random) -> Vec<u8> {
    let other = one_of(random, &FILES);
    let mut table = one_of(random, &FILES).to_owned();
    (0..=random.below(4)).for_each(|_| text::change(random, &mut table, other));
    let mut table = match random.below(12) {
        0 => table.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        1 => [0xfe, 0xff].into_iter().chain(table.encode_utf16().flat_map(u16::to_be_bytes)).collect(),
        2 => table.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect(),
        _ => table.into_bytes(),
    };
    if once_in(random, 4) {
        bytes::change(random, &mut table, other.as_bytes());
    }
    table
}

/// The options that a name says: a letter each, and none for what is told from the file.
fn options(name: &str) -> ReadOptions {
    let has = |letter: &str| name.split('.').next().unwrap_or_default().contains(letter);
    let one =
        |letters: &[(&str, &'static str)]| letters.iter().find(|(letter, _)| has(letter)).map(|(_, value)| *value);
    ReadOptions {
        delimiter: one(&[("C", ","), ("S", ";"), ("T", "tab"), ("P", "|")]).and_then(|text| text.parse().ok()),
        quotes: one(&[("L", "literal"), ("D", "doubled"), ("E", "escaped")]).and_then(|text| text.parse().ok()),
        no_header: has("N"),
        label_first: has("F"),
        encoding: one(&[("W", "windows-1252"), ("U", "utf-16le"), ("J", "shift_jis")])
            .and_then(|text| text.parse::<Encoding>().ok()),
        strict: has("X"),
        passes_broken: false,
    }
}

/// Reads a table as `sst-fetch` does: with the columns that it finds.
pub(super) fn read(path: &Path) -> Result<(), Refusal> {
    let name = path.file_name().unwrap().to_string_lossy();
    let options = options(&name);
    let asked = Columns { label: None, keep: Vec::new(), ..Columns::default() };
    let (columns, _) = find_columns(path, &asked, &options).map_err(|error| corpus_refusal(&error))?;
    read_rows(TableFile::open(path, &columns, &options))
}

impl Format for Tables {
    fn make(&self, random: &mut Random) -> Mutant {
        let mut letters = "m".to_owned();
        for (all, often) in [("CSTP", 4), ("LDE", 4), ("N", 5), ("F", 6), ("WUJ", 6), ("X", 6)] {
            if once_in(random, often) {
                letters.push(char::from(all.as_bytes()[index(random, all.len())]));
            }
        }
        let name = format!("{letters}.{}", one_of(random, &NAMES));
        Mutant::new(name, table(random))
    }

    /// The crate `csv` takes it with equally many fields a row.
    fn is_accepted(&self, mutant: &Mutant) -> bool {
        [b',', b';', b'\t', b'|'].into_iter().any(|delimiter| {
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(mutant.bytes.as_slice());
            reader.headers().is_ok_and(|header| header.len() > 1) && reader.records().all(|record| record.is_ok())
        })
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        read(path)
    }
}
