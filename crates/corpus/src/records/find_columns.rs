//! Columns that nobody named: which has the texts, and which the labels.
//!
//! Names come first: the plain ones, then those that datasets usually have, in any case and spelling. Where several fit
//! equally, what is in them decides if it is clear; else it is the user's to say. Where no name is known, the content is
//! looked at: texts are what has most words, labels are few values that come again. Numbers are never taken for scores:
//! a rating from 1 to 5 is five classes.

use std::collections::HashSet;
use std::path::Path;

use super::beginning::{Beginning, N_ROWS};
use super::options::ReadOptions;
use super::table::Columns;
use super::table_file::format_of;
use super::usual_names::{LABELS, SPLITS, TEXTS, plain};
use crate::error::{CorpusError, Result};
use crate::similarity::is_joined;
use crate::split::Split;

/// Of two columns, the one with so many times as many words has the texts.
const CLEARLY_MORE: f64 = 2.0;
/// Texts have at least so many words on average, if nothing but their content shows what they are.
const MIN_WORDS: f64 = 3.0;
/// Labels of which only the content shows what they are have at most so many values, each of them so many times on average.
const MAX_VALUES: usize = 30;
const MIN_REPEATED: usize = 3;

/// Fills in the columns of texts and labels that `requested` leaves open; what was found, in words, unless it is the plain names.
///
/// # Errors
/// Fails on a file that cannot be read, and, with the candidates, where several columns fit. Where none does, the columns
/// stay open, and opening the table says what is missing.
pub fn find_columns(path: &Path, requested: &Columns, options: &ReadOptions) -> Result<(Columns, Option<String>)> {
    let mut columns = requested.clone();
    columns.any_case = requested.text.is_none() && requested.label.is_none() && requested.score.is_none();
    let is_open = |columns: &Columns| columns.text.is_none() || (columns.label.is_none() && columns.score.is_none());
    if !is_open(&columns) {
        return Ok((columns, None));
    }
    let beginning = (format_of(path)?.begin)(path, options)?;
    let look = Look { path, beginning: &beginning };
    let mut found: Vec<Found> = Vec::new();
    if columns.text.is_none()
        && let Some(text) = look.text(requested)?
    {
        columns.text = Some(text.name.clone());
        found.push(text);
    }
    if columns.label.is_none()
        && columns.score.is_none()
        && let Some(label) = look.label(&columns)?
    {
        columns.label = Some(label.name.clone());
        found.push(label);
    }
    let is_plain = |found: &Found| ["text", "sentence", "label"].contains(&found.name.trim());
    if found.iter().all(is_plain) {
        return Ok((columns, None));
    }
    let said = found.iter().map(|found| format!("{}: column `{}` by its {}", found.role, found.name.trim(), found.by));
    Ok((columns, Some(said.collect::<Vec<_>>().join(", "))))
}

/// The column that says of each row its split: one with such a name and, among its first values, a split's name.
///
/// # Errors
/// Fails on a file that cannot be read, and where several columns fit.
pub fn find_split_column(path: &Path, options: &ReadOptions) -> Result<Option<String>> {
    let beginning = (format_of(path)?.begin)(path, options)?;
    let look = Look { path, beginning: &beginning };
    let mut columns = look.named(&look.columns().collect::<Vec<_>>(), SPLITS);
    columns.retain(|&column| beginning.values(column).any(|value| Split::of_value(value).is_some()));
    match columns.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(beginning.names[*only].clone())),
        several => Err(look.several("split", "--split-column", several)),
    }
}

/// The words of a text; where they are written without blanks, two characters count as one.
fn n_words(text: &str) -> usize {
    let of_part = |part: &str| {
        let n_joined = part.chars().filter(|&c| is_joined(c)).count();
        n_joined.div_ceil(2) + usize::from(part.chars().any(|c| !is_joined(c) && c.is_alphanumeric()) || n_joined == 0)
    };
    text.split_whitespace().map(of_part).sum()
}

/// A column that was found.
struct Found {
    role: &'static str,
    name: String,
    by: &'static str,
}

struct Look<'a> {
    path: &'a Path,
    beginning: &'a Beginning,
}

