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

/// Whether class names by themselves have an order: numbers, or known words.
pub fn names_have_meaning<S: AsRef<str>>(names: &[S]) -> bool {
    Meaning::of(names) != Meaning::Unknown
}

/// Whether class names are numbers that ascend, or known words from bad to good: then the distance of two classes says
/// something.
pub fn names_ascend<S: AsRef<str>>(names: &[S]) -> bool {
    Meaning::of(names) == Meaning::Ascends
}

/// Whether class names are known words in another order than from bad to good: then no class can stand for another one.
pub(crate) fn names_contradict_order<S: AsRef<str>>(names: &[S]) -> bool {
    let is_number = |name: &S| Number::parse(name.as_ref()).is_some();
    Meaning::of(names) == Meaning::Contradicts && !names.iter().all(is_number)
}
