//! Rows without a text: counted, named, left out; and refused with `--strict`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use corpus::Split::Train;
use parquet::arrow::ArrowWriter;

use crate::labels::{case, check};

fn parquet(texts: Vec<Option<&str>>) -> Vec<u8> {
    let labels: ArrayRef = Arc::new(Int64Array::from_iter_values((0..).take(texts.len())));
    let texts: ArrayRef = Arc::new(StringArray::from(texts));
    let batch = RecordBatch::try_from_iter_with_nullable([("text", texts, true), ("label", labels, true)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn a_row_without_a_text_is_left_out_and_said() {
    let lines = |texts: &[&str]| -> String {
        (0..).zip(texts).map(|(n, text)| format!("{{\"text\": {text}, \"label\": {}}}\n", n % 2)).collect()
    };
    check(&[
        case("one null of 300")
            .file("train.jsonl", {
                let texts: Vec<String> =
                    (0..300).map(|n| if n == 6 { "null".to_owned() } else { format!("\"t{n}\"") }).collect();
                lines(&texts.iter().map(String::as_str).collect::<Vec<_>>())
            })
            .said(&["train: 299 rows, 299 sentences"])
            .said(&["data/train.jsonl: 1 row without a text is left out, in line 7"]),
        case("two, and an empty text, which is one")
            .file("train.jsonl", lines(&["\"a\"", "null", "\"\"", "null", "\"b\""]))
            .rows(Train, &["a|0|-", "|0|-", "b|0|-"])
            .said(&["2 rows without a text are left out, the first in line 2"]),
        case("no key")
            .file("train.jsonl", "{\"label\": 1}\n{\"text\": \"a\", \"label\": 0}\n")
            .rows(Train, &["a|0|-"])
            .said(&["in line 1"]),
        case("in a list")
            .file("train.json", "[{\"text\": \"a\", \"label\": 0}, {\"text\": null, \"label\": 1}]")
            .said(&["in row 2"]),
        case("in Parquet")
            .file("train.parquet", parquet(vec![Some("a"), None, Some("c")]))
            .rows(Train, &["a|0|-", "c|1|-"])
            .said(&["in row 2"]),
        case("of a database")
            .file("train.tsv", "id\ttext\tlabel\n1\ta\t0\n2\t\\N\t1\n3\tb\t\\N\n")
            .rows(Train, &["a|0|-", "b|-|-"])
            .said(&["in line 3"]),
        case("empty texts and words for nothing are texts")
            .file("train.csv", "text,label\n,0\nNA,1\nnull,0\n")
            .rows(Train, &["|0|-", "NA|1|-", "null|0|-"])
            .unsaid("without a text"),
    ]);
}

#[test]
fn strict_refuses_it() {
    check(&[
        case("JSON")
            .file("train.jsonl", "{\"text\": \"a\", \"label\": 0}\n{\"text\": null, \"label\": 1}\n")
            .flags("--strict")
            .refused(&["data/train.jsonl, line 2: the text in column text is null; expected a text"]),
        case("Parquet")
            .file("train.parquet", parquet(vec![Some("a"), None]))
            .flags("--strict")
            .refused(&["data/train.parquet, row 2"]),
        case("none is null")
            .file("train.csv", "text,label\n,0\na,1\n")
            .flags("--strict")
            .rows(Train, &["|0|-", "a|1|-"]),
        case("all of them are, without --strict")
            .file("train.jsonl", "{\"text\": null, \"label\": 0}\n{\"text\": null, \"label\": 1}\n")
            .refused(&["data/train.jsonl, line 1: the text is null, as in all 2 rows; expected at least one text"]),
    ]);
}
