//! `model.safetensors`: its header as JSON, its length, its bytes.

use std::path::Path;

use checkpoint::ModelFolder;
use serde_json::{Value, json};
use testkit::{Random, fixture};

use super::{Format, chain};
use crate::bytes::{self, once_in};
use crate::json;
use crate::mutant::{Mutant, Refusal};

/// Numbers that are kept of the fixture's: the rest of its 70 KB is all the same to a reader.
const FILES: [&str; 2] = ["config.json", "vocab.txt"];

pub(super) struct Weights {
    header: Value,
    data: Vec<u8>,
}

impl Weights {
    pub(super) fn new() -> Self {
        let bytes = std::fs::read(fixture("small-bert/model.safetensors")).unwrap();
        let size = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header = serde_json::from_slice(&bytes[8..8 + size]).unwrap();
        Self { header, data: bytes[8 + size..].to_vec() }
    }
}

impl Format for Weights {
    fn make(&self, random: &mut Random) -> Mutant {
        let other = json!({
            "classifier.weight": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}, "__metadata__": {"format": "pt"},
            "bert.embeddings.LayerNorm.gamma": {"dtype": "I64", "shape": [u64::MAX, 2], "data_offsets": [8, 4]}
        });
        let header = match random.below(8) {
            0 => self.header.to_string().into_bytes(),
            1..6 => {
                let mut header = self.header.clone();
                (0..=random.below(2)).for_each(|_| json::change(random, &mut header, &other));
                header.to_string().into_bytes()
            }
            _ => json::mutated(random, &self.header, &other),
        };
        let mut header_size = (header.len() as u64).to_le_bytes();
        if once_in(random, 8) {
            bytes::overwrite_number(random, &mut header_size);
        }
        let mut data = self.data.clone();
        if once_in(random, 3) {
            bytes::overwrite_number(random, &mut data);
        }
        let mut file = [&header_size, header.as_slice(), &data].concat();
        if once_in(random, 6) {
            let other = file.clone();
            bytes::change(random, &mut file, &other);
        }
        Mutant::new("model.safetensors", file)
    }

    /// A header of JSON lies in the file.
    fn is_accepted(&self, mutant: &Mutant) -> bool {
        let header = mutant.bytes.first_chunk::<8>().and_then(|size| {
            let size = usize::try_from(u64::from_le_bytes(*size)).ok()?;
            mutant.bytes.get(8..size.checked_add(8)?)
        });
        header.is_some_and(|header| serde_json::from_slice::<Value>(header).is_ok())
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        let folder = path.parent().unwrap();
        for name in FILES {
            if !folder.join(name).exists() {
                std::fs::copy(fixture("small-bert").join(name), folder.join(name)).unwrap();
            }
        }
        let read = ModelFolder::open(folder).and_then(|folder| folder.check_numbers());
        read.map_err(|error| Refusal::of(chain(&error), &["tensor", "line ", "header", " bytes"]))
    }
}
