//! Truncation: which end of a long text is cut.

/// The side on which a text is cut that is longer than its maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TruncationSide {
    /// The end goes.
    #[default]
    Right,
    /// The beginning goes.
    Left,
}
