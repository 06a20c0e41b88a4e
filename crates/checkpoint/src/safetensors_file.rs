//! Safetensors reader: the table of tensors, and their bytes one at a time.
//!
//! Only the header is held in memory, so opening a large checkpoint costs nothing and reading it never holds it twice.
//! (The `safetensors` crate parses the header, but would check it only against a whole file in memory.)

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Metadata, TensorInfo};

use crate::element::Element;
use crate::error::CheckpointError;
use crate::not_finite::NotFinite;
use crate::stand_in::StandIn;

/// A tensor's row in the table: its dtype, its shape and where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorEntry {
    /// Its type; `None` for one that weights never have.
    pub element: Option<Element>,
    /// Its shape.
    pub shape: Vec<usize>,
    begin: u64,
    bytes: usize,
}

/// An open safetensors file.
#[derive(Debug)]
pub struct SafetensorsFile {
    path: PathBuf,
    file: File,
    /// The tensors by the names that the file gives them.
    pub entries: BTreeMap<String, TensorEntry>,
}

/// The format's own bound on the header.
const MAX_HEADER_SIZE: u64 = 100_000_000;

impl SafetensorsFile {
    /// Reads and checks the header of `path`.
    ///
    /// # Errors
    /// Fails when the file cannot be read, its header is not valid, or its size is not what the header says.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let io = |source| CheckpointError::Io { path: path.to_owned(), source };
        let damaged = |problem: String| CheckpointError::Damaged { path: path.to_owned(), problem };
        let mut file = File::open(path).map_err(io)?;
        let file_size = file.metadata().map_err(io)?.len();
        if let Some(stand_in) = StandIn::in_file(&mut file).map_err(io)? {
            return Err(damaged(stand_in.to_string()));
        }
        if file_size < 8 {
            return Err(damaged(format!("it has {file_size} bytes")));
        }
        let mut header = vec![0; 8];
        file.read_exact(&mut header).map_err(io)?;
        let header_size = header.iter().rev().fold(0, |size, &byte| (size << 8) | u64::from(byte));
        if header_size > MAX_HEADER_SIZE || header_size > file_size - 8 {
            return Err(damaged(format!("its header claims {header_size} of the file's {file_size} bytes")));
        }
        file.by_ref().take(header_size).read_to_end(&mut header).map_err(io)?;
        let metadata: Metadata = serde_json::from_slice(&header[8..]).map_err(|error| damaged(error.to_string()))?;

        let data_begin = 8 + header_size;
        let mut data_end = 0;
        let mut entries = BTreeMap::new();
        for name in metadata.offset_keys() {
            let Some(info) = metadata.info(&name) else { continue };
            let (begin, end) = info.data_offsets;
            if begin != data_end || size_in_bytes(info) != end.checked_sub(begin) {
                return Err(damaged(format!(
                    "tensor {name} claims bytes {begin} to {end}, which does not fit its shape"
                )));
            }
            data_end = end;
            let (element, shape) = (Element::of(info.dtype), info.shape.clone());
            entries.insert(name, TensorEntry { element, shape, begin: data_begin + begin as u64, bytes: end - begin });
        }
        let file_end = data_begin + data_end as u64;
        if file_end != file_size {
            return Err(damaged(format!("its tensors end at byte {file_end}, but the file has {file_size} bytes")));
        }
        Ok(Self { path: path.to_owned(), file, entries })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the bytes of the tensor `name`, little-endian, row by row.
    ///
    /// # Errors
    /// Fails when there is no such tensor, the file cannot be read, or a number is NaN or infinite.
    pub fn read(&mut self, name: &str) -> Result<Vec<u8>, CheckpointError> {
        let entry = self.entries.get(name).ok_or_else(|| self.tensor_error(name, "missing"))?;
        let mut bytes = vec![0; entry.bytes];
        let read = self.file.seek(SeekFrom::Start(entry.begin)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|source| CheckpointError::Io { path: self.path.clone(), source })?;
        let not_finite = entry.element.and_then(|element| NotFinite::find(element, &entry.shape, &bytes));
        match not_finite {
            Some(not_finite) => Err(self.tensor_error(name, not_finite.to_string())),
            None => Ok(bytes),
        }
    }

    /// An error about one tensor of this file.
    pub fn tensor_error(&self, tensor: &str, problem: impl Into<String>) -> CheckpointError {
        CheckpointError::Tensor { path: self.path.clone(), tensor: tensor.to_owned(), problem: problem.into() }
    }
}

/// The size that shape and type ask for, where it can be counted at all.
fn size_in_bytes(info: &TensorInfo) -> Option<usize> {
    let elements = info.shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size))?;
    Some(elements.checked_mul(info.dtype.bitsize())?.div_ceil(8))
}
