//! Answer: what is said of one row of the input.

use run_files::attribution::TokenContribution;

use crate::verdict::Verdict;

/// What is said of one row of the input. Every row has one.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// The values of the columns that go along; none at all where the row could not be read.
    pub(crate) kept: &'a [Option<String>],
    pub(crate) outcome: Outcome<'a>,
}

/// What became of a row.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    /// The model has read its text.
    Read {
        /// As it was given.
        text: &'a str,
        verdict: Verdict,
        /// Where it was requested.
        attribution: Option<&'a Attribution>,
    },
    /// It has no text that can be read, for this reason.
    Broken(&'a str),
}

/// What the tokens of a text contribute to one of the outputs.
#[derive(Debug)]
pub(crate) struct Attribution {
    pub(crate) output: usize,
    pub(crate) tokens: Vec<TokenContribution>,
}

impl Answer<'_> {
    /// The value of a column that goes along.
    pub(crate) fn kept(&self, column: usize) -> Option<&str> {
        self.kept.get(column)?.as_deref()
    }
}
