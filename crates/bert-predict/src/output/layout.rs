//! What all answers of an output have in common.

use crate::verdict::Decoding;

/// What all answers of an output have in common.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The names that the columns which go along have in the output.
    pub(crate) kept: Vec<String>,
    pub(crate) decoding: Decoding,
    /// Whether answers say what each word piece contributes.
    pub(crate) attributions: bool,
}
