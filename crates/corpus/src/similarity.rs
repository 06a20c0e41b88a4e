//! What texts have in common: equal ones, equal ones but for case and punctuation, and texts that are pieces of longer ones.
//!
//! A text is compared by its words: runs of letters and digits in lower case. Hashes of 64 bits stand for texts, so that a
//! table of millions of rows needs some 30 bytes a row; that two of five million different texts share one has a chance of
//! one in a million. They are the same on every machine.

mod words;
mod pieces;
mod groups;
mod near;
mod double_encoding;

pub use double_encoding::mended;
pub use groups::Groups;
pub use near::NearDuplicates;
pub use pieces::{Piece, Pieces};
pub(crate) use words::is_joined;
pub use words::{exact_key, normalized_key};
