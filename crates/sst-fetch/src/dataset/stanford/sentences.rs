//! The treebank from its big archive alone: trees are rebuilt from tokens and parent pointers, and every node has the score of
//! its phrase and the class that the score comes to.
//!
//! `SOStr.txt` has the tokens of a sentence a line, `STree.txt` its tree, `datasetSplit.txt` its split: 1 is train, 2 is **test**, 3
//! is dev. `datasetSentences.txt` has the same sentences once more, with brackets escaped and 104 of them encoded twice; it is only
//! held against the tokens.

use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use corpus::label::SourceNames;
use corpus::parent_pointers::{self, Node};
use corpus::records::{NodePlace, Row, WithoutText};
use corpus::similarity::mended;
use corpus::task::fine_grained_class;
use corpus::tree::unescape;
use corpus::{CorpusError, Location, Result, Split, shortened_name};

use super::dictionary::{Dictionary, wrong};
use super::members::Member;
use crate::dataset::rows::RowSource;

/// The files beside the dictionary.
#[derive(Debug, Clone)]
pub(super) struct SentenceFiles {
    pub(super) splits: Member,
    pub(super) tokens: Member,
    pub(super) parents: Member,
    pub(super) sentences: Option<Member>,
}

/// All sentences, read.
pub(super) struct Sentences {
    files: SentenceFiles,
    tokens: String,
    parents: String,
    splits: Vec<Split>,
    dictionary: Rc<Dictionary>,
    names: SourceNames,
}

impl Sentences {
    pub(super) fn read(files: SentenceFiles, dictionary: Rc<Dictionary>, names: SourceNames) -> Result<Self> {
        let (tokens, parents, splits) = (files.tokens.text()?, files.parents.text()?, read_splits(&files.splits)?);
        let n_sentences = tokens.lines().count();
        for (member, n) in [(&files.parents, parents.lines().count()), (&files.splits, splits.len())] {
            if n != n_sentences {
                let problem = format!("it has {n} sentences, but {} {n_sentences}", files.tokens.file_name());
                return Err(CorpusError::Damaged { file: member.path().to_owned(), format: "the treebank", problem });
            }
        }
        Ok(Self { files, tokens, parents, splits, dictionary, names })
    }

    /// What `datasetSentences.txt` has otherwise than the tokens, in a line.
    fn said(&self) -> Result<Option<String>> {
        let Some(member) = &self.files.sentences else { return Ok(None) };
        let text = member.text()?;
        let (mut n_twice, mut n_others, mut first) = (0, 0, None);
        let written =
            text.lines().filter_map(|line| line.split_once('\t')).filter(|(index, _)| index.parse::<u64>().is_ok());
        for ((index, sentence), tokens) in written.zip(self.tokens.lines()) {
            let meant = mended(sentence);
            n_twice += usize::from(meant.is_some());
            let sentence = unescape(meant.as_deref().unwrap_or(sentence));
            if sentence.trim() != self.text(tokens).trim() {
                n_others += 1;
                first.get_or_insert_with(|| index.to_owned());
            }
        }
        let twice = (n_twice > 0).then(|| format!("{n_twice} sentences of {} are encoded twice", member.file_name()));
        let others = first.map(|first| format!("{n_others} are others there, the first is {first}"));
        let differences: Vec<String> = twice.into_iter().chain(others).collect();
        Ok((!differences.is_empty()).then(|| format!("{}; the tokens are taken", differences.join(", "))))
    }

    /// The text of tokens that are separated by `|`.
    fn text(&self, tokens: &str) -> String {
        tokens.split('|').map(token_text).collect::<Vec<_>>().join(" ")
    }

