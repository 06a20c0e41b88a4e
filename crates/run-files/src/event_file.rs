//! TensorBoard event file: the bytes of its records, for programs that append them.
//!
//! A file is a sequence of records: length (u64), its masked CRC-32C, the bytes of an `Event` message, their masked
//! CRC-32C, all little-endian (`tensorflow/core/lib/io/record_writer.h`, `core/util/event.proto`). TensorBoard reads
//! every file whose name holds `tfevents`.

use std::time::{SystemTime, UNIX_EPOCH};

use crc::{CRC_32_ISCSI, Crc};

const CRC_32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// The wall time of an event that happens now, in seconds since 1970.
#[must_use]
pub fn wall_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The record that a file begins with.
#[must_use]
pub fn first_record(wall_time: f64) -> Vec<u8> {
    event_record(wall_time, 0, &field(3, Wire::Bytes(b"brain.Event:2")))
}

/// A record of scalars by their tags, such as `eval/accuracy`, which TensorBoard keeps as float32.
#[must_use]
pub fn scalars_record(wall_time: f64, step: u64, scalars: &[(String, f64)]) -> Vec<u8> {
    let values = scalars.iter().map(|(tag, value)| {
        let value = [field(1, Wire::Bytes(tag.as_bytes())), field(2, Wire::Float(*value as f32))].concat();
        field(1, Wire::Bytes(&value))
    });
    let summary = values.collect::<Vec<_>>().concat();
    event_record(wall_time, step, &field(5, Wire::Bytes(&summary)))
}

fn event_record(wall_time: f64, step: u64, content: &[u8]) -> Vec<u8> {
    record(&[&field(1, Wire::Double(wall_time)), &field(2, Wire::Integer(step)), content].concat())
}

/// The value of a field of a protocol buffer.
enum Wire<'a> {
    Integer(u64),
    Double(f64),
    Float(f32),
    Bytes(&'a [u8]),
}

fn field(number: u64, value: Wire<'_>) -> Vec<u8> {
    let key = |wire_type: u64| varint(number << 3 | wire_type);
    match value {
        Wire::Integer(value) => [key(0), varint(value)].concat(),
        Wire::Double(value) => [key(1), value.to_le_bytes().to_vec()].concat(),
        Wire::Bytes(value) => [key(2), varint(value.len() as u64), value.to_vec()].concat(),
        Wire::Float(value) => [key(5), value.to_le_bytes().to_vec()].concat(),
    }
}

/// Seven bits a byte, the lowest first; all but the last have the high bit set.
fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked_crc(&length), data, &masked_crc(data)].concat()
}

/// The format stores rotated checksums, since a CRC of data that contains its own CRC detects little.
fn masked_crc(data: &[u8]) -> [u8; 4] {
    CRC_32C.checksum(data).rotate_right(15).wrapping_add(0xA282_EAD8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tests/reference/test_tensorboard.py` reads whole files back with TensorBoard; this fixes the bytes.
    #[test]
    fn fields_and_records_have_the_bytes_of_the_format() {
        assert_eq!(varint(300), [0xAC, 0x02]);
        let tag = field(1, Wire::Bytes(b"train/loss"));
        assert_eq!(tag, b"\x0a\x0atrain/loss");
        assert_eq!(field(2, Wire::Float(0.5)), [0x15, 0, 0, 0, 0x3F]);
        assert_eq!(record(b"abc"), b"\x03\x00\x00\x00\x00\x00\x00\x00\xb0\x99\x49\x0e\x61\x62\x63\x6e\x57\xf1\x21");
    }
}
