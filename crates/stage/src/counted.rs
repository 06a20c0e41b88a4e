//! Counted: a number with its noun, as a part of a message.

/// `1 thread`, `2 threads`: `n` of what `noun` names in the singular.
///
/// ```
/// assert_eq!(stage::counted(1, "row"), "1 row");
/// assert_eq!(stage::counted(0, "row"), "0 rows");
/// ```
pub fn counted(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
