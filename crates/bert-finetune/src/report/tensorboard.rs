//! TensorBoard event file, `tensorboard/events.out.tfevents.0.bert-finetune`, made from the log.
//!
//! Its numbers are those of `log.jsonl`, under the tags of Transformers: `train/loss`, `eval/accuracy`. It is rewritten
//! from the log whenever a run starts or resumes. It holds wall times, so two equal runs differ in it.
//!
//! A file is a sequence of records: length (u64), its masked CRC-32C, the bytes of an `Event` message, their masked
//! CRC-32C, all little-endian (`tensorflow/core/lib/io/record_writer.h`, `core/util/event.proto`).

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use crc::{CRC_32_ISCSI, Crc};
use run_files::log::{self, Event};
use serde_json::Value;
use stage::AppendLog;

const FILE: &str = "events.out.tfevents.0.bert-finetune";
const CRC_32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// An event file that grows with the run.
#[derive(Debug)]
pub(crate) struct TensorBoard {
    file: AppendLog,
}

impl TensorBoard {
    /// Starts the file in `folder` with the events that are already in the log at `path`.
    pub(crate) fn open(folder: &Path, path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let mut board = Self { file: AppendLog::open(&folder.join(FILE), 0)? };
        board.write(0, &field(3, Wire::Bytes(b"brain.Event:2")))?;
        for event in log::read(path)? {
            board.append(&event)?;
        }
        Ok(board)
    }

    /// Appends the numbers of `event`, if it has any.
    pub(crate) fn append(&mut self, event: &Event) -> anyhow::Result<()> {
        let scalars = scalars(event)?;
        let Some(step) = step_of(event).filter(|_| !scalars.is_empty()) else { return Ok(()) };
        let values = scalars.iter().map(|(tag, value)| {
            let value = [field(1, Wire::Bytes(tag.as_bytes())), field(2, Wire::Float(*value as f32))].concat();
            field(1, Wire::Bytes(&value))
        });
        let summary = values.collect::<Vec<_>>().concat();
        self.write(step, &field(5, Wire::Bytes(&summary)))
    }

    fn write(&mut self, step: u64, content: &[u8]) -> anyhow::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let event = [&field(1, Wire::Double(now)), &field(2, Wire::Integer(step)), content].concat();
        self.file.append_bytes(&record(&event))
    }
}

fn step_of(event: &Event) -> Option<u64> {
    match event {
        Event::Train { step, .. } | Event::Evaluate { step, .. } => Some(*step),
        _ => None,
    }
}

/// The numbers of an event, with the tags that Transformers gives them.
fn scalars(event: &Event) -> anyhow::Result<Vec<(String, f64)>> {
    let Value::Object(fields) = serde_json::to_value(event)? else { return Ok(Vec::new()) };
    let numbers = fields.iter().filter(|(name, _)| *name != "step");
    let tag = |name: &str| match name.strip_prefix("eval_") {
        Some(name) => format!("eval/{name}"),
        None => format!("train/{name}"),
    };
    Ok(numbers.filter_map(|(name, value)| Some((tag(name), value.as_f64()?))).collect())
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
