//! Strata: the classes of which each part of a divided or sampled dataset has its share.

use corpus::task::FINE_GRAINED;

use crate::dataset::labels::Labels;
use crate::dataset::survey::RowFacts;

/// The stratum of a row is its class, or that of its score.
pub(crate) struct Strata<'a> {
    labels: &'a Labels,
}

impl<'a> Strata<'a> {
    pub(crate) fn new(labels: &'a Labels) -> Self {
        Self { labels }
    }

    /// How many strata there are.
    pub(super) fn len(&self) -> usize {
        self.labels.names.len().max(FINE_GRAINED.len())
    }

    /// The stratum of a row; none where it has no target.
    pub(super) fn of(&self, row: &RowFacts) -> Option<usize> {
        match self.labels.class(row) {
            Some(class) => usize::try_from(class).ok(),
            None => row.score_class.map(usize::from),
        }
    }
}
