//! `docs/formats.md` against the code: the tables of columns and of metadata are those of the files that are written.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use arrow::datatypes::DataType;
use corpus::raw::{RawMetadata, RawSet, Record};
use corpus::task::Task;
use corpus::tokenizer::{Overflow, TruncationSide};
use corpus::tokens::{Labels, Padding, TokenSet, TokensMetadata};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The first two cells of each row of the table whose first heading is `heading`, in the section `section`.
fn documented(section: &str, heading: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let text = fs::read_to_string(path).unwrap();
    let section = text.split("\n## ").find(|part| part.starts_with(section)).unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with(&format!("| {heading} |")));
    let cells = rows.skip(2).take_while(|line| line.starts_with('|')).map(|line| {
        let mut cells = line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).skip(1);
        (cells.next().unwrap(), cells.next().unwrap())
    });
    cells.collect()
}

/// The columns of a Parquet file with their types in words, and the keys of its metadata.
fn written(file: File) -> (Vec<(String, String)>, BTreeSet<String>) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let type_name = |data_type: &DataType| match data_type {
        DataType::List(item) => format!("list of {}", item.data_type().to_string().to_lowercase()),
        DataType::Boolean => "bool".to_owned(),
        other => other.to_string().to_lowercase(),
    };
    let fields = reader.schema().fields().iter().map(|field| (field.name().clone(), type_name(field.data_type())));
    let pairs = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let keys = pairs.iter().map(|pair| pair.key.clone()).filter(|key| key != "ARROW:schema");
    (fields.collect(), keys.collect())
}

fn documented_keys(section: &str) -> BTreeSet<String> {
    documented(section, "file metadata").into_iter().map(|(key, _)| key).collect()
}

#[test]
fn raw_files_are_as_documented() {
    let metadata = RawMetadata {
        ordered: false,
        label_names: vec!["bad".to_owned(), "good".to_owned()],
        dataset: "test".to_owned(),
        source: "test".to_owned(),
        license: "none".to_owned(),
        kept: vec!["region".to_owned()],
    };
    let record = Record { label: Some(1), kept: vec![None], ..Record::sentence(0, "It") };
    let mut file = tempfile::tempfile().unwrap();
    RawSet { metadata, records: vec![record] }.write(&mut file).unwrap();
    let (columns, keys) = written(file);
    let kept = ("region".to_owned(), "utf8".to_owned());
    assert_eq!(columns, documented("`raw/*.parquet`", "column").into_iter().chain([kept]).collect::<Vec<_>>());
    assert_eq!(keys, documented_keys("`raw/*.parquet`"));
}

#[test]
fn token_files_are_as_documented() {
    let documented = documented("`tokens/*.parquet`", "column");
    let windows = Overflow::Windows { stride: 1 };
    let head_tail = Overflow::Truncate(TruncationSide::HeadTail);
    for (labels, other, overflow) in [
        (Labels::Classes(vec![Some(1)]), "score", windows),
        (Labels::Scores(vec![Some(0.5)]), "label", windows),
        (Labels::Classes(vec![Some(1)]), "score", head_tail),
    ] {
        let metadata = TokensMetadata {
            dataset: "test".to_owned(),
            task: if other == "score" { Task::Labels } else { Task::Regression },
            label_names: Vec::new(),
            tokenizer_sha256: String::new(),
            max_length: 4,
            rows_truncated: 0,
            overflow,
            padding: Some(Padding { length: 4, pad_token_id: 0 }),
            kept: vec!["region".to_owned()],
        };
        let (ids, sentence_ids) = (vec![0], vec![0]);
        let (input_ids, offsets, window_offsets) = (vec![2, 5, 3], vec![0, 3], vec![0, 1]);
        let set = TokenSet { metadata, ids, sentence_ids, input_ids, offsets, window_offsets, labels };
        let mut file = tempfile::tempfile().unwrap();
        set.write(&mut file).unwrap();
        let (columns, keys) = written(file);
        let kept = ("region".to_owned(), "utf8".to_owned());
        // Columns and facts that the other way of reading long texts has.
        let lacks: &[&str] = if overflow == windows { &["truncation_side"] } else { &["window", "window_stride"] };
        let has = |name: &String| name != other && !lacks.contains(&name.as_str());
        let expected = documented.iter().filter(|(name, _)| has(name)).cloned().chain([kept]);
        assert_eq!(columns, expected.collect::<Vec<_>>());
        let expected = documented_keys("`tokens/*.parquet`").into_iter().filter(has);
        assert_eq!(keys, expected.collect());
    }
}
