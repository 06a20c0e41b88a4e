//! Whether a shared library is all there. The loader maps files; of one that ends early, reading kills the process.

use std::fs::File;
use std::io::Read;

/// Bytes of a 64-bit ELF header.
const HEADER: usize = 64;

/// Whether the file ends before its table of sections, which linkers write last. What is no ELF file is left to the loader.
pub(super) fn is_incomplete(mut file: &File) -> bool {
    let mut header = [0; HEADER];
    if file.read_exact(&mut header).is_err() {
        return true;
    }
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    header.starts_with(b"\x7fELF") && size < end_of_sections(&header)
}

fn end_of_sections(header: &[u8; HEADER]) -> u64 {
    // e_shoff, e_shentsize, e_shnum of the System V ABI, chapter 4.
    let [a, b, c, d, e, f, g, h] = [40, 41, 42, 43, 44, 45, 46, 47].map(|i: usize| header[i]);
    let offset = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let [entry_size, n_entries] = [58, 60].map(|i: usize| u64::from(u16::from_le_bytes([header[i], header[i + 1]])));
    offset.saturating_add(entry_size * n_entries)
}
