//! A slice: the numbers of texts that have something in common.

/// Texts that have something in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slice {
    /// What is common, such as `negation`, or a kept column.
    pub(crate) group: String,
    /// Which of the group, such as `with a negation`.
    pub(crate) name: String,
    /// The numbers of the texts, ascending.
    pub(crate) rows: Vec<u32>,
}
