//! Indices into names, where the source says so: `ClassLabel` columns of the hub, raw files of `sst-fetch`, GLUE, trees.

use std::fs::File;
use std::path::Path;

use arrow::array::Int64Array;
use corpus::Split;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use testkit::Sandbox;

use super::parquet::{class_label, column, with_texts};
use super::{case, check, csv};
use crate::support::{Fetch, rows};

fn indices(values: &[i64]) -> Int64Array {
    Int64Array::from(values.to_vec())
}

#[test]
fn a_class_label_has_its_names_and_minus_one_is_missing() {
    let polarity = ["negative", "positive"];
    check(&[
        case("of the hub, a test split without labels")
            .file("train.parquet", class_label("label", &polarity, indices(&[1, 0, 1])))
            .file("test.parquet", class_label("label", &polarity, indices(&[-1, -1])))
            .names(&polarity)
            .labels("1 0 1")
            .labels_of(Split::Test, "- -")
            .said(&["test: 2 rows, 2 sentences, 2 without a label"])
            .unsaid("alphabet")
            .unsaid("warning"),
        case("-1 in train, among others")
            .file("train.parquet", class_label("label", &polarity, indices(&[1, -1, 0])))
            .names(&polarity)
            .labels("1 - 0")
            .said(&["train: 3 rows, 3 sentences, 1 without a label"]),
        case("names in no order are left as they are")
            .file("train.parquet", class_label("label", &["World", "Business", "Arts"], indices(&[2, 0, 1])))
            .names(&["World", "Business", "Arts"])
            .labels("2 0 1")
            .unsaid("alphabet"),
        case("a class without a row keeps its index")
            .file("train.parquet", class_label("label", &["a", "empty", "c"], indices(&[2, 0])))
            .names(&["a", "empty", "c"])
            .labels("2 0")
            .said(&["warning", "empty"]),
        case("another column than label")
            .file("train.parquet", class_label("mood", &polarity, indices(&[1, 0])))
            .flags("--label-column mood")
            .names(&polarity)
            .labels("1 0"),
        case("an index without a name")
            .file("train.parquet", class_label("label", &polarity, indices(&[0, 7])))
            .refused(&["data/train.parquet, row 2", "7"]),
        case("-2 is no index either")
            .file("train.parquet", class_label("label", &polarity, indices(&[0, 1, -2])))
            .refused(&["data/train.parquet, row 3", "-2"]),
        case("names of --label-names by rank")
            .file("train.parquet", class_label("label", &polarity, indices(&[1, 0])))
            .flags("--label-names bad,good")
            .names(&["bad", "good"])
            .labels("1 0"),
        case("too few --label-names")
            .file("train.parquet", class_label("label", &["World", "Business", "Arts"], indices(&[1, 0])))
            .flags("--label-names x,y")
            .refused(&["--label-names", "World", "Business", "Arts"]),
        case("words of the names in another split")
            .file("train.parquet", class_label("label", &polarity, indices(&[1, 0])))
            .file("test.csv", csv(&["positive", "negative"]))
            .names(&polarity)
            .labels_of(Split::Test, "1 0"),
        case("the same names in another order in the test split")
            .file("train.parquet", class_label("label", &["negative", "positive"], indices(&[1, 0])))
            .file("test.parquet", class_label("label", &["positive", "negative"], indices(&[0, 1])))
            .names(&polarity)
            .labels("1 0")
            .labels_of(Split::Test, "1 0"),
        case("a column of the hub that is no ClassLabel holds numbers")
            .file("train.parquet", value_column(&[-1, 0, 1]))
            .names(&["-1", "0", "1"])
            .labels("0 1 2"),
    ]);
}

/// A file of `datasets` whose labels are plain integers.
fn value_column(values: &[i64]) -> Vec<u8> {
    let features = r#"{"info": {"features": {"text": {"dtype": "string", "_type": "Value"},
        "label": {"dtype": "int64", "_type": "Value"}}}}"#;
    with_texts(vec![column("label", indices(values))], &[("huggingface", features)])
}

