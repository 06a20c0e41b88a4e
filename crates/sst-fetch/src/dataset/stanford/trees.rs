//! The trees of a split, with the scores of the dictionary where that is there.

use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use corpus::label::SourceNames;
use corpus::records::{NodePlace, Row, WithoutText};
use corpus::task::fine_grained_class;
use corpus::tree::{self, Tree};
use corpus::{CorpusError, Location, Result, shortened_name};

use super::dictionary::Dictionary;
use super::members::Member;
use crate::dataset::rows::RowSource;

/// A file of trees.
pub(super) struct TreeSource {
    member: Member,
    text: String,
    names: SourceNames,
    dictionary: Option<Rc<Dictionary>>,
    said: Vec<String>,
}

impl TreeSource {
    /// Reads the file; with a dictionary, all its nodes are looked up, to say what the files do not agree on.
    pub(super) fn open(member: Member, names: SourceNames, dictionary: Option<Rc<Dictionary>>) -> Result<Self> {
        let text = member.text()?;
        let mut source = Self { member, text, names, dictionary, said: Vec::new() };
        source.said = source.differences()?;
        Ok(source)
    }

    fn path(&self) -> &Path {
        self.member.path()
    }

    /// The trees with their lines. Blank lines at the end are passed over.
    fn for_each_tree(&self, mut each: impl FnMut(u64, Tree) -> ControlFlow<()>) -> Result<()> {
        for (number, line) in (1..).zip(self.text.trim_end().lines()) {
            let wrong = |source| CorpusError::Tree { file: self.path().to_owned(), line: number, source };
            if each(number, tree::parse(line).map_err(wrong)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// How many labels are not the class of their score, and how many nodes have no score, each with the first.
    fn differences(&self) -> Result<Vec<String>> {
        let Some(dictionary) = &self.dictionary else { return Ok(Vec::new()) };
        let mut n_nodes = 0;
        let (mut other, mut without) = (Found::default(), Found::default());
        self.for_each_tree(|number, tree| {
            for node in &tree.nodes {
                n_nodes += 1;
                let text = tree.text(node);
                match dictionary.score(&text) {
                    None => without.add(number, &text),
                    Some(score) if fine_grained_class(score) != node.label => other.add(number, &text),
                    Some(_) => {}
                }
            }
            ControlFlow::Continue(())
        })?;
        let other = other.said(|n| format!("{n} of {n_nodes} nodes have another label than their score"));
        let without = without.said(|n| format!("{n} of {n_nodes} nodes have no score in dictionary.txt"));
        Ok([other, without].into_iter().flatten().collect())
    }

    fn row(&self, number: u64, tree: &Tree, node: &tree::Node) -> Row {
        let text = tree.text(node);
        Row {
            location: Location::Line(number),
            score: self.dictionary.as_ref().and_then(|dictionary| dictionary.score(&text)),
            label: usize::try_from(node.label).ok().and_then(|label| self.names.names.get(label).cloned()),
            text,
            node: Some(NodePlace { sentence: number as i64 - 1, depth: node.depth }),
            kept: Vec::new(),
            source: None,
        }
    }
}

impl RowSource for TreeSource {
    fn path(&self) -> &Path {
        self.path()
    }

    fn label_names(&self) -> Option<&SourceNames> {
        Some(&self.names)
    }

    fn said(&self) -> &[String] {
        &self.said
    }

    fn for_each_row(&self, each: &mut dyn FnMut(Row) -> ControlFlow<()>) -> Result<Option<WithoutText>> {
        if self.text.trim().is_empty() {
            return Err(CorpusError::Empty { file: self.path().to_owned() });
        }
        self.for_each_tree(|number, tree| tree.nodes.iter().try_for_each(|node| each(self.row(number, &tree, node))))?;
        Ok(None)
    }
}

/// Something that was found several times.
#[derive(Default)]
struct Found {
    n: usize,
    first: String,
}

impl Found {
    fn add(&mut self, line: u64, text: &str) {
        if self.n == 0 {
            self.first = format!("line {line}: {}", shortened_name(text));
        }
        self.n += 1;
    }

    fn said(self, what: impl FnOnce(usize) -> String) -> Option<String> {
        (self.n > 0).then(|| format!("{} (the first in {})", what(self.n), self.first))
    }
}
