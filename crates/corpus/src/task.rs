//! Task (sst2, sst3, sst5, regression, labels): what a dataset's labels mean to the model that is trained on them.
//!
//! Pure functions from raw labels and scores to targets. The five classes of the treebank can be seen as five, three
//! or two; any other set of classes only as it is, or as a score.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::label::names_contradict_order;
use crate::shortened::shortened_list;

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

    /// The view of a dataset whose classes are `raw_label_names`. All tasks but `labels` need classes that are `ordered` by
    /// what they mean.
    ///
    /// # Errors
    /// Fails when the task is not possible with these classes. Regression always is: without an order only scores count.
    pub fn view(self, raw_label_names: &[String], ordered: bool) -> Result<View, ImpossibleView> {
        let own = || raw_label_names.to_vec();
        let named = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let n_raw = raw_label_names.len();
        if !ordered && !matches!(self, Self::Labels | Self::Regression) {
            return Err(ImpossibleView::without_order(self, raw_label_names));
        }
        let (classes, label_names) = match (self, n_raw) {
            (Self::Sst2, 2) => (vec![Some(0), Some(1)], own()),
            (Self::Sst2, 3) => (vec![Some(0), None, Some(1)], named(&POLARITY)),
            (Self::Sst2, 5) => (vec![Some(0), Some(0), None, Some(1), Some(1)], named(&POLARITY)),
            (Self::Sst3, 3) => (vec![Some(0), Some(1), Some(2)], own()),
            (Self::Sst3, 5) => (vec![Some(0), Some(0), Some(1), Some(2), Some(2)], named(&WITH_NEUTRAL)),
            (Self::Sst5, 5) => ((0..5).map(Some).collect(), named(&FINE_GRAINED)),
            (Self::Labels, 2..) => ((0..).map(Some).take(n_raw).collect(), own()),
            (Self::Regression, _) => (Vec::new(), Vec::new()),
            _ => return Err(ImpossibleView { task: self, raw_label_names: own(), lacks_order: false }),
        };
        let keeps_names = label_names.as_slice() == raw_label_names;
        let contradicts = names_contradict_order(raw_label_names);
        if self != Self::Regression && !keeps_names && contradicts {
            return Err(ImpossibleView::without_order(self, raw_label_names));
        }
        let values = if ordered && !contradicts { values(raw_label_names) } else { Vec::new() };
        Ok(View { task: self, classes, label_names, values })
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

/// Each class as a number from 0 to 1: by its value where the names are ascending numbers, else by its rank.
fn values(names: &[String]) -> Vec<f32> {
    let numbers = names.iter().map(|name| name.parse().ok().filter(|number: &f32| number.is_finite()));
    let ranks = || (0..names.len()).map(|rank| rank as f32).collect();
    let numbers: Vec<f32> = numbers.collect::<Option<_>>().filter(|n: &Vec<f32>| n.is_sorted()).unwrap_or_else(ranks);
    let (low, high) = numbers.iter().fold((f32::MAX, f32::MIN), |(low, high), &n| (low.min(n), high.max(n)));
    let range = if high > low { high - low } else { 1.0 };
    numbers.into_iter().map(|number| (number - low) / range).collect()
}

/// The highest score of each class of the treebank but the last, as its authors cut them.
pub const CUT_OFFS: [f32; 4] = [0.2, 0.4, 0.6, 0.8];

/// The class of the treebank, as an index of [`FINE_GRAINED`], of a score from 0 to 1.
pub fn fine_grained_class(score: f32) -> i32 {
    CUT_OFFS.iter().filter(|&&highest| score > highest).count() as i32
}

/// A task that a dataset's classes do not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImpossibleView {
    task: Task,
    raw_label_names: Vec<String>,
    lacks_order: bool,
}

impl ImpossibleView {
    /// The task needs classes in an order that says something of their meaning, which these do not have.
    pub fn without_order(task: Task, raw_label_names: &[String]) -> Self {
        Self { task, raw_label_names: raw_label_names.to_vec(), lacks_order: true }
    }
}

impl std::error::Error for ImpossibleView {}

