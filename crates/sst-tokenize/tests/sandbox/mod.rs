//! A sandbox with raw texts and a small model folder.

use std::ops::Deref;

use corpus::Split;
use corpus::raw::{RawMetadata, RawSet, Record};
use corpus::task::FINE_GRAINED;
use corpus::tokens::TokenSet;
use stage::{CommonArgs, ExitReason, Job, OutputWriter, Stage};
use testkit::Outcome;

pub(crate) const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nit\nwork\n##s\n.\nbad\n";
const CONFIG: &str = r#"{"model_type": "bert", "vocab_size": 10, "hidden_size": 4, "num_hidden_layers": 1,
    "num_attention_heads": 2, "intermediate_size": 8, "max_position_embeddings": 16}"#;

/// A sandbox with `raw` and `model` in it.
pub(crate) struct Sandbox(testkit::Sandbox);

impl Deref for Sandbox {
    type Target = testkit::Sandbox;

    fn deref(&self) -> &testkit::Sandbox {
        &self.0
    }
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let sandbox = Self(testkit::Sandbox::new());
        sandbox.write("model/config.json", CONFIG);
        sandbox.write("model/vocab.txt", VOCABULARY);
        sandbox
            .raw(&[("It works.", Some(3)), ("works", Some(3)), ("so so", Some(2)), ("Bad", Some(0))], "Bad it works .");
        sandbox
    }

    /// Writes `raw` as the stage before does; the second row of train is a phrase of the first.
    pub(crate) fn raw(&self, train: &[(&str, Option<i32>)], test: &str) {
        self.raw_with_labels(&FINE_GRAINED, train, test);
    }

    pub(crate) fn raw_with_labels(&self, label_names: &[&str], train: &[(&str, Option<i32>)], test: &str) {
        let common = CommonArgs { force: true, ..CommonArgs::quiet(self.path("raw")) };
        let stage = Stage { name: "sst-fetch dataset", version: 1 };
        let mut work = loop {
            match Job::new(stage, &common).begin() {
                // A process that another test just started has the files of this one, locked ones too, until it is its program.
                Err(error) if error.is::<ExitReason>() => std::thread::sleep(std::time::Duration::from_millis(5)),
                begun => break begun.unwrap().unwrap(),
            }
        };
        for (split, rows) in [
            (Split::Train, train),
            (Split::Validation, &[("it", Some(4)), ("works", Some(2)), (".", None)]),
            (Split::Test, &[(test, None)]),
        ] {
            let record = |(id, (text, label)): (i64, &(&str, Option<i32>))| Record {
                label: *label,
                is_root: !(split == Split::Train && id == 1),
                ..Record::sentence(id, *text)
            };
            let metadata = RawMetadata {
                ordered: true,
                label_names: label_names.iter().map(|&name| name.to_owned()).collect(),
                dataset: "test".to_owned(),
                source: "test".to_owned(),
                license: "none".to_owned(),
                kept: Vec::new(),
            };
            let set = RawSet { metadata, records: (0..).zip(rows).map(record).collect() };
            work.output(&split.file(), |file| Ok(set.write(file)?)).unwrap();
        }
        work.finish().unwrap();
    }

    pub(crate) fn tokenize(&self, more: &[&str]) -> Outcome {
        testkit::outcome(self.command("sst-tokenize --raw raw --model model --out tokens").args(more))
    }

    pub(crate) fn tokens(&self, split: Split) -> TokenSet {
        TokenSet::read(&self.path("tokens").join(split.file())).unwrap()
    }
}
