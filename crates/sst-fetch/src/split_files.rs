//! The files of a dataset by split: what local folders and hub repositories have in common.

use std::path::PathBuf;

use corpus::Split;

/// The files of each split, in their order.
pub(crate) type SplitFiles = Vec<(Split, Vec<PathBuf>)>;
