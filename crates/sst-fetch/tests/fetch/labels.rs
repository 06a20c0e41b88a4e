//! The table of label cases: small files and flags in; label names, rows and messages out.
//!
//! A [`Case`] is a name, the files of a folder `data`, further arguments of `sst-fetch dataset --source data`, and what has to come
//! out. [`check`] runs a whole table and shows every case that differs, not only the first.

mod booleans_and_numbers;
mod mixed_splits;
mod words;
mod label_order;
mod label_names;
mod names_files;
mod missing;
mod minus_one;
mod json;
mod parquet;
mod parquet_types;
mod class_label;
mod scores;
mod score_range;
mod warnings;
mod limits;
mod tasks;

use corpus::Split;
use corpus::raw::{RawSet, Record};
use corpus::task::FINE_GRAINED;
use corpus::tokens::{Labels, TokenSet};
use testkit::{Outcome, Sandbox, fixture, outcome};

/// One line of the table.
pub(crate) struct Case {
    name: &'static str,
    files: Vec<(&'static str, Vec<u8>)>,
    /// The arguments that name the files.
    source: &'static str,
    arguments: Vec<String>,
    expected: Vec<Expected>,
}

/// What has to come out of a case.
enum Expected {
    /// The label names of every split.
    Names(Vec<String>),
    /// The rows of a split as `text|label|score`.
    Rows(Split, Vec<String>),
    /// The labels of a split, with a space between them.
    Labels(Split, String),
    /// A line of stderr holds all of these.
    Said(&'static [&'static str]),
    /// Nothing on stderr holds this.
    Unsaid(&'static str),
    /// Exit code 2 instead of an output, and a message that holds all of these.
    Refused(&'static [&'static str]),
    /// The label names and the targets of the train split that a task sees.
    Task(&'static str, Vec<String>, &'static str),
    /// Exit code 2 when this task is asked for, and a message that holds all of these.
    NoTask(&'static str, &'static [&'static str]),
}

/// A CSV file with a label in each row; the texts are t1, t2, ...
pub(crate) fn csv(labels: &[&str]) -> String {
    let rows: Vec<String> = (1..).zip(labels).map(|(row, label)| format!("t{row},{label}\n")).collect();
    format!("text,label\n{}", rows.concat())
}

/// JSON lines with a value as the label of each row; the texts are t1, t2, ...
pub(crate) fn json_lines(labels: &[&str]) -> String {
    let rows = (1..).zip(labels).map(|(row, label)| format!("{{\"text\": \"t{row}\", \"label\": {label}}}\n"));
    rows.collect::<Vec<_>>().concat()
}

/// A case that has neither files nor expectations yet.
pub(crate) fn case(name: &'static str) -> Case {
    Case { name, files: Vec::new(), source: "--source data", arguments: Vec::new(), expected: Vec::new() }
}

impl Case {
    pub(crate) fn train(self, labels: &[&str]) -> Self {
        self.file("train.csv", csv(labels))
    }

    pub(crate) fn validation(self, labels: &[&str]) -> Self {
        self.file("validation.csv", csv(labels))
    }

    pub(crate) fn test(self, labels: &[&str]) -> Self {
        self.file("test.csv", csv(labels))
    }

    pub(crate) fn file(mut self, name: &'static str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name, content.into()));
        self
    }

    /// Other arguments than `--source data` to name the files, split at spaces.
    pub(crate) fn source(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    /// Further arguments, split at spaces.
    pub(crate) fn flags(mut self, line: &str) -> Self {
        self.arguments.extend(line.split_whitespace().map(str::to_owned));
        self
    }

    /// Further arguments as they are.
    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    pub(crate) fn names(self, names: &[&str]) -> Self {
        self.expect(Expected::Names(owned(names)))
    }

    pub(crate) fn rows(self, split: Split, rows: &[&str]) -> Self {
        self.expect(Expected::Rows(split, owned(rows)))
    }

    /// The labels of the train split, `-` where there is none.
    pub(crate) fn labels(self, labels: &str) -> Self {
        self.labels_of(Split::Train, labels)
    }

    pub(crate) fn labels_of(self, split: Split, labels: &str) -> Self {
        self.expect(Expected::Labels(split, labels.to_owned()))
    }

    pub(crate) fn said(self, parts: &'static [&'static str]) -> Self {
        self.expect(Expected::Said(parts))
    }

    pub(crate) fn unsaid(self, part: &'static str) -> Self {
        self.expect(Expected::Unsaid(part))
    }

    pub(crate) fn refused(self, parts: &'static [&'static str]) -> Self {
        self.expect(Expected::Refused(parts))
    }

    pub(crate) fn task(self, task: &'static str, names: &[&str], targets: &'static str) -> Self {
        self.expect(Expected::Task(task, owned(names), targets))
    }

    /// As [`Case::task`] with sst5 and its names.
    pub(crate) fn sst5(self, targets: &'static str) -> Self {
        self.task("sst5", &FINE_GRAINED, targets)
    }

    pub(crate) fn no_task(self, task: &'static str, parts: &'static [&'static str]) -> Self {
        self.expect(Expected::NoTask(task, parts))
    }

    fn expect(mut self, expected: Expected) -> Self {
        self.expected.push(expected);
        self
    }

    /// Runs the case; what differs from what was expected, in words.
    fn differences(&self) -> Vec<String> {
        let sandbox = Sandbox::new();
        self.files.iter().for_each(|(name, content)| sandbox.write(&format!("data/{name}"), content));
        let split =
            if self.arguments.iter().any(|argument| argument.starts_with("--split")) { "" } else { "--split none" };
        let line = format!("sst-fetch dataset {} {split} --out raw", self.source);
        let fetched = outcome(sandbox.command(&line).args(&self.arguments));
        let refused = self.expected.iter().any(|expected| matches!(expected, Expected::Refused(_)));
        let code = if refused { 2 } else { 0 };
        if fetched.code != Some(code) {
            return vec![format!("exit code: {code} expected, found {:?}: {}", fetched.code, fetched.stderr)];
        }
        if sandbox.path("raw/manifest.json").exists() == refused {
            return vec![format!("an output was {}written", if refused { "" } else { "not " })];
        }
        self.expected.iter().filter_map(|expected| expected.difference(&sandbox, &fetched).err()).collect()
    }
}

impl Expected {
    fn difference(&self, sandbox: &Sandbox, fetched: &Outcome) -> Result<(), String> {
        match self {
            Self::Names(names) => {
                Split::ALL.into_iter().filter(|split| raw_path(sandbox, *split).exists()).try_for_each(|split| {
                    same(&format!("names of {}", split.name()), names, &raw(sandbox, split)?.label_names)
                })
            }
            Self::Rows(split, rows) => {
                let found: Vec<String> = raw(sandbox, *split)?.rows.iter().map(|row| row.join("|")).collect();
                same(&format!("rows of {}", split.name()), rows, &found)
            }
            Self::Labels(split, labels) => {
                let found: Vec<String> = raw(sandbox, *split)?.rows.into_iter().map(|[_, label, _]| label).collect();
                same(&format!("labels of {}", split.name()), labels, &found.join(" "))
            }
            Self::Said(parts) => {
                let said = fetched.stderr.lines().any(|line| parts.iter().all(|part| line.contains(part)));
                if said { Ok(()) } else { Err(format!("no line says {parts:?}: {}", fetched.stderr)) }
            }
            Self::Unsaid(part) if fetched.stderr.contains(part) => Err(format!("says {part:?}: {}", fetched.stderr)),
            Self::Unsaid(_) => Ok(()),
            Self::Refused(parts) => has_all(&fetched.stderr, parts),
            Self::Task(task, names, targets) => {
                let tokenized = tokenize(sandbox, task);
                if tokenized.code != Some(0) {
                    return Err(format!("--task {task}: exit code {:?}: {}", tokenized.code, tokenized.stderr));
                }
                let tokens =
                    TokenSet::read(&sandbox.path("tokens/train.parquet")).map_err(|error| error.to_string())?;
                same(&format!("names of {task}"), names, &tokens.metadata.label_names)?;
                let found = match &tokens.labels {
                    Labels::Classes(classes) => shown_each(classes),
                    Labels::Scores(scores) => shown_each(scores),
                };
                same(&format!("targets of {task}"), &(*targets).to_owned(), &found)
            }
            Self::NoTask(task, parts) => {
                let tokenized = tokenize(sandbox, task);
                if tokenized.code != Some(2) {
                    return Err(format!("--task {task}: exit code {:?}, not 2: {}", tokenized.code, tokenized.stderr));
                }
                has_all(&tokenized.stderr, parts)
            }
        }
    }
}

/// A split of the output, as the table shows it.
struct Raw {
    label_names: Vec<String>,
    /// Text, label and score.
    rows: Vec<[String; 3]>,
}

fn raw_path(sandbox: &Sandbox, split: Split) -> std::path::PathBuf {
    sandbox.path("raw").join(split.file())
}

/// Reads a split of the output. Every row of a table is a sentence, and its id is its position in the source.
fn raw(sandbox: &Sandbox, split: Split) -> Result<Raw, String> {
    let set = RawSet::read(&raw_path(sandbox, split)).map_err(|error| error.to_string())?;
    if !set.records.iter().all(|record| record.id == record.sentence_id && record.is_root && record.depth == 0) {
        return Err(format!("{}: the rows are not sentences", split.name()));
    }
    let row = |record: Record| [record.text, shown(record.label), shown(record.score)];
    Ok(Raw { label_names: set.metadata.label_names, rows: set.records.into_iter().map(row).collect() })
}

/// Tokenizes the output anew with the small BERT of the fixtures.
fn tokenize(sandbox: &Sandbox, task: &str) -> Outcome {
    let model = fixture("small-bert");
    let line = format!("sst-tokenize --raw raw --out tokens --force --task {task} --model");
    outcome(sandbox.command(&line).arg(model))
}

fn has_all(stderr: &str, parts: &[&str]) -> Result<(), String> {
    match parts.iter().find(|part| !stderr.contains(**part)) {
        // A flag that is not known is refused, too, but not for the reason that the case is about.
        _ if stderr.contains("unexpected argument") => Err(stderr.to_owned()),
        Some(part) => Err(format!("the message has no {part:?}: {stderr}")),
        None => Ok(()),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, found: &T) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{what}: {expected:?} expected, found {found:?}")) }
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or("-".to_owned(), |value| value.to_string())
}

fn shown_each<T: ToString>(values: &[Option<T>]) -> String {
    values.iter().map(|value| shown(value.as_ref().map(T::to_string))).collect::<Vec<_>>().join(" ")
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Runs all cases, and fails with everything that differs in any of them.
pub(crate) fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        let differences: Vec<String> =
            case.differences().iter().map(|text| format!("\n    {}", text.trim_end())).collect();
        if !differences.is_empty() {
            wrong.push(format!("{}{}", case.name, differences.concat()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ:\n  {}", wrong.len(), cases.len(), wrong.join("\n  "));
}
