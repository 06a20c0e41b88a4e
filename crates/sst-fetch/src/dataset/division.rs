//! Division: what becomes of the rows of train.

use corpus::Split;

/// What becomes of the rows of train.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Division {
    /// They stay.
    Whole,
    /// These shares of them are split off, or stay: train first.
    SplitOff(Vec<(Split, f64)>),
    /// They are cut into `n` folds of one size, of which one becomes the validation split; `fold` is counted from 0.
    Fold { n: usize, fold: usize },
}

impl Division {
    /// The splits that rows of train go to.
    pub(crate) fn splits(&self) -> Vec<Split> {
        match self {
            Self::Whole => vec![Split::Train],
            Self::SplitOff(shares) => shares.iter().map(|(split, _)| *split).collect(),
            Self::Fold { .. } => vec![Split::Train, Split::Validation],
        }
    }
}
