//! Problem type: classification or regression, which the token files decide.

/// What is learned, as `problem_type` in Transformers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemType {
    /// Each sentence has one of `n_classes` labels.
    Classification { n_classes: usize },
    /// Each sentence has a score.
    Regression,
}

impl ProblemType {
    /// The number of classes; `None` for regression.
    pub(crate) fn n_classes(self) -> Option<usize> {
        match self {
            Self::Classification { n_classes } => Some(n_classes),
            Self::Regression => None,
        }
    }
}
