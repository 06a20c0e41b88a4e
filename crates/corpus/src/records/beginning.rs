//! The beginning of a table: the names of its columns and its first rows, as text.

use std::collections::HashSet;

/// A name of more words is a sentence.
const MOST_WORDS_OF_A_NAME: usize = 5;
/// Rows that are looked at.
pub(super) const N_ROWS: usize = 2000;

/// The beginning of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Beginning {
    /// Numbers from 1 where there is no header.
    pub(super) names: Vec<String>,
    pub(super) has_header: bool,
    /// The values of each row; none where there is none, or one without a form as text.
    pub(super) rows: Vec<Vec<Option<String>>>,
}

impl Beginning {
    /// The values of a column that are there.
    pub(super) fn values(&self, column: usize) -> impl Iterator<Item = &str> + Clone {
        self.rows.iter().filter_map(move |row| row.get(column)?.as_deref())
    }

    /// Whether the header is more like a row: it holds a number, a value that its column has again, or a whole sentence, unless
    /// another of its names is none of the values below it: a survey's question may be one.
    pub(super) fn header_looks_like_a_row(&self) -> bool {
        let comes_again = |(column, name): (usize, &String)| {
            let name = name.trim();
            name.parse::<f64>().is_ok() || (!name.is_empty() && self.values(column).any(|value| value.trim() == name))
        };
        let mut names = self.names.iter().enumerate();
        let has_sentence = self.names.iter().any(|name| name.split_whitespace().count() > MOST_WORDS_OF_A_NAME);
        self.has_header
            && (names.clone().any(comes_again)
                || (has_sentence && !names.any(|(column, name)| self.is_no_value(column, name))))
    }

    /// Whether a name of a column cannot be one of its values: these all have digits, or are a few that come again.
    fn is_no_value(&self, column: usize, name: &str) -> bool {
        let (mut n, mut different) = (0, HashSet::new());
        let has_digit = |text: &str| text.contains(|c: char| c.is_ascii_digit());
        let mut have_digits = true;
        for value in self.values(column).map(str::trim).filter(|value| !value.is_empty()) {
            n += 1;
            different.insert(value);
            have_digits &= has_digit(value);
        }
        let few = n >= 3 * different.len() && !different.contains(name.trim());
        n > 1 && !name.trim().is_empty() && (few || (have_digits && !has_digit(name)))
    }
}
