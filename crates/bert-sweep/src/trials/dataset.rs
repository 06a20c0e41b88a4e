//! Dataset of a run: the tokens that it trains and is evaluated on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stage::Fingerprint;

/// Token files with a train and a validation split.
#[derive(Debug, Clone)]
pub(crate) struct Dataset {
    /// The fold that is its validation split, from 1 on.
    pub(crate) fold: Option<u32>,
    /// The folder.
    pub(crate) tokens: PathBuf,
    /// Hashes of the input files of a training, by their role.
    pub(crate) inputs: BTreeMap<String, Fingerprint>,
}
