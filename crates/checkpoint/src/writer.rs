//! Safetensors writer: to any stream, a tensor at a time, with the same bytes for the same tensors.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::element::Element;

/// A tensor to be written; its bytes are produced when their turn comes.
pub struct TensorBytes<'a> {
    /// Its name in the file.
    pub name: String,
    /// Its type.
    pub element: Element,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its bytes, little-endian, row by row.
    pub bytes: Box<dyn FnOnce() -> io::Result<Vec<u8>> + 'a>,
}

/// Writes `tensors` in the given order, with the metadata `{"format": "pt"}` that Transformers asks for.
///
/// # Errors
/// Fails when the stream does, when bytes cannot be produced, or when their number does not fit the shape.
pub fn write_safetensors(stream: &mut impl Write, tensors: Vec<TensorBytes<'_>>) -> io::Result<()> {
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), json!({ "format": "pt" }));
    let mut end = 0;
    for tensor in &tensors {
        let begin = end;
        end += size_in_bytes(tensor);
        let entry = json!({
            "dtype": element_name(tensor.element), "shape": tensor.shape, "data_offsets": [begin, end]
        });
        header.insert(tensor.name.clone(), entry);
    }
    let mut header = Value::from(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' '); // so that the tensors begin aligned
    stream.write_all(&(header.len() as u64).to_le_bytes())?;
    stream.write_all(&header)?;
    for tensor in tensors {
        let size = size_in_bytes(&tensor);
        let bytes = (tensor.bytes)()?;
        if bytes.len() != size {
            let problem = format!("tensor {} has {} bytes; its shape asks for {size}", tensor.name, bytes.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        stream.write_all(&bytes)?;
    }
    Ok(())
}

fn size_in_bytes(tensor: &TensorBytes<'_>) -> usize {
    tensor.shape.iter().product::<usize>() * tensor.element.size()
}

fn element_name(element: Element) -> &'static str {
    match element {
        Element::F32 => "F32",
        Element::F16 => "F16",
        Element::BF16 => "BF16",
        Element::F64 => "F64",
        Element::I64 => "I64",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CheckpointError;
    use crate::safetensors_file::SafetensorsFile;
    use std::path::Path;

    fn file() -> Vec<u8> {
        let tensor = |name: &str, values: &'static [f32]| TensorBytes {
            name: name.to_owned(),
            element: Element::F32,
            shape: vec![values.len()],
            bytes: Box::new(|| Ok(values.iter().flat_map(|value| value.to_le_bytes()).collect())),
        };
        let mut file = Vec::new();
        write_safetensors(&mut file, vec![tensor("b", &[1.0, 2.0]), tensor("a", &[3.0])]).unwrap();
        file
    }

    fn opened(path: &Path, bytes: &[u8]) -> Result<SafetensorsFile, CheckpointError> {
        use std::io::Seek;
        let mut target = std::fs::OpenOptions::new().write(true).create(true).truncate(true).open(path).unwrap();
        target.rewind().unwrap();
        target.write_all(bytes).unwrap();
        SafetensorsFile::open(path)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut read = opened(&folder.path().join("x.safetensors"), &file()).unwrap();
        assert_eq!(read.entries["b"].shape, [2]);
        assert_eq!(read.read("b").unwrap(), [0, 0, 128, 63, 0, 0, 0, 64]);
        assert_eq!(read.read("a").unwrap(), [0, 0, 64, 64]);
        assert!(read.read("c").unwrap_err().to_string().ends_with("x.safetensors: tensor c: missing"));
    }

    #[test]
    fn every_truncation_is_noticed_and_no_flipped_header_bit_panics() {
        let folder = tempfile::tempdir().unwrap();
        let (path, whole) = (folder.path().join("x.safetensors"), file());
        for length in 0..whole.len() {
            assert!(opened(&path, &whole[..length]).is_err(), "{length} bytes were taken for a whole file");
        }
        let header_bits = 8 * (whole.len() - 12);
        for bit in 0..header_bits {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = opened(&path, &flipped);
        }
    }
}
