//! Truncation: which tokens are kept of a text that has more than a model takes.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Where a text that is too long is cut, as Transformers' `truncation_side`: the side that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TruncationSide {
    /// The end is cut off.
    #[default]
    Right,
    /// The beginning is cut off.
    Left,
    /// The middle is cut out: half of the tokens that are kept, or one more, are from the beginning, the rest from the end
    /// (Sun et al. 2019, <https://arxiv.org/abs/1905.05583>). Transformers has no such side.
    HeadTail,
}

impl TruncationSide {
    /// All sides.
    pub const ALL: [Self; 3] = [Self::Right, Self::Left, Self::HeadTail];

    /// The name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Left => "left",
            Self::HeadTail => "head-tail",
        }
    }

    /// The tokens that are kept of a text with more than `capacity`, in two parts, one after the other.
    pub(super) fn kept<T>(self, ids: &[T], capacity: usize) -> [&[T]; 2] {
        let n_tail = match self {
            Self::Right => 0,
            Self::Left => capacity,
            Self::HeadTail => capacity / 2,
        };
        [&ids[..capacity - n_tail], &ids[ids.len() - n_tail..]]
    }
}

impl fmt::Display for TruncationSide {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for TruncationSide {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|side| side.name() == name);
        found.ok_or_else(|| format!("expected one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_keeps_as_many_tokens_as_fit() {
        let kept = |side: TruncationSide, capacity| side.kept(&[1, 2, 3, 4, 5, 6, 7], capacity).concat();
        assert_eq!(kept(TruncationSide::Right, 3), [1, 2, 3]);
        assert_eq!(kept(TruncationSide::Left, 3), [5, 6, 7]);
        assert_eq!(kept(TruncationSide::HeadTail, 3), [1, 2, 7]);
        assert_eq!(kept(TruncationSide::HeadTail, 4), [1, 2, 6, 7]);
        assert_eq!(kept(TruncationSide::HeadTail, 1), [1]);
    }

    #[test]
    fn names_are_read_back() {
        for side in TruncationSide::ALL {
            assert_eq!(side.name().parse(), Ok(side));
            assert_eq!(serde_json::to_value(side).unwrap(), side.name());
        }
        assert_eq!("middle".parse::<TruncationSide>(), Err("expected one of right, left, head-tail".to_owned()));
    }
}
