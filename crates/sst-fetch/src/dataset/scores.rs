//! Scores: the range that they are given in, mapped to 0 to 1, and the classes that they make where there are no labels.

use corpus::task::{FINE_GRAINED, fine_grained_class};
use corpus::{CorpusError, Split};
use serde::Serialize;

use super::tables::SplitTables;

/// The lowest and the highest score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct ScoreRange {
    low: f64,
    high: f64,
}

/// Takes out the scores that mean that there is none; whether there was one.
pub(crate) fn remove(splits: &mut [SplitTables], unlabeled: &str) -> bool {
    let Ok(value) = unlabeled.trim().parse::<f32>() else { return false };
    let rows = splits.iter_mut().flat_map(|split| &mut split.tables).flat_map(|(_, table)| &mut table.rows);
    let removed = rows.filter_map(|row| row.score.take_if(|score| *score == value)).count();
    removed > 0
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

    /// Maps the scores of all splits to 0 to 1.
    pub(crate) fn map(self, splits: &mut [SplitTables]) -> Result<(), CorpusError> {
        let Self { low, high } = self;
        for (file, table) in splits.iter_mut().flat_map(|split| &mut split.tables) {
            for row in &mut table.rows {
                let Some(score) = row.score else { continue };
                // As it was typed: 0.1 as a float is a little above the bound 0.1.
                let exact: f64 = score.to_string().parse().unwrap_or_else(|_| f64::from(score));
                if exact < low || exact > high {
                    let problem = format!("the score {score} is not in --score-range {low},{high}");
                    return Err(CorpusError::Value { file: file.clone(), location: row.location, problem });
                }
                row.score = Some(((exact - low) / (high - low)) as f32);
            }
        }
        Ok(())
    }
}

/// What scores without labels beside them come to.
pub(crate) enum ScoreClasses {
    /// The rows have the labels of the treebank's classes now.
    Made,
    /// The scores are not all from 0 to 1; these are the lowest and the highest.
    OutOfRange(f32, f32),
}

/// Gives each row with a score the label of its class in the treebank's cut, if all scores are from 0 to 1; `None` where
/// there are no scores.
pub(crate) fn make_classes(splits: &mut [SplitTables]) -> Option<ScoreClasses> {
    let scores = || splits.iter().flat_map(SplitTables::rows).filter_map(|row| row.score);
    let (low, high) = scores().fold((f32::MAX, f32::MIN), |(low, high), score| (low.min(score), high.max(score)));
    if low > high {
        return None;
    }
    if low < 0.0 || high > 1.0 {
        return Some(ScoreClasses::OutOfRange(low, high));
    }
    for row in splits.iter_mut().flat_map(|split| &mut split.tables).flat_map(|(_, table)| &mut table.rows) {
        let class = row.score.and_then(|score| usize::try_from(fine_grained_class(score)).ok());
        row.label = class.and_then(|class| FINE_GRAINED.get(class)).map(|&name| name.to_owned());
    }
    Some(ScoreClasses::Made)
}

impl ScoreClasses {
    /// What was done, in a sentence.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Made => "scores: from 0 to 1; as classes they are cut at 0.2, 0.4, 0.6 and 0.8".to_owned(),
            Self::OutOfRange(low, high) => format!(
                "scores: from {low} to {high}, used as they are, and for regression only; --score-range LOW,HIGH maps them \
                 to 0 to 1 and to classes"
            ),
        }
    }
}

/// Whether a split has rows with a score.
pub(crate) fn has_scores(splits: &[SplitTables], split: Split) -> bool {
    splits.iter().filter(|tables| tables.split == split).flat_map(SplitTables::rows).any(|row| row.score.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_numbers_in_order() {
        let range = |text: &str| ScoreRange::of(&text.split(',').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(range("-1,1"), Ok(ScoreRange { low: -1.0, high: 1.0 }));
        for wrong in ["5,1", "1", "1,1", "a,b", "0,inf", "1,2,3"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
