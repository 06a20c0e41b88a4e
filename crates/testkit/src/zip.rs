//! ZIP archives as other programs write them.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A ZIP archive: each file deflated, as the originals are.
pub fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let offset = bytes.len() as u32;
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut fields: Vec<u8> = [20_u16, 0, 8, 0, 0].into_iter().flat_map(u16::to_le_bytes).collect();
        fields.extend([crc.sum(), packed.len() as u32, content.len() as u32].into_iter().flat_map(u32::to_le_bytes));
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        bytes.extend([b"PK\x03\x04", &fields[..], name.as_bytes(), &packed].concat());
        list.extend([b"PK\x01\x02\x14\x03", &fields[..], &[0; 6]].concat());
        list.extend([0o100_644_u32 << 16, offset].into_iter().flat_map(u32::to_le_bytes));
        list.extend(name.as_bytes());
    }
    let (offset, size, n) = (bytes.len() as u32, list.len() as u32, files.len() as u16);
    bytes.extend(list);
    bytes.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &n.to_le_bytes(), &n.to_le_bytes()].concat());
    bytes.extend([&size.to_le_bytes()[..], &offset.to_le_bytes(), &[0, 0]].concat());
    bytes
}
