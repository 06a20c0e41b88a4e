//! Parquet: tables of other tools, raw files and token files, changed in their pages, footers and metadata.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow::datatypes::{DataType, Field, Int32Type};
use corpus::raw::{RawMetadata, RawSet, Record};
use corpus::task::Task;
use corpus::tokenizer::Overflow;
use corpus::tokens::{Labels, TokenSet, TokensMetadata};
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use parquet::file::properties::{WriterProperties, WriterVersion};
use testkit::Random;

use super::{Format, corpus_refusal, tables};
use crate::bytes::{self, index, once_in};
use crate::mutant::{Mutant, Refusal};
use crate::text::piece;

/// The marks at both ends of a file, and the length of the footer.
const MARK: usize = 4;
const TAIL: usize = 8;

pub(super) struct ParquetTables {
    /// A name that says the reader, and a file.
    files: Vec<(&'static str, Vec<u8>)>,
}

impl ParquetTables {
    pub(super) fn new() -> Self {
        let mut files = vec![("raw.parquet", raw()), ("tokens.parquet", tokens())];
        let metadata = r#"{"info": {"features": {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}"#;
        for (compression, version, dictionary) in [
            (Compression::UNCOMPRESSED, WriterVersion::PARQUET_1_0, true),
            (Compression::UNCOMPRESSED, WriterVersion::PARQUET_2_0, false),
            (Compression::SNAPPY, WriterVersion::PARQUET_2_0, true),
            (Compression::ZSTD(ZstdLevel::default()), WriterVersion::PARQUET_1_0, false),
        ] {
            let properties = WriterProperties::builder()
                .set_compression(compression)
                .set_writer_version(version)
                .set_dictionary_enabled(dictionary)
                .set_data_page_row_count_limit(7)
                .set_max_row_group_row_count(Some(20))
                .set_write_batch_size(5)
                .set_key_value_metadata(Some(vec![KeyValue::new("huggingface".to_owned(), metadata.to_owned())]))
                .build();
            files.push(("m.parquet", table(properties)));
        }
        Self { files }
    }
}

fn table(properties: WriterProperties) -> Vec<u8> {
    let n = 30;
    let texts: Vec<Option<String>> = (0..n).map(|i| (i % 11 != 3).then(|| format!("text {i}"))).collect();
    let kinds: DictionaryArray<Int32Type> = (0..n).map(|i| Some(["good", "bad", "fair"][i % 3])).collect();
    let inner: ArrayRef = Arc::new(StringArray::from_iter_values((0..n).map(|i| i.to_string())));
    let nested = StructArray::from(vec![(Arc::new(Field::new("a", DataType::Utf8, true)), inner)]);
    let lists = (0..n).map(|i| Some((0..i as i32 % 3).map(Some).collect::<Vec<_>>()));
    let columns: [(&str, ArrayRef); 6] = [
        ("text", Arc::new(StringArray::from(texts))),
        ("label", Arc::new(Int64Array::from_iter_values((0..n as i64).map(|i| i % 2)))),
        ("score", Arc::new(Float64Array::from_iter_values((0..n).map(|i| i as f64 / n as f64)))),
        ("kind", Arc::new(kinds)),
        ("nested", Arc::new(nested)),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn raw() -> Vec<u8> {
    let record = |id: i64| Record {
        label: Some((id % 2) as i32),
        kept: vec![Some("north".to_owned())],
        ..Record::sentence(id, format!("text {id}"))
    };
    let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
    let metadata = RawMetadata {
        label_names: names(["bad", "good"]),
        ordered: true,
        dataset: "files".to_owned(),
        source: "files".to_owned(),
        license: "none".to_owned(),
        kept: vec!["region".to_owned()],
    };
    let mut bytes = Vec::new();
    RawSet { metadata, records: (0..30).map(record).collect() }.write(&mut bytes).unwrap();
    bytes
}

fn tokens() -> Vec<u8> {
    let metadata = TokensMetadata {
        dataset: "files".to_owned(),
        task: Task::Sst2,
        label_names: vec!["negative".to_owned(), "positive".to_owned()],
        tokenizer_sha256: "0".repeat(64),
        max_length: 8,
        rows_truncated: 0,
        overflow: Overflow::default(),
        padding: None,
        kept: Vec::new(),
    };
    let n = 30;
    let set = TokenSet {
        metadata,
        ids: (0..n).collect(),
        sentence_ids: (0..n).collect(),
        input_ids: (0..n as i32 * 3).collect(),
        offsets: (0..=n as usize).map(|i| i * 3).collect(),
        window_offsets: (0..=n as usize).collect(),
        labels: Labels::Classes((0..n as i32).map(|i| Some(i % 2)).collect()),
    };
    let mut bytes = Vec::new();
    set.write(&mut bytes).unwrap();
    bytes
}

/// The bytes of a file that are its footer.
fn footer(file: &[u8]) -> std::ops::Range<usize> {
    let end = file.len().saturating_sub(TAIL);
    let length = file.get(end..end + 4).map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap()) as usize);
    end.saturating_sub(length)..end
}

/// Changes a part of a file in place of it; the footer's length is mended where it changed.
fn change_part(random: &mut Random, file: &mut Vec<u8>, range: std::ops::Range<usize>, other: &[u8]) {
    let is_footer = range.end == file.len() - TAIL;
    let mut part = file[range.clone()].to_vec();
    match random.below(4) {
        0 if !part.is_empty() => bytes::overwrite_number(random, &mut part),
        1 if !part.is_empty() => {
            // The numbers of Thrift and of pages are varints, often of a byte.
            let at = index(random, part.len());
            part[at] = part[at].wrapping_add(random.below(5) as u8).wrapping_sub(2);
        }
        _ => bytes::change(random, &mut part, other),
    }
    let length = part.len() as u32;
    file.splice(range, part);
    if is_footer && !once_in(random, 8) {
        let at = file.len() - TAIL;
        file[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }
}

/// Another text of the same length where a text of the file's schema or metadata stands.
fn change_word(random: &mut Random, file: &mut [u8]) {
    const WORDS: [&str; 14] = [
        "text",
        "label",
        "score",
        "kind",
        "nested",
        "list",
        "names",
        "ClassLabel",
        "ARROW:schema",
        "label_names",
        "dataset",
        "sst2",
        "positive",
        "max_length",
    ];
    let word = bytes::one_of(random, &WORDS).as_bytes();
    let places: Vec<usize> =
        file.windows(word.len()).enumerate().filter(|(_, part)| *part == word).map(|(at, _)| at).collect();
    let Some(&at) = places.get(index(random, places.len())) else { return };
    let new = piece(random);
    for (byte, new) in file[at..at + word.len()].iter_mut().zip(new.bytes().cycle()) {
        *byte = new;
    }
}

impl Format for ParquetTables {
    fn make(&self, random: &mut Random) -> Mutant {
        let (name, file) = &self.files[index(random, self.files.len())];
        let (_, other) = &self.files[index(random, self.files.len())];
        let mut bytes = file.clone();
        for _ in 0..=random.below(3) {
            let footer = footer(&bytes);
            if bytes.len() < MARK + TAIL || footer.start < MARK {
                break;
            }
            match random.below(6) {
                0 | 1 => change_part(random, &mut bytes, MARK..footer.start, other),
                2 | 3 => change_part(random, &mut bytes, footer, other),
                4 => change_word(random, &mut bytes),
                _ => {
                    // The pages of one file under the footer of another.
                    let theirs = self::footer(other);
                    bytes.truncate(footer.start);
                    bytes.extend_from_slice(&other[theirs.start..]);
                }
            }
        }
        if once_in(random, 12) {
            bytes::change(random, &mut bytes, other);
        }
        Mutant::new(*name, bytes)
    }

    /// Its footer is one of Parquet.
    fn is_accepted(&self, mutant: &Mutant) -> bool {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&mutant.bytes).unwrap();
        let parse = || ParquetMetaDataReader::new().parse_and_finish(&file).is_ok();
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(parse)).unwrap_or(false)
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        let refusal = |error: corpus::CorpusError| corpus_refusal(&error);
        match path.file_name().and_then(|name| name.to_str()) {
            Some("raw.parquet") => RawSet::read(path).map(drop).map_err(refusal),
            Some("tokens.parquet") => {
                let set = TokenSet::read(path).map_err(refusal)?;
                assert!(set.input_ids.iter().all(|&id| id >= 0), "tokens that were not checked");
                Ok(())
            }
            _ => tables::read(path),
        }
    }
}