    /// The rows of a sentence; its line is that of its tokens.
    fn rows(&self, (number, tokens, parents): (u64, &str, &str), sentence: i64) -> Result<Vec<Row>> {
        let raw: Vec<&str> = tokens.split('|').collect();
        let texts: Vec<String> = raw.iter().map(|token| token_text(token)).collect();
        let nodes = parent_pointers::parse(parents, raw.len())
            .map_err(|problem| wrong(&self.files.parents, number, problem))?;
        let row = |Node { tokens, depth }: Node| {
            let text = texts[tokens.clone()].join(" ");
            let score = self.dictionary.score(&raw[tokens].join(" ")).or_else(|| self.dictionary.score(&text));
            let Some(score) = score else {
                let kind = if depth == 0 { "sentence" } else { "phrase" };
                let problem = format!("the {kind} `{}` has no score in dictionary.txt", shortened_name(&text));
                return Err(wrong(&self.files.tokens, number, problem));
            };
            Ok(Row {
                location: Location::Line(number),
                text,
                label: usize::try_from(fine_grained_class(score))
                    .ok()
                    .and_then(|class| self.names.names.get(class).cloned()),
                score: Some(score),
                node: Some(NodePlace { sentence, depth }),
                kept: Vec::new(),
                source: None,
            })
        };
        nodes.into_iter().map(row).collect()
    }
}

/// The splits that there are, without all the rest.
pub(super) fn splits(files: &SentenceFiles) -> Result<Vec<Split>> {
    Ok(distinct(&read_splits(&files.splits)?))
}

fn distinct(splits: &[Split]) -> Vec<Split> {
    Split::ALL.into_iter().filter(|split| splits.contains(split)).collect()
}

/// A token as its text is meant.
fn token_text(token: &str) -> String {
    unescape(mended(token).as_deref().unwrap_or(token))
}

/// The split of each sentence, in the order of their numbers, which begin with 1.
fn read_splits(member: &Member) -> Result<Vec<Split>> {
    let mut splits = Vec::new();
    for (number, line) in (1..).zip(member.text()?.lines()) {
        let parsed = line
            .split_once(',')
            .and_then(|(index, split)| Some((index.trim().parse::<usize>().ok()?, split.trim().parse::<u8>().ok()?)));
        let split = match parsed {
            Some((index, 1)) if index == splits.len() + 1 => Split::Train,
            Some((index, 2)) if index == splits.len() + 1 => Split::Test,
            Some((index, 3)) if index == splits.len() + 1 => Split::Validation,
            None if number == 1 => continue, // the header
            _ => {
                let expected = splits.len() + 1;
                let problem =
                    format!("expected sentence {expected} and 1 (train), 2 (test) or 3 (dev), found `{line}`");
                return Err(wrong(member, number, problem));
            }
        };
        splits.push(split);
    }
    Ok(splits)
}

/// The sentences of one split.
pub(super) struct SentenceSource {
    sentences: Rc<Sentences>,
    split: Split,
    said: Vec<String>,
}

impl SentenceSource {
    /// The sources of all splits; the first says what has to be said of the files that they have in common.
    pub(super) fn of_splits(sentences: Sentences) -> Result<Vec<Self>> {
        let mut said = sentences.said()?.into_iter().collect();
        let sentences = Rc::new(sentences);
        let splits = distinct(&sentences.splits).into_iter();
        Ok(splits.map(|split| Self { sentences: sentences.clone(), split, said: std::mem::take(&mut said) }).collect())
    }

    pub(super) fn split(&self) -> Split {
        self.split
    }
}

impl RowSource for SentenceSource {
    fn path(&self) -> &Path {
        self.sentences.files.tokens.path()
    }

    fn label_names(&self) -> Option<&SourceNames> {
        Some(&self.sentences.names)
    }

    fn said(&self) -> &[String] {
        &self.said
    }

    fn for_each_row(&self, each: &mut dyn FnMut(Row) -> ControlFlow<()>) -> Result<Option<WithoutText>> {
        let Sentences { tokens, parents, splits, .. } = &*self.sentences;
        let lines = (1..).zip(tokens.lines()).zip(parents.lines()).zip(splits);
        let of_split = lines.filter(|(_, split)| **split == self.split).map(|(line, _)| line);
        for (sentence, ((number, tokens), parents)) in (0..).zip(of_split) {
            let rows = self.sentences.rows((number, tokens, parents), sentence)?;
            if rows.into_iter().try_for_each(&mut *each).is_break() {
                break;
            }
        }
        Ok(None)
    }
}
