//! The beginning of a table: the names of its columns and its first rows, as text.

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

    /// Whether the header is more like a row: it holds a number, a whole sentence, or a value that its column has again.
    pub(super) fn header_looks_like_a_row(&self) -> bool {
        let is_like_a_row = |(column, name): (usize, &String)| {
            let name = name.trim();
            name.parse::<f64>().is_ok()
                || name.split_whitespace().count() > 5
                || (!name.is_empty() && self.values(column).any(|value| value.trim() == name))
        };
        self.has_header && self.names.iter().enumerate().any(is_like_a_row)
    }
}
