//! Datasets as their owners put them on the hub.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float32Array, Int64Array, RecordBatch, StringArray};
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use std::io::Write;

use crate::hub_server::Hub;
use crate::support::{Fetch, rows};
use corpus::raw::RawSet;
use testkit::{Outcome, Sandbox};

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn texts(texts: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec())) as Arc<dyn Array>
}

fn fetch(sandbox: &Sandbox, hub: &Hub, line: &str) -> Outcome {
    let ended = sandbox.fetch_with(&format!("dataset --out raw --force {line}"), &[("HF_ENDPOINT", &hub.endpoint)]);
    assert!(ended.code.is_some());
    ended
}

#[test]
fn sst2_of_stanfordnlp() {
    let file = |labels: Vec<i64>, first: i64| {
        let sentences: Vec<String> = labels.iter().map(|label| format!("sentence with {label} ")).collect();
        let ids: Vec<i64> = (first..).take(labels.len()).collect();
        let sentences = texts(&sentences.iter().map(String::as_str).collect::<Vec<_>>());
        parquet(vec![
            ("idx", Arc::new(Int64Array::from(ids))),
            ("sentence", sentences),
            ("label", Arc::new(Int64Array::from(labels))),
        ])
    };
    let hub = Hub::start(
        "datasets/stanfordnlp/sst2",
        vec![
            ("data/train-00000-of-00001.parquet", file(vec![0, 1, 1], 0)),
            ("data/validation-00000-of-00001.parquet", file(vec![1, 0], 0)),
            ("data/test-00000-of-00001.parquet", file(vec![-1, -1], 0)),
        ],
    );
    let sandbox = Sandbox::new();
    let ended = fetch(&sandbox, &hub, "--source hub:stanfordnlp/sst2 --keep-columns idx");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(rows(&sandbox.path("raw/train.parquet"))[1], "1|1|sentence with 1 |1|-|1");
    assert_eq!(rows(&sandbox.path("raw/test.parquet"))[1], "1|1|sentence with -1 |-|-|1");
    let set = RawSet::read(&sandbox.path("raw/test.parquet")).unwrap();
    assert_eq!(set.records[1].kept, [Some("1".to_owned())]);
}

#[test]
fn sst_of_stanfordnlp_is_read_from_its_conversion() {
    let default = |scores: Vec<f32>| {
        let sentences: Vec<String> = scores.iter().map(|score| format!("sentence {score}")).collect();
        let sentences = texts(&sentences.iter().map(String::as_str).collect::<Vec<_>>());
        let trees = texts(&vec!["3|3|0"; scores.len()]);
        parquet(vec![
            ("sentence", sentences.clone()),
            ("label", Arc::new(Float32Array::from(scores))),
            ("tokens", sentences),
            ("tree", trees),
        ])
    };
    let scores: Vec<f32> = (0..40).map(|i| i as f32 / 40.0 + 0.0125).collect();
    let ptb = parquet(vec![("ptb_tree", texts(&["(3 good)"]))]);
    let converted = vec![
        ("default/train/0000.parquet", default(scores)),
        ("default/validation/0000.parquet", default(vec![0.1, 0.9])),
        ("default/test/0000.parquet", default(vec![0.5])),
        ("dictionary/dictionary/0000.parquet", default(vec![0.5])),
        ("ptb/train/0000.parquet", ptb),
    ];
    let hub = Hub::with_revisions(
        "datasets/stanfordnlp/sst",
        vec![
            ("main", vec![("README.md", Vec::new()), ("sst.py", Vec::new())]),
            ("refs%2Fconvert%2Fparquet", converted),
        ],
    );
    let sandbox = Sandbox::new();
    let ended = fetch(&sandbox, &hub, "--source hub:stanfordnlp/sst");
    assert_eq!(ended.code, Some(2));
    for part in ["different numbers with fractions, which are scores", "read it with --score-column label"] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    let ended = fetch(&sandbox, &hub, "--source hub:stanfordnlp/sst --score-column label");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("its Parquet conversion is read"), "{}", ended.stderr);
    assert_eq!(rows(&sandbox.path("raw/validation.parquet")), ["0|0|sentence 0.1|0|0.1|1", "1|1|sentence 0.9|4|0.9|1"]);
    let named = "--source hub:stanfordnlp/sst@refs/convert/parquet --config default --score-column label";
    assert_eq!(fetch(&sandbox, &hub, named).code, Some(0));
}