impl Look<'_> {
    fn text(&self, requested: &Columns) -> Result<Option<Found>> {
        let columns = self.columns_but([&requested.label, &requested.score].into_iter().flatten(), requested);
        let found = |column: usize, by| Found { role: "texts", name: self.beginning.names[column].clone(), by };
        for tier in TEXTS {
            let mut named = self.named(&columns, tier);
            named.retain(|&column| !self.holds_numbers(column));
            match named.as_slice() {
                [] => {}
                [only] => return Ok(Some(found(*only, "name"))),
                several => {
                    let longest =
                        self.longest(several).ok_or_else(|| self.several("text", "--text-column", several))?;
                    return Ok(Some(found(longest, "name and length")));
                }
            }
        }
        if self.beginning.header_looks_like_a_row() {
            return Ok(None); // by its content a file without a header would lose its first row
        }
        let texts: Vec<usize> =
            columns.into_iter().filter(|&column| self.is_named(column) && self.looks_like_texts(column)).collect();
        match texts.as_slice() {
            [] => Ok(None),
            several => {
                let longest = self.longest(several).ok_or_else(|| self.several("text", "--text-column", several))?;
                Ok(Some(found(longest, "content")))
            }
        }
    }

    fn label(&self, requested: &Columns) -> Result<Option<Found>> {
        let columns = self.columns_but(requested.text.iter(), requested);
        let found = |column: usize, by| Found { role: "labels", name: self.beginning.names[column].clone(), by };
        for tier in LABELS {
            match self.named(&columns, tier).as_slice() {
                [] => {}
                [only] => return Ok(Some(found(*only, "name"))),
                several => return Err(self.several("label", "--label-column", several)),
            }
        }
        if self.beginning.header_looks_like_a_row() {
            return Ok(None);
        }
        let labels: Vec<usize> =
            columns.into_iter().filter(|&column| self.is_named(column) && self.looks_like_labels(column)).collect();
        match labels.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(found(*only, "content"))),
            several => Err(self.several("label", "--label-column", several)),
        }
    }

    /// Whether a column may be found by its content: a header without a name for it may be none.
    fn is_named(&self, column: usize) -> bool {
        !self.beginning.has_header || !self.beginning.names[column].trim().is_empty()
    }

    fn columns(&self) -> std::ops::Range<usize> {
        0..self.beginning.names.len()
    }

    /// The columns but those with another role, and those that flags name.
    fn columns_but<'a>(&self, others: impl Iterator<Item = &'a String>, requested: &'a Columns) -> Vec<usize> {
        let others: Vec<&str> =
            others.chain(requested.flags.iter().map(|(name, _)| name)).map(|name| name.trim()).collect();
        self.columns().filter(|&column| !others.contains(&self.beginning.names[column].trim())).collect()
    }

    /// The columns whose names are of a tier; one that is spelled exactly so comes before others.
    fn named(&self, columns: &[usize], tier: &str) -> Vec<usize> {
        if !self.beginning.has_header {
            return Vec::new();
        }
        let name = |column: &usize| self.beginning.names[*column].trim();
        let spelled = |known: &str| {
            let exactly = columns.iter().find(|column| self.beginning.names[**column] == known);
            exactly.or_else(|| columns.iter().find(|column| name(column) == known))
        };
        let exact = tier.split_whitespace().find_map(spelled);
        let is_default = exact.is_some_and(|column| ["text", "sentence", "label"].contains(&name(column)));
        match exact.filter(|_| is_default) {
            Some(column) => vec![*column],
            None => columns
                .iter()
                .copied()
                .filter(|column| tier.split_whitespace().any(|known| plain(name(column)) == known))
                .collect(),
        }
    }

    /// The column with clearly more words than the others.
    fn longest(&self, columns: &[usize]) -> Option<usize> {
        let mut by_words: Vec<(f64, usize)> = columns.iter().map(|&column| (self.mean_words(column), column)).collect();
        by_words.sort_by(|a, b| b.0.total_cmp(&a.0));
        match by_words.as_slice() {
            [(most, first), (second, _), ..] => (*most >= CLEARLY_MORE * second).then_some(*first),
            [(_, only)] => Some(*only),
            [] => None,
        }
    }

    fn mean_words(&self, column: usize) -> f64 {
        let words: usize = self.beginning.values(column).map(n_words).sum();
        words as f64 / self.beginning.values(column).count().max(1) as f64
    }

    /// Whether all values are numbers or booleans, as where `feedback` is 0 or 1: no texts, whatever their name.
    fn holds_numbers(&self, column: usize) -> bool {
        let is_number = |value: &str| value.trim().parse::<f64>().is_ok() || value.trim().parse::<bool>().is_ok();
        let mut values = self.beginning.values(column).filter(|value| !value.trim().is_empty()).peekable();
        values.peek().is_some() && values.all(is_number)
    }

    /// Whether values are many words, and mostly different.
    fn looks_like_texts(&self, column: usize) -> bool {
        let (n, different) = (self.beginning.values(column).count(), self.different(column).len());
        n > 0 && self.mean_words(column) >= MIN_WORDS && 2 * different >= n
    }

    /// Whether values are few and come again.
    fn looks_like_labels(&self, column: usize) -> bool {
        let (n, different) = (self.beginning.values(column).count(), self.different(column).len());
        let is_date = |value: &str| {
            let parts = value.split(['-', '/', '.', ':', 'T', ' ']).filter(|part| !part.is_empty());
            parts.count() >= 3 && value.chars().filter(char::is_ascii_digit).count() >= 5
        };
        (2..=MAX_VALUES).contains(&different)
            && n >= MIN_REPEATED * different
            && self.mean_words(column) < MIN_WORDS
            && !self.beginning.values(column).all(is_date)
    }

    fn different(&self, column: usize) -> HashSet<&str> {
        self.beginning.values(column).map(str::trim).filter(|value| !value.is_empty()).collect()
    }

    fn several(&self, role: &str, flag: &str, columns: &[usize]) -> CorpusError {
        let name = |column: &usize| self.beginning.names[*column].trim();
        let seen = self.beginning.rows.len();
        let looked_at = if seen == N_ROWS { format!("the first {seen} rows") } else { format!("{seen} rows") };
        let shown = columns.iter().map(|column| {
            let (different, words) = (self.different(*column).len(), self.mean_words(*column));
            format!("{} ({different} different values, {words:.1} words)", name(column))
        });
        CorpusError::MissingColumn {
            file: self.path.to_owned(),
            column: role.to_owned(),
            found: self.beginning.names.clone(),
            hint: format!(
                "; in {looked_at}, several may be it: {}; say which with {flag} {}",
                shown.collect::<Vec<_>>().join(", "),
                columns.iter().map(name).collect::<Vec<_>>().join(" or ")
            ),
        }
    }
}
