//! ZIP archives: of files that are there twice, leave the folder or are large; and archives that were changed.

use std::path::Path;

use corpus::zip_archive::ZipArchive;
use testkit::{Random, zip};

use super::{Format, corpus_refusal, tables};
use crate::bytes::{self, index, once_in, one_of, overwrite_number};
use crate::mutant::{Mutant, Refusal};

const NAMES: [&str; 6] = ["train.txt", "trees/dev.txt", "a/b/SOStr.txt", "trees/", "caf\u{e9}", "__MACOSX/._x"];
const HOSTILE: [&str; 6] = ["../x", "/etc/x", "a\\x", "a\0x", "a/../../x", ""];
const END: [u8; 4] = *b"PK\x05\x06";
const ENTRY: [u8; 4] = *b"PK\x01\x02";

#[derive(Debug)]
pub(super) struct Zips;

fn archive(random: &mut Random) -> Vec<u8> {
    let mut files = Vec::new();
    for _ in 0..=random.below(3) {
        let name = if once_in(random, 12) { one_of(random, &HOSTILE) } else { one_of(random, &NAMES) };
        let content = if once_in(random, 3000) { vec![b' '; 70 << 20] } else { tables::table(random) };
        files.push((name.to_owned(), if name.ends_with('/') { Vec::new() } else { content }));
    }
    zip(&files)
}

impl Format for Zips {
    fn make(&self, random: &mut Random) -> Mutant {
        let (mut bytes, other) = (archive(random), archive(random));
        for _ in 0..random.below(3) {
            // The list at the end is a small part of the file, and has all that the archive says of itself.
            let list = bytes.windows(ENTRY.len()).position(|part| part == ENTRY).unwrap_or(0);
            if once_in(random, 2) {
                overwrite_number(random, &mut bytes[list..]);
            } else {
                bytes::change(random, &mut bytes, &other);
            }
        }
        let extension = ["zip", "ZIP"][index(random, 2)];
        Mutant::new(format!("m.{extension}"), bytes)
    }

    /// The end is there, and the list where it says.
    fn is_accepted(&self, mutant: &Mutant) -> bool {
        let bytes = mutant.bytes.as_slice();
        let Some(end) = bytes.windows(END.len()).rposition(|part| part == END) else { return false };
        let Some(offset) = bytes[end..].get(16..20).and_then(|offset| offset.try_into().ok()) else { return false };
        bytes.get(u32::from_le_bytes(offset) as usize..).is_some_and(|list| list.starts_with(&ENTRY))
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        let read = ZipArchive::open(path)
            .and_then(|archive| archive.names().try_for_each(|name| archive.text(name).map(drop)));
        read.map_err(|error| corpus_refusal(&error))
    }
}
