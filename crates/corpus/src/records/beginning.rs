//! The beginning of a table: the names of its columns and its first rows, as text.

use super::usual_names::is_usual_name;

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
    /// another of its names is a usual one, or one is a question: so surveys have them.
    pub(super) fn header_looks_like_a_row(&self) -> bool {
        let comes_again = |(column, name): (usize, &String)| {
            let name = name.trim();
            name.parse::<f64>().is_ok() || (!name.is_empty() && self.values(column).any(|value| value.trim() == name))
        };
        let has_sentence = self.names.iter().any(|name| name.split_whitespace().count() > MOST_WORDS_OF_A_NAME);
        let is_header = || self.names.iter().any(|name| is_usual_name(name) || name.trim_end().ends_with('?'));
        self.has_header && (self.names.iter().enumerate().any(comes_again) || (has_sentence && !is_header()))
    }
}
