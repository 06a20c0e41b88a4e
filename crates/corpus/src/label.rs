//! Labels: what the label column of a dataset comes to when it is looked at as a whole.
//!
//! A file gives each label as text (`1`, `1.0`, `true`, `good`), or none. Whether `1` is a class, a score or an index into
//! names cannot be told from one row, and not from one split: [`LabelColumn::infer`] takes the values of all splits, decides
//! once, and keeps what it found and how it read it, to be said.
//!
//! ```text
//! decimal_comma  a number with a decimal comma, with a point
//! value      number, boolean or word; what stands for a missing one
//! framed     words that differ in a number alone
//! distinct   the different values of all splits, how often and where first
//! classes    values that are one class, and how lists of them are shown
//! sentiment  orders that words have by their meaning: bad < ok < good
//! meaning    whether an order is that of the meaning
//! naming     the order and the names that the user gives
//! column     distinct values ──► classes, their names and their order
//! combined   labels that are several labels of one text
//! report     how the column was read, in words
//! ```

mod decimal_comma;
mod value;
mod framed;
mod distinct;
mod classes;
mod sentiment;
mod meaning;
mod rules;
mod naming;
mod column;
mod combined;
mod report;

pub use classes::LabelOrder;
pub use column::LabelColumn;
pub(crate) use decimal_comma::with_point;
pub use distinct::{DistinctLabels, FileLocation, MAX_DISTINCT};
pub(crate) use meaning::names_contradict_order;
pub use meaning::{names_ascend, names_have_meaning};
pub use rules::{LabelRules, SourceNames};
pub use sentiment::is_sentiment;
pub(crate) use value::is_missing;

#[cfg(test)]
mod tests;
