//! `--max-flips`: how many labels a format may say otherwise than the model.

use std::fmt;
use std::str::FromStr;

/// A number of texts, or a share of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxFlips {
    /// So many.
    Count(usize),
    /// So many percent, rounded up to whole texts.
    Percent(f64),
}

impl MaxFlips {
    /// The most of `n` texts.
    pub(crate) fn of(self, n: usize) -> usize {
        match self {
            Self::Count(count) => count,
            // The share of a whole number of texts must not become one more by its rounding.
            Self::Percent(percent) => (percent * n as f64 / 100.0 - 1e-9).ceil() as usize,
        }
    }
}

impl FromStr for MaxFlips {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?}: expected a number such as 3, or a share such as 0.5%");
        match text.trim().strip_suffix('%') {
            None => text.trim().parse().map(Self::Count).map_err(|_| wrong()),
            Some(percent) => match percent.trim().parse::<f64>() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Self::Percent(percent)),
                _ => Err(wrong()),
            },
        }
    }
}

impl fmt::Display for MaxFlips {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Percent(percent) => write!(formatter, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_a_share_is_read() {
        let most = |text: &str, n| text.parse::<MaxFlips>().map(|most| (most.to_string(), most.of(n)));
        assert_eq!(most("3", 872), Ok(("3".to_owned(), 3)));
        assert_eq!(most("1%", 872), Ok(("1%".to_owned(), 9)));
        assert_eq!(most("1 %", 300), Ok(("1%".to_owned(), 3)));
        assert_eq!(most("0%", 300), Ok(("0%".to_owned(), 0)));
        for wrong in ["", "-1", "1.5", "101%", "nan%", "few"] {
            assert!(most(wrong, 1).unwrap_err().contains("expected a number such as 3"), "{wrong}");
        }
    }
}
