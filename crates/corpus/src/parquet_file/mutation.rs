//! Damaged copies of a file, for tests that nothing panics on them.

use std::io::{Seek, Write};
use std::path::Path;

/// Calls `read` on truncated and bit-flipped copies of `bytes`.
pub(crate) fn for_each_damaged(bytes: &[u8], read: impl Fn(&Path)) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut state = 42_u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for round in 0..600 {
        let mut copy = bytes.to_vec();
        if round % 3 == 0 {
            copy.truncate(below(bytes.len()));
        } else {
            for _ in 0..=round % 4 {
                let index = below(copy.len());
                copy[index] ^= 1 << below(8);
            }
        }
        file.as_file().set_len(0).unwrap();
        file.rewind().unwrap();
        file.write_all(&copy).unwrap();
        read(file.path());
    }
}
