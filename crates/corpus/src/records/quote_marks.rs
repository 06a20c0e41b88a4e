//! Quotes in files with tabs: whether the fields show that their writer meant them as marks.

use super::options::Quotes;

/// What the fields of lines that are records show of the quotes around them.
pub(super) struct Marks {
    doubled: bool,
    escaped: bool,
    /// Whether a field is quoted that holds a doubled quote.
    inner: bool,
    /// Whether the fields that hold a comma or a quote are quoted, and no others, as spreadsheets quote them with tabs, too.
    as_needed: bool,
    n_with_comma: usize,
    /// The quoted fields of each column; none where one is not.
    quoted: Vec<Option<usize>>,
}

impl Marks {
    pub(super) fn new(n_columns: usize) -> Self {
        Self {
            doubled: true,
            escaped: true,
            inner: false,
            as_needed: true,
            n_with_comma: 0,
            quoted: vec![Some(0); n_columns],
        }
    }

    pub(super) fn n_columns(&self) -> usize {
        self.quoted.len()
    }

    pub(super) fn add(&mut self, column: usize, field: &str) {
        if field.starts_with('"') {
            self.doubled &= is_doubled(field);
            self.escaped &= is_escaped(field);
            let holds = |part| between_quotes(field).is_some_and(|inner| inner.contains(part));
            self.inner |= holds("\"\"");
            self.as_needed &= holds(",") || holds("\"\"");
            self.n_with_comma += usize::from(holds(","));
            self.quoted[column] = self.quoted[column].map(|n| n + 1);
            return;
        }
        self.as_needed &= !field.contains([',', '"']);
        if !matches!(field, "" | "NA" | "\\N") {
            self.quoted[column] = None; // of what is missing, writers quote nothing
        }
    }

    pub(super) fn meaning(&self, header_is_quoted: Option<bool>) -> Quotes {
        let enough = if header_is_quoted.is_some() { 1 } else { 2 };
        let throughout = header_is_quoted != Some(false) && self.quoted.iter().flatten().any(|&n| n >= enough);
        match (self.doubled, self.escaped) {
            (true, _) if self.inner || throughout || (self.as_needed && self.n_with_comma > 1) => Quotes::Doubled,
            (false, true) if throughout => Quotes::Escaped,
            _ => Quotes::Literal,
        }
    }
}

/// What a pair of quotes around the whole field encloses.
fn between_quotes(field: &str) -> Option<&str> {
    field.strip_prefix('"')?.strip_suffix('"')
}

pub(super) fn is_doubled(field: &str) -> bool {
    between_quotes(field).is_some_and(|inner| !inner.replace("\"\"", "").contains('"'))
}

fn is_escaped(field: &str) -> bool {
    between_quotes(field).is_some_and(|inner| {
        let before = |index: usize| inner[..index].len() - inner[..index].trim_end_matches('\\').len();
        inner.match_indices('"').all(|(index, _)| before(index) % 2 == 1) && before(inner.len()) % 2 == 0
    })
}