#[test]
fn sst5_of_setfit_has_names_beside_its_labels() {
    let names = ["very negative", "negative", "neutral", "positive", "very positive"];
    let line = |label: usize| {
        let (text, name) = (format!("sentence {label}"), names[label]);
        format!("{}\n", serde_json::json!({"text": text, "label": label, "label_text": name}))
    };
    let train: String = [3, 0, 4, 1, 2].into_iter().map(line).collect();
    let files =
        || vec![("train.jsonl", train.clone().into()), ("dev.jsonl", line(4).into()), ("test.jsonl", line(0).into())];
    let hub = Hub::start("datasets/SetFit/sst5", files());
    let sandbox = Sandbox::new();
    let ended = fetch(&sandbox, &hub, "--source hub:SetFit/sst5");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let said = "names of the labels, from the column label_text: 0 is very negative, 1 is negative, 2 is neutral";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    let label_names =
        |sandbox: &Sandbox| RawSet::read(&sandbox.path("raw/train.parquet")).unwrap().metadata.label_names;
    assert_eq!(label_names(&sandbox), names);
    assert_eq!(rows(&sandbox.path("raw/train.parquet"))[0], "0|0|sentence 3|3|-|1");
    let given = fetch(&sandbox, &hub, "--source hub:SetFit/sst5 --label-names a,b,c,d,e");
    assert_eq!(given.code, Some(0), "{}", given.stderr);
    assert_eq!(label_names(&sandbox), ["a", "b", "c", "d", "e"]);

    // One label with two texts has no name.
    let odd = format!("{train}{}", "{\"text\": \"x\", \"label\": 3, \"label_text\": \"other\"}\n");
    let mut files = files();
    files[0].1 = odd.into();
    let hub = Hub::start("datasets/SetFit/sst5", files);
    let ended = fetch(&Sandbox::new(), &hub, "--source hub:SetFit/sst5");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("label_text"), "{}", ended.stderr);
}

#[test]
fn sst2_of_setfit_has_test_labels() {
    let line = |label: usize| {
        let name = ["negative", "positive"][label];
        format!("{}\n", serde_json::json!({"text": format!("sentence {label}"), "label": label, "label_text": name}))
    };
    let both: String = [1, 0].into_iter().map(line).collect();
    let hub = Hub::start(
        "datasets/SetFit/sst2",
        vec![("train.jsonl", both.clone().into()), ("dev.jsonl", both.clone().into()), ("test.jsonl", both.into())],
    );
    let sandbox = Sandbox::new();
    let ended = fetch(&sandbox, &hub, "--source hub:SetFit/sst2");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let set = RawSet::read(&sandbox.path("raw/test.parquet")).unwrap();
    assert_eq!(set.metadata.label_names, ["negative", "positive"]);
    assert_eq!(set.records.iter().map(|record| record.label).collect::<Vec<_>>(), [Some(1), Some(0)]);
}

#[test]
fn files_may_be_compressed_and_have_spaces_in_their_names() {
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"{\"text\": \"fine\", \"label\": 1}\n{\"text\": \"bad\", \"label\": 0}\n").unwrap();
    let test = zstd::encode_all(&b"{\"text\": \"odd\", \"label\": 0}\n"[..], 3).unwrap();
    let hub = Hub::start(
        "datasets/owner/packed",
        vec![("my data/train.jsonl.gz", gzip.finish().unwrap()), ("my data/Test.jsonl.zst", test)],
    );
    let sandbox = Sandbox::new();
    let ended = fetch(&sandbox, &hub, "--source hub:owner/packed --split none");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(rows(&sandbox.path("raw/train.parquet")), ["0|0|fine|1|-|1", "1|1|bad|0|-|1"]);
    assert_eq!(rows(&sandbox.path("raw/test.parquet")), ["0|0|odd|0|-|1"]);
}
