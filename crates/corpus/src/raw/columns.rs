//! The names of the columns of raw and token files, and of those that a user keeps.

use crate::tokens::{ATTENTION_MASK, TOKEN_TYPE_IDS, WINDOW};

/// The columns of a raw file that are there always, those of earlier versions first.
pub(super) const COLUMNS: [&str; 9] =
    ["id", "sentence_id", "text", "label", "score", "is_root", "depth", "source_file", "source_line"];
/// Other columns of token files.
const OF_TOKENS: [&str; 4] = ["input_ids", ATTENTION_MASK, TOKEN_TYPE_IDS, WINDOW];

/// The key of the metadata that lists the columns that the user keeps.
pub(crate) const KEPT_COLUMNS: &str = "kept_columns";

/// The name under which a column of the user's is kept in raw and token files: its own, or with `source_` before it where
/// these have a column of that name.
///
/// ```
/// use corpus::raw::kept_name;
/// assert_eq!(kept_name("region"), "region");
/// assert_eq!(kept_name("id"), "source_id");
/// assert_eq!(kept_name("window"), "source_window");
/// ```
pub fn kept_name(column: &str) -> String {
    let is_taken = COLUMNS.contains(&column) || OF_TOKENS.contains(&column);
    if is_taken { format!("source_{column}") } else { column.to_owned() }
}
