//! What the records below a header show: a line that rules it off, and names of rows, for which it has no field.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::dialect::{Dialect, header_names};
use super::record_stream::RecordError;
use crate::error::Result;

/// Whether the line below the header is dashes, several for each of its names, as the tools of databases and Markdown rule it
/// off. Of a single column it may be a text.
pub(super) fn is_ruled_off(dialect: &Dialect) -> Result<bool> {
    let is_rule = |text: &str| text.contains("--") && text.bytes().all(|byte| b"-: ".contains(&byte));
    let mut records = dialect.records()?;
    let Some(Ok(names)) = records.next(|header| header_names(&header)) else { return Ok(false) };
    let n_names = names.iter().filter(|name| !name.trim().is_empty()).count();
    let below = records.next(|record| {
        let mut pairs = names.iter().zip(&record.fields).map(|(name, field)| (name.trim(), field.text.trim()));
        let is_right = |(name, text): (&str, &str)| if name.is_empty() { text.is_empty() } else { is_rule(text) };
        n_names > 1 && record.fields.len() == names.len() && pairs.all(is_right)
    });
    match below {
        Some(Err(RecordError::File(error))) => Err(error),
        below => Ok(matches!(below, Some(Ok(true)))),
    }
}

/// Whether the rows have one field more than the header because each begins with its name, as R writes them: names are
/// quoted, and are numbers, all different.
pub(super) fn has_row_names(dialect: &Dialect, n_names: usize) -> Result<bool> {
    let mut records = dialect.records()?;
    records.skip();
    let (mut names, mut all) = (HashSet::new(), true);
    let read = records.for_each(|record| {
        let name = record.fields.first().filter(|field| field.quoted && record.fields.len() == n_names + 1);
        let number = name.and_then(|field| field.text.parse::<u64>().ok());
        all = number.is_some_and(|number| names.insert(number));
        if all { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    match read {
        Err(RecordError::File(error)) => Err(error),
        Err(RecordError::Quote(_)) => Ok(false),
        Ok(()) => Ok(all && !names.is_empty()),
    }
}