#[test]
fn glue_and_trees_have_indices() {
    check(&[
        case("GLUE: one class alone is still the second of two")
            .file("train.tsv", "sentence\tlabel\na\t1\nb\t1\n")
            .names(&["negative", "positive"])
            .labels("1 1")
            .said(&["warning", "positive"]),
        case("GLUE's header over stars: a table as any other")
            .file("train.tsv", "sentence\tlabel\na\t1\nb\t5\nc\t3\n")
            .names(&["1", "3", "5"])
            .labels("0 2 1"),
        case("GLUE's header over words")
            .file("train.tsv", "sentence\tlabel\na\tgood\nb\tbad\n")
            .names(&["bad", "good"])
            .labels("1 0"),
        case("GLUE's header, and a label in the test split that it has not: a table as any other")
            .file("train.tsv", "sentence\tlabel\na\t1\nb\t0\n")
            .file("test.tsv", "sentence\tlabel\na\t1\nb\t7\n")
            .names(&["0", "1", "7"])
            .labels("1 0")
            .said(&["warning", "7"]),
        case("GLUE's header over three sentiments")
            .file("train.tsv", "sentence\tlabel\na bad film\t-1\nit was ok\t0\na great film\t1\n")
            .names(&["-1", "0", "1"])
            .labels("0 1 2"),
        case("the same with names")
            .file("train.tsv", "sentence\tlabel\na bad film\t-1\nit was ok\t0\na great film\t1\n")
            .flags("--label-names negative,neutral,positive")
            .names(&["negative", "neutral", "positive"])
            .labels("0 1 2"),
        case("GLUE's header over another language, and over texts that are no tokens")
            .file("train.tsv", "sentence\tlabel\n\u{606d}\u{559c}\t1\n\u{660e}\u{5929}\t0\n")
            .names(&["0", "1"])
            .labels("1 0"),
        case("over texts that end with blanks, and have capitals")
            .file("train.tsv", "sentence\tlabel\nWin a prize \t1\nSee you then \t0\n")
            .names(&["0", "1"])
            .labels("1 0"),
        case("over texts whose marks do not stand apart")
            .file("train.tsv", "sentence\tlabel\nwin a prize!\t1\nsee you, then\t0\n")
            .names(&["0", "1"])
            .labels("1 0"),
        case("GLUE: its names in another order")
            .file("train.tsv", "sentence\tlabel\na \t1\nb \t0\n")
            .flags("--label-names positive,negative")
            .names(&["positive", "negative"])
            .labels("0 1"),
        case("GLUE: names by rank")
            .file("train.tsv", "sentence\tlabel\na \t1\nb \t0\n")
            .flags("--label-names bad,good")
            .names(&["bad", "good"])
            .labels("1 0"),
        case("trees: names by index, also of classes that do not occur")
            .file("train.txt", "(4 Great)\n(0 Bad)\n")
            .flags("--label-names awful,bad,ok,good,great")
            .names(&["awful", "bad", "ok", "good", "great"])
            .rows(Split::Train, &["Great|4|-", "Bad|0|-"]),
        case("trees: two names are too few")
            .file("train.txt", "(4 Great)\n(0 Bad)\n")
            .flags("--label-names bad,good")
            .refused(&["--label-names", "2"]),
    ]);
}

/// The raw files of one run as the input of another.
#[test]
fn what_this_stage_writes_it_also_reads() {
    let sandbox = Sandbox::new();
    let again = |train: &str, test: &str, flags: &str| {
        sandbox.write("data/train.csv", train);
        sandbox.write("data/test.csv", test);
        sandbox.fetched(&format!("dataset --source data --out raw {flags}"));
        sandbox.fetched("dataset --train raw/train.parquet --test raw/test.parquet --out again");
        for split in ["train", "test"] {
            let file = |folder: &str| sandbox.path(&format!("{folder}/{split}.parquet"));
            assert_eq!(rows(&file("again")), rows(&file("raw")), "{train}");
            let names = |folder: &str| corpus::raw::RawSet::read(&file(folder)).unwrap().metadata.label_names;
            assert_eq!(names("again"), names("raw"), "{train}");
        }
    };
    // Names in an order of their own; a class that only the test split has; rows without a label; -1 as a class; texts of numbers.
    again(&csv(&["spam", "ham", ""]), &csv(&["eggs"]), "--label-order spam,eggs,ham");
    again(&csv(&["-1", "1"]), &csv(&["-1", "0"]), "");
    again(&csv(&["007", "7"]), &csv(&["", ""]), "");
    again(&csv(&["10", "9", "NaN"]), &csv(&["9.0"]), "");
}

/// The rows of a raw file but for its first, as pyarrow writes them, which keeps the schema's metadata, or as pandas does.
fn without_first_row(path: &Path, keeps_metadata: bool) -> Vec<u8> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let metadata = reader.schema().metadata().clone();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let batch = batch.slice(1, batch.num_rows() - 1);
    let pairs = metadata.into_iter().filter(|_| keeps_metadata).map(|(key, value)| KeyValue::new(key, value));
    let properties = WriterProperties::builder().set_key_value_metadata(Some(pairs.collect())).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Phrases are no sentences, whoever has filtered the file.
#[test]
fn a_part_of_a_raw_file_is_read_as_one() {
    let sandbox = Sandbox::new();
    sandbox.write("trees/train.txt", "(0 Bad)\n(3 (2 It) (4 works))\n(4 (2 so) (4 good))\n");
    sandbox.fetched("dataset --source trees --out raw");
    let raw = sandbox.path("raw/train.parquet");
    sandbox.write("part/train.parquet", without_first_row(&raw, true));
    sandbox.fetched("dataset --source part --out again");
    let all = rows(&raw);
    assert_eq!(rows(&sandbox.path("again/train.parquet")), all[1..]);
    let metadata = |path: &Path| corpus::raw::RawSet::read(path).unwrap().metadata;
    assert_eq!(metadata(&sandbox.path("again/train.parquet")), metadata(&raw));

    sandbox.write("by-pandas/train.parquet", without_first_row(&raw, false));
    let refused = sandbox.refused("dataset --source by-pandas --out other");
    assert!(refused.contains("phrases among its rows, but not the metadata"), "{refused}");
}
