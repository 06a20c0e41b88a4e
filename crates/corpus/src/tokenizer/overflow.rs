//! Overflow: what becomes of a text that has more tokens than a model takes, and how files say so.
//!
//! Truncation on the right is what every file means that says nothing else.

use serde_json::Value;

use super::N_SPECIAL;
use super::truncation::TruncationSide;
use crate::error::CorpusError;

/// What becomes of a text that has more tokens than a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// It is cut.
    Truncate(TruncationSide),
    /// It is read in windows, each an input of its own.
    Windows {
        /// How many tokens neighboring windows share, special ones not counted.
        stride: usize,
    },
}

impl Overflow {
    /// The name of the fact that says on which side texts are truncated.
    pub const TRUNCATION_SIDE: &'static str = "truncation_side";
    /// The name of the fact that says how many tokens neighboring windows share.
    pub const WINDOW_STRIDE: &'static str = "window_stride";

    /// From the two facts.
    ///
    /// # Errors
    /// Says what was expected of a fact that is not one.
    pub fn of_facts(truncation_side: Option<&str>, window_stride: Option<&str>) -> Result<Self, String> {
        match (truncation_side, window_stride) {
            (_, Some(stride)) => match stride.parse() {
                Ok(stride) => Ok(Self::Windows { stride }),
                Err(_) => Err(format!("{} is {stride}; expected a number of tokens", Self::WINDOW_STRIDE)),
            },
            (Some(side), None) => match side.parse() {
                Ok(side) => Ok(Self::Truncate(side)),
                Err(expected) => Err(format!("{} is {side}; {expected}", Self::TRUNCATION_SIDE)),
            },
            (None, None) => Ok(Self::default()),
        }
    }

    /// The fact that a file keeps, name and value; none of truncation on the right.
    pub fn fact(self) -> Option<(&'static str, String)> {
        match self {
            Self::Truncate(TruncationSide::Right) => None,
            Self::Truncate(side) => Some((Self::TRUNCATION_SIDE, side.to_string())),
            Self::Windows { stride } => Some((Self::WINDOW_STRIDE, stride.to_string())),
        }
    }

    /// From the same facts in a JSON file; null is none.
    ///
    /// # Errors
    /// As [`Overflow::of_facts`].
    pub fn of_json(truncation_side: Option<&Value>, window_stride: Option<&Value>) -> Result<Self, String> {
        let text = |fact: &Value| match fact {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        Self::of_facts(truncation_side.and_then(text).as_deref(), window_stride.and_then(text).as_deref())
    }

    /// Refuses windows of `max_length` tokens that would share all of them.
    ///
    /// # Errors
    /// Says how many they can share.
    pub fn check(self, max_length: usize) -> Result<(), CorpusError> {
        let capacity = max_length.saturating_sub(N_SPECIAL);
        match self {
            Self::Windows { stride } if stride >= capacity => {
                Err(CorpusError::WindowStride { stride, max_length, most: capacity.saturating_sub(1) })
            }
            _ => Ok(()),
        }
    }

    /// The flags that ask for it.
    pub fn flag(self) -> String {
        match self {
            Self::Truncate(side) => format!("--truncation-side {side}"),
            Self::Windows { stride } => format!("--window-stride {stride}"),
        }
    }

    /// What becomes of texts, in words.
    pub fn described(self) -> String {
        match self {
            Self::Truncate(TruncationSide::Right) => "truncated at their ends".to_owned(),
            Self::Truncate(TruncationSide::Left) => "truncated at their beginnings".to_owned(),
            Self::Truncate(TruncationSide::HeadTail) => "truncated in their middles".to_owned(),
            Self::Windows { stride } => format!("read in windows that share {stride} tokens"),
        }
    }
}

impl Default for Overflow {
    fn default() -> Self {
        Self::Truncate(TruncationSide::Right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_are_read_back_and_the_default_has_none() {
        let sides = TruncationSide::ALL.map(Overflow::Truncate);
        for overflow in sides.into_iter().chain([Overflow::Windows { stride: 64 }]) {
            let fact = overflow.fact();
            let value = |name: &str| fact.as_ref().filter(|fact| fact.0 == name).map(|fact| fact.1.as_str());
            let read = Overflow::of_facts(value(Overflow::TRUNCATION_SIDE), value(Overflow::WINDOW_STRIDE));
            assert_eq!(read, Ok(overflow));
        }
        assert_eq!(Overflow::default().fact(), None);
        assert_eq!(Overflow::of_json(None, Some(&json!(64))), Ok(Overflow::Windows { stride: 64 }));
        let left = Overflow::Truncate(TruncationSide::Left);
        assert_eq!(Overflow::of_json(Some(&json!("left")), Some(&Value::Null)), Ok(left));
        assert_eq!(
            Overflow::of_facts(Some("middle"), None),
            Err("truncation_side is middle; expected one of right, left, head-tail".to_owned())
        );
        assert_eq!(
            Overflow::of_facts(None, Some("-1")),
            Err("window_stride is -1; expected a number of tokens".to_owned())
        );
    }
}
