//! The classes of a label column, and how lists of them are shown.

use super::distinct::Distinct;

/// How many classes are listed before "and so many more": they fit on a screen.
const MAX_LISTED: usize = 12;
/// Longer labels are cut: they may be whole texts from a wrong column.
const MAX_LENGTH: usize = 40;

/// What gives classes their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelOrder {
    /// The source, as it numbers its labels.
    Source,
    /// The user.
    Given,
    /// False, then true.
    Booleans,
    /// That of numbers.
    Numbers,
    /// The meaning of the words, from bad to good.
    Sentiment,
    /// The alphabet, which says nothing of their meaning.
    Alphabet,
}

/// A class: its value in the files, and every way in which it is spelled.
#[derive(Debug, Clone)]
pub(super) struct Class {
    pub(super) value: String,
    pub(super) spellings: Vec<Distinct>,
}

impl Class {
    /// A class that has no row.
    pub(super) fn without_rows(value: &str) -> Self {
        Self { value: value.to_owned(), spellings: Vec::new() }
    }

    fn n_rows(&self) -> usize {
        self.spellings.iter().map(Distinct::n_rows).sum()
    }
}

/// The items, separated by commas: at most a dozen of them, and how many more there are.
pub(crate) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    let mut text = items.iter().take(MAX_LISTED).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if items.len() > MAX_LISTED {
        text += &format!(" and {} more", items.len() - MAX_LISTED);
    }
    text
}

/// The values that were found, each with its number of rows.
pub(super) fn found(classes: &[Class]) -> String {
    if classes.is_empty() {
        return "no label at all".to_owned();
    }
    let counted = classes.iter().map(|class| {
        let n = class.n_rows();
        format!("{} ({n} row{})", shortened(&class.value), if n == 1 { "" } else { "s" })
    });
    listed(&counted.collect::<Vec<_>>())
}

/// The beginning of a long text, in one line.
pub(super) fn shortened(text: &str) -> String {
    let mut characters = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    let beginning: String = characters.by_ref().take(MAX_LENGTH).collect();
    if characters.next().is_some() { format!("{beginning}…") } else { beginning }
}
