//! gzip and Zstandard: of tables that were changed, archives that were changed, and archives that unpack beyond measure.

use std::io::{self, Read, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use testkit::Random;

use super::{Format, tables};
use crate::bytes::{self, index, once_in, one_of};
use crate::mutant::{Mutant, Refusal};

/// More than any archive may unpack to (64 MiB, or 250 times its size).
const TOO_MUCH: u64 = 80 << 20;
/// A mutant in so many is a bomb: unpacking one takes a tenth of a second.
const BOMBS: u64 = 500;
/// As far as the outer parser unpacks.
const ENOUGH: u64 = 1 << 20;

pub(super) struct Archives {
    /// By kind.
    bombs: Vec<(&'static str, Vec<u8>)>,
}

impl Archives {
    pub(super) fn new() -> Self {
        let line = || io::repeat(b'a').take(TOO_MUCH);
        let mut gz = GzEncoder::new(Vec::new(), flate2::Compression::best());
        io::copy(&mut line(), &mut gz).unwrap();
        let zst = zstd::encode_all(line(), 1).unwrap();
        Self { bombs: vec![("gz", gz.finish().unwrap()), ("zst", zst)] }
    }
}

fn packed(random: &mut Random, kind: &str, content: &[u8]) -> Vec<u8> {
    if kind == "zst" {
        return zstd::encode_all(content, index(random, 19) as i32 + 1).unwrap();
    }
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::new(random.below(10) as u32));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

impl Format for Archives {
    fn make(&self, random: &mut Random) -> Mutant {
        if once_in(random, BOMBS) {
            let (kind, bomb) = &self.bombs[index(random, self.bombs.len())];
            let mut bomb = bomb.clone();
            if once_in(random, 2) {
                let other = bomb.clone();
                bytes::change(random, &mut bomb, &other);
            }
            return Mutant::new(format!("m.csv.{kind}"), bomb);
        }
        let kind = one_of(random, &["gz", "zst"]);
        let content = tables::table(random);
        let cut = index(random, content.len() + 1);
        let mut archive = if once_in(random, 3) {
            [packed(random, kind, &content[..cut]), packed(random, kind, &content[cut..])].concat()
        } else {
            packed(random, kind, &content)
        };
        let other = archive.clone();
        (0..random.below(3)).for_each(|_| bytes::change(random, &mut archive, &other));
        Mutant::new(format!("m.csv.{kind}"), archive)
    }

    /// Its first mebibyte unpacks.
    fn is_accepted(&self, mutant: &Mutant) -> bool {
        let bytes = mutant.bytes.as_slice();
        let mut sink = io::sink();
        let unpacked = if mutant.name.ends_with("zst") {
            zstd::Decoder::new(bytes).and_then(|decoder| io::copy(&mut decoder.take(ENOUGH), &mut sink))
        } else {
            io::copy(&mut flate2::read::MultiGzDecoder::new(bytes).take(ENOUGH), &mut sink)
        };
        unpacked.is_ok()
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        tables::read(path)
    }
}
