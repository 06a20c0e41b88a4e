//! Task (sst2, sst3, sst5, regression, labels): what a dataset's labels mean to the model that is trained on them.
//!
//! Pure functions from raw labels and scores to targets. The five classes of the treebank can be seen as five, three
//! or two; any other set of classes only as it is, or as a score.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The names of the two classes of polarity.
pub const POLARITY: [&str; 2] = ["negative", "positive"];
const WITH_NEUTRAL: [&str; 3] = ["negative", "neutral", "positive"];
/// The names of the treebank's five classes.
pub const FINE_GRAINED: [&str; 5] = ["very negative", "negative", "neutral", "positive", "very positive"];

/// What the model is trained to predict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Negative or positive; neutral rows are left out.
    Sst2,
    /// Negative, neutral or positive.
    Sst3,
    /// The five classes.
    Sst5,
    /// A number: the score, or the label scaled to 0 to 1 where there is no score.
    Regression,
    /// The dataset's own classes.
    Labels,
}

impl Task {
    /// All tasks.
    pub const ALL: [Self; 5] = [Self::Sst2, Self::Sst3, Self::Sst5, Self::Regression, Self::Labels];

    /// The name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sst2 => "sst2",
            Self::Sst3 => "sst3",
            Self::Sst5 => "sst5",
            Self::Regression => "regression",
            Self::Labels => "labels",
        }
    }

    /// The view of a dataset whose classes are `raw_label_names`.
    ///
    /// # Errors
    /// Fails when the task is not possible with these classes.
    pub fn view(self, raw_label_names: &[String]) -> Result<View, ImpossibleView> {
        let own = || raw_label_names.to_vec();
        let named = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let n_raw = raw_label_names.len();
        let (classes, label_names) = match (self, n_raw) {
            (Self::Sst2, 2) => (vec![Some(0), Some(1)], own()),
            (Self::Sst2, 3) => (vec![Some(0), None, Some(1)], named(&POLARITY)),
            (Self::Sst2, 5) => (vec![Some(0), Some(0), None, Some(1), Some(1)], named(&POLARITY)),
            (Self::Sst3, 3) => (vec![Some(0), Some(1), Some(2)], own()),
            (Self::Sst3, 5) => (vec![Some(0), Some(0), Some(1), Some(2), Some(2)], named(&WITH_NEUTRAL)),
            (Self::Sst5, 5) => ((0..5).map(Some).collect(), named(&FINE_GRAINED)),
            (Self::Labels, 2..) => ((0..).map(Some).take(n_raw).collect(), own()),
            (Self::Regression, _) => (Vec::new(), Vec::new()),
            _ => return Err(ImpossibleView { task: self, raw_label_names: own() }),
        };
        Ok(View { task: self, classes, label_names, n_raw })
    }
}

impl fmt::Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|task| task.name() == name);
        found.ok_or_else(|| format!("expected one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// A task that a dataset's classes do not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the task {task} is not possible with {} classes ({}); use the task `labels` for a dataset's own classes",
    raw_label_names.len(),
    raw_label_names.join(", ")
)]
pub struct ImpossibleView {
    task: Task,
    raw_label_names: Vec<String>,
}

/// The target of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// A class, as an index of the view's label names.
    Class(i32),
    /// A number.
    Score(f32),
    /// Not known.
    Unlabeled,
    /// The row is not part of this task: it is neutral where only polarity counts.
    Excluded,
}

/// A dataset's labels as one task sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    task: Task,
    classes: Vec<Option<i32>>,
    label_names: Vec<String>,
    n_raw: usize,
}

impl View {
    /// The names of the task's classes; empty for regression.
    pub fn label_names(&self) -> &[String] {
        &self.label_names
    }

    /// The target of a row with this raw label, below the number of raw label names, and this raw score.
    pub fn target(&self, label: Option<i32>, score: Option<f32>) -> Target {
        if self.task == Task::Regression {
            let scaled = || label.map(|label| label as f32 / self.n_raw.saturating_sub(1).max(1) as f32);
            return score.or_else(scaled).map_or(Target::Unlabeled, Target::Score);
        }
        let Some(label) = label else { return Target::Unlabeled };
        let class = usize::try_from(label).ok().and_then(|label| self.classes.get(label).copied()).flatten();
        class.map_or(Target::Excluded, Target::Class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(task: Task, names: &[&str]) -> Result<View, ImpossibleView> {
        task.view(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    fn targets(view: &View) -> Vec<Target> {
        (0..view.n_raw as i32).map(|label| view.target(Some(label), None)).collect()
    }

    #[test]
    fn five_classes_are_five_three_or_two() {
        use Target::{Class, Excluded};
        let two = view(Task::Sst2, &FINE_GRAINED).unwrap();
        assert_eq!(targets(&two), [Class(0), Class(0), Excluded, Class(1), Class(1)]);
        assert_eq!(two.label_names(), POLARITY);
        let three = view(Task::Sst3, &FINE_GRAINED).unwrap();
        assert_eq!(targets(&three), [Class(0), Class(0), Class(1), Class(2), Class(2)]);
        assert_eq!(three.label_names(), WITH_NEUTRAL);
        let five = view(Task::Sst5, &["0", "1", "2", "3", "4"]).unwrap();
        assert_eq!(targets(&five), [Class(0), Class(1), Class(2), Class(3), Class(4)]);
        assert_eq!(five.label_names(), FINE_GRAINED);
        assert_eq!(two.target(None, None), Target::Unlabeled);
    }

    #[test]
    fn own_classes_keep_their_names() {
        assert_eq!(view(Task::Sst2, &["bad", "good"]).unwrap().label_names(), ["bad", "good"]);
        let four = view(Task::Labels, &["a", "b", "c", "d"]).unwrap();
        assert_eq!(four.label_names(), ["a", "b", "c", "d"]);
        assert_eq!(four.target(Some(3), None), Target::Class(3));
    }

    #[test]
    fn a_score_comes_before_a_scaled_label() {
        let view = view(Task::Regression, &FINE_GRAINED).unwrap();
        assert_eq!(view.target(Some(1), None), Target::Score(0.25));
        assert_eq!(view.target(Some(1), Some(0.3)), Target::Score(0.3));
        assert_eq!(view.target(None, None), Target::Unlabeled);
        assert!(view.label_names().is_empty());
    }

    #[test]
    fn impossible_views_say_what_is_possible() {
        let error = view(Task::Sst5, &POLARITY).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the task sst5 is not possible with 2 classes (negative, positive); use the task `labels` for a dataset's own classes"
        );
        assert!(view(Task::Sst3, &POLARITY).is_err());
        assert!(view(Task::Sst2, &["a", "b", "c", "d"]).is_err());
        assert_eq!("sst9".parse::<Task>().unwrap_err(), "expected one of sst2, sst3, sst5, regression, labels");
    }
}
