//! Scores: which mean that there is none, the range that they are given in, mapped to 0 to 1, and what they come to where
//! there are no labels.

use std::path::Path;

use corpus::CorpusError;
use corpus::records::Row;
use serde::Serialize;

/// The lowest and the highest score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct ScoreRange {
    low: f64,
    high: f64,
}

/// What the user says of scores.
#[derive(Debug, Clone)]
pub(crate) struct ScoreRules {
    range: Option<ScoreRange>,
    /// The values of --unlabeled, those that are numbers as such.
    unlabeled: Vec<Option<f32>>,
}

impl ScoreRange {
    /// The range between two numbers, the lower one first.
    ///
    /// # Errors
    /// Fails, in words, on anything else.
    pub(crate) fn of(bounds: &[String]) -> Result<Self, String> {
        let number = |text: &String| text.parse().ok().filter(|number: &f64| number.is_finite());
        match bounds {
            [low, high] => number(low).zip(number(high)).filter(|(low, high)| low < high),
            _ => None,
        }
        .map(|(low, high)| Self { low, high })
        .ok_or_else(|| format!("expected two numbers, the lower one first, such as 1,5; found {}", bounds.join(",")))
    }

    /// The score as a number from 0 to 1; none if it is not in the range.
    fn map(self, score: f32) -> Option<f32> {
        let Self { low, high } = self;
        // As it was typed: 0.1 as a float is a little above the bound 0.1.
        let exact: f64 = score.to_string().parse().unwrap_or_else(|_| f64::from(score));
        (low..=high).contains(&exact).then(|| ((exact - low) / (high - low)) as f32)
    }
}

impl ScoreRules {
    pub(crate) fn new(range: Option<ScoreRange>, unlabeled: &[String]) -> Self {
        Self { range, unlabeled: unlabeled.iter().map(|value| value.trim().parse().ok()).collect() }
    }

    /// The number of values that mean that there is no label or score.
    pub(crate) fn n_unlabeled(&self) -> usize {
        self.unlabeled.len()
    }

    /// The score of a row in the range of 0 to 1 if there is a range. `unlabeled` notes which of the values that mean that
    /// there is none was met.
    pub(crate) fn apply(&self, row: &Row, path: &Path, unlabeled: &mut [bool]) -> Result<Option<f32>, CorpusError> {
        let Some(score) = row.score else { return Ok(None) };
        if let Some(index) = self.unlabeled.iter().position(|&value| value == Some(score)) {
            unlabeled[index] = true;
            return Ok(None);
        }
        let Some(range) = self.range else { return Ok(Some(score)) };
        range.map(score).map(Some).ok_or_else(|| {
            let problem = format!("the score {score} is not in --score-range {},{}", range.low, range.high);
            CorpusError::Value { file: path.to_owned(), location: row.location, problem }
        })
    }
}

/// What scores come to where there are no labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ScoreClasses {
    /// The classes of the treebank's cut.
    Made,
    /// None: the scores are not all from 0 to 1; these are the lowest and the highest.
    OutOfRange(f32, f32),
}

impl ScoreClasses {
    /// By the lowest and the highest score.
    pub(crate) fn of((low, high): (f32, f32)) -> Self {
        if low < 0.0 || high > 1.0 { Self::OutOfRange(low, high) } else { Self::Made }
    }

    /// What was done, in a sentence.
    pub(crate) fn description(self) -> String {
        match self {
            Self::Made => "scores: from 0 to 1; as classes they are cut at 0.2, 0.4, 0.6 and 0.8".to_owned(),
            Self::OutOfRange(low, high) => format!(
                "scores: from {low} to {high}, used as they are, and for regression only; --score-range LOW,HIGH maps them \
                 to 0 to 1 and to classes"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_numbers_in_order() {
        let range = |text: &str| ScoreRange::of(&text.split(',').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(range("-1,1"), Ok(ScoreRange { low: -1.0, high: 1.0 }));
        assert_eq!(range("0.1,0.3").unwrap().map(0.1), Some(0.0));
        assert_eq!(range("1,5").unwrap().map(5.5), None);
        for wrong in ["5,1", "1", "1,1", "a,b", "0,inf", "1,2,3"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
