//! Whether the order of names says something of their meaning, the most negative first.

use std::cmp::Ordering;

use super::sentiment;
use super::value::Number;

/// What the names themselves say of their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Numbers that ascend, or known words from bad to good.
    Ascends,
    /// Numbers or known words in another order.
    Contradicts,
    /// Words that are not known.
    Unknown,
}

impl Meaning {
    pub(super) fn of<S: AsRef<str>>(names: &[S]) -> Self {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        if let Some(numbers) = names.iter().map(|name| Number::parse(name)).collect::<Option<Vec<_>>>() {
            let ascends = numbers.windows(2).all(|pair| pair[0].order(pair[1]) == Ordering::Less);
            return if ascends { Self::Ascends } else { Self::Contradicts };
        }
        match sentiment::order(&names) {
            None => Self::Unknown,
            Some(order) if order.is_sorted() => Self::Ascends,
            Some(_) => Self::Contradicts,
        }
    }
}

/// Whether class names by themselves are in an order that says something of their meaning: ascending numbers, or known
/// words from bad to good.
pub fn names_have_meaning<S: AsRef<str>>(names: &[S]) -> bool {
    Meaning::of(names) == Meaning::Ascends
}