impl fmt::Display for ImpossibleView {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { task, raw_label_names, lacks_order } = self;
        let (n, names) = (raw_label_names.len(), shortened_list(raw_label_names));
        write!(formatter, "the task {task} is not possible ")?;
        match (n, lacks_order) {
            (0, _) => write!(formatter, "without labels; give `sst-fetch dataset` their column with --label-column"),
            (1, _) => write!(formatter, "with one class ({names}): there is nothing to tell apart"),
            (_, true) => write!(
                formatter,
                "with the {n} classes {names}: their order is not known to be that of their meaning; give it, the most \
                 negative first, to `sst-fetch dataset` with --label-order, or use the task `labels`"
            ),
            (_, false) => {
                write!(formatter, "with {n} classes ({names}); use the task `labels` for a dataset's own classes")
            }
        }
    }
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
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    task: Task,
    classes: Vec<Option<i32>>,
    label_names: Vec<String>,
    /// Of each raw label, from 0 to 1; empty where the labels have no order.
    values: Vec<f32>,
}

impl View {
    /// The names of the task's classes; empty for regression.
    pub fn label_names(&self) -> &[String] {
        &self.label_names
    }

    /// Whether labels alone give targets: classes, or the values of ordered labels.
    pub fn gives_targets(&self) -> bool {
        self.task != Task::Regression || !self.values.is_empty()
    }

    /// The target of a row with this raw label, below the number of raw label names, and this raw score.
    pub fn target(&self, label: Option<i32>, score: Option<f32>) -> Target {
        if self.task == Task::Regression {
            let scaled = || self.values.get(usize::try_from(label?).ok()?).copied();
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
        task.view(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), true)
    }

    fn targets(view: &View) -> Vec<Target> {
        (0..5).map(|label| view.target(Some(label), None)).collect()
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
    fn a_class_is_a_score_by_its_value_else_by_its_rank() {
        let scores = |names: &[&str]| {
            let view = view(Task::Regression, names).unwrap();
            (0..names.len() as i32).map(|label| view.target(Some(label), None)).collect::<Vec<_>>()
        };
        assert_eq!(scores(&["1", "2", "5"]), [0.0, 0.25, 1.0].map(Target::Score));
        assert_eq!(scores(&["bad", "ok", "good"]), [0.0, 0.5, 1.0].map(Target::Score));
        assert_eq!(scores(&["3", "2", "1"]), [0.0, 0.5, 1.0].map(Target::Score), "an order that the user gave");
        assert_eq!(scores(&["7"]), [Target::Score(0.0)]);
    }

    #[test]
    fn scores_are_cut_into_the_classes_of_the_treebank() {
        let classes = [0.0, 0.2, 0.21, 0.4, 0.5, 0.6, 0.7, 0.8, 0.81, 1.0].map(fine_grained_class);
        assert_eq!(classes, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    }

    #[test]
    fn classes_that_only_the_alphabet_orders_are_no_sentiment() {
        let names = ["conflict", "good"].map(str::to_owned);
        assert!(Task::Labels.view(&names, false).is_ok());
        let error = Task::Sst2.view(&names, false).unwrap_err().to_string();
        assert!(error.contains("the 2 classes conflict, good: their order is not known"), "{error}");
        let view = Task::Regression.view(&names, false).unwrap();
        assert_eq!(view.target(Some(1), None), Target::Unlabeled);
        assert_eq!(view.target(Some(1), Some(0.5)), Target::Score(0.5));
    }

    #[test]
    fn words_against_their_meaning_keep_their_names_or_are_refused() {
        let reversed = ["positive", "neutral", "negative"];
        assert_eq!(view(Task::Sst3, &reversed).unwrap().label_names(), reversed);
        assert!(view(Task::Sst2, &reversed).is_err());
        assert_eq!(view(Task::Regression, &reversed).unwrap().target(Some(0), None), Target::Unlabeled);
        assert!(view(Task::Sst5, &["5", "4", "3", "2", "1"]).is_ok(), "grades, where 1 is the best");
    }

    #[test]
    fn impossible_views_say_what_is_possible() {
        let error = view(Task::Sst5, &POLARITY).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the task sst5 is not possible with 2 classes (negative, positive); use the task `labels` for a dataset's own classes"
        );
        assert_eq!(
            view(Task::Labels, &["spam"]).unwrap_err().to_string(),
            "the task labels is not possible with one class (spam): there is nothing to tell apart"
        );
        assert!(view(Task::Sst3, &POLARITY).is_err());
        assert!(view(Task::Sst2, &["a", "b", "c", "d"]).is_err());
        assert_eq!("sst9".parse::<Task>().unwrap_err(), "expected one of sst2, sst3, sst5, regression, labels");
    }
}
