//! Class balance: what about the numbers of rows of the classes should be known before figures are believed.
//!
//! In: the rows of each class in each split that a stage has read. Out: sentences. A stage that has all splits hears of
//! classes that occur only outside the train split; one that reads a single split hears of that split.

use crate::shortened::{first_dozen, shortened_list, shortened_name};
use crate::split::Split;

/// The fraction of the rows from which on one class is a majority worth a warning.
const MAJORITY: f64 = 0.95;

/// Warnings about classes that are alone, missing, or nearly all there is.
///
/// `counts` has the number of labeled rows of each class, in the order of `label_names`, for each split that was read.
/// Splits without a labeled row say nothing. Each warning is a sentence without a period at its end.
///
/// ```
/// use corpus::{Split, class_balance};
/// let names = ["bad".to_owned(), "good".to_owned()];
/// assert!(class_balance::warnings(&names, &[(Split::Train, vec![40, 60])]).is_empty());
/// assert_eq!(
///     class_balance::warnings(&names, &[(Split::Train, vec![0, 60])]),
///     ["all 60 labeled rows of train are good: from one class alone, nothing can be learned"]
/// );
/// ```
pub fn warnings(label_names: &[String], counts: &[(Split, Vec<usize>)]) -> Vec<String> {
    let splits = with_labels(counts);
    let train = splits.iter().find(|split| split.split == Split::Train);
    let mut warnings: Vec<String> = splits.iter().filter_map(|split| split.dominance(label_names)).collect();
    if let Some(train) = train {
        warnings.extend(missing(label_names, train, &splits));
    }
    warnings
}

/// Sentences about classes of train that another split, of more than one class, has no row of: of small splits that is often so,
/// and no matter to a training.
pub fn unmeasured(label_names: &[String], counts: &[(Split, Vec<usize>)]) -> Vec<String> {
    let splits = with_labels(counts);
    let Some(train) = splits.iter().find(|split| split.split == Split::Train) else { return Vec::new() };
    let has = |split: &SplitCounts, class: usize| split.counts.get(class).is_some_and(|&count| count > 0);
    let of_split = |split: &SplitCounts| {
        let classes = 0..label_names.len();
        let several = classes.clone().filter(|&class| has(split, class)).count() > 1;
        let lacking = classes.filter(|&class| has(train, class) && !has(split, class));
        let named: Vec<String> =
            lacking.map(|class| format!("{} ({})", shortened_name(&label_names[class]), train.counts[class])).collect();
        (several && !named.is_empty()).then(|| {
            format!(
                "{} has no row of classes that train has: {}; no figure of it says how well they are found",
                split.split.name(),
                first_dozen(named.into_iter())
            )
        })
    };
    splits.iter().filter_map(of_split).collect()
}

/// The splits with a labeled row.
fn with_labels(counts: &[(Split, Vec<usize>)]) -> Vec<SplitCounts<'_>> {
    counts
        .iter()
        .map(|(split, counts)| SplitCounts { split: *split, counts, n: counts.iter().sum() })
        .filter(|split| split.n > 0)
        .collect()
}

/// The labeled rows of a split by class, and their sum, which is not 0.
struct SplitCounts<'a> {
    split: Split,
    counts: &'a [usize],
    n: usize,
}

impl SplitCounts<'_> {
    /// One class that is all or nearly all of the split. A single row outside train is no statement about a class.
    fn dominance(&self, label_names: &[String]) -> Option<String> {
        let (class, &most) = self.counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
        let name = shortened_name(label_names.get(class)?);
        let (split, n) = (self.split.name(), self.n);
        let training = self.split == Split::Train;
        if most == n {
            return (training || n > 1).then(|| match training {
                true => {
                    format!("all {n} labeled rows of {split} are {name}: from one class alone, nothing can be learned")
                }
                false => format!(
                    "all {n} labeled rows of {split} are {name}: figures of one class alone say little about a model"
                ),
            });
        }
        let fraction = most as f64 / n as f64;
        (fraction >= MAJORITY).then(|| {
            format!(
                "{:.1} % of the {n} labeled rows of {split} are {name}: to always say so is as accurate as that; \
                 look at the macro F1 and the MCC beside the accuracy",
                // Rounded down, so that 99.96 % are not all of them.
                (1000.0 * fraction).floor() / 10.0
            )
        })
    }
}

/// Classes that the train split has no row of: those that other splits have, then those that no split has.
fn missing(label_names: &[String], train: &SplitCounts, splits: &[SplitCounts]) -> Vec<String> {
    let absent: Vec<usize> =
        (0..label_names.len()).filter(|&class| train.counts.get(class).is_none_or(|&count| count == 0)).collect();
    let rows = |split: &SplitCounts, class: usize| split.counts.get(class).copied().unwrap_or(0);
    let elsewhere = |class: usize| splits.iter().any(|split| rows(split, class) > 0);
    let mut warnings = Vec::new();
    for split in splits.iter().filter(|split| split.split != Split::Train) {
        let only_here: Vec<String> = absent
            .iter()
            .filter(|&&class| rows(split, class) > 0)
            .map(|&class| format!("{} ({})", shortened_name(&label_names[class]), rows(split, class)))
            .collect();
        if !only_here.is_empty() {
            warnings.push(format!(
                "train has no row of classes that {} has: {}; they cannot be learned, and count as errors",
                split.split.name(),
                first_dozen(only_here.into_iter())
            ));
        }
    }
    let nowhere: Vec<&String> = absent.iter().filter(|&&class| !elsewhere(class)).map(|&c| &label_names[c]).collect();
    // That one class alone is there has been said.
    if !nowhere.is_empty() && label_names.len() - absent.len() > 1 {
        warnings.push(format!("train has no row of: {}; no split has one", shortened_list(&nowhere)));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(label_names: &[&str], counts: &[(Split, &[usize])]) -> Vec<String> {
        let label_names: Vec<String> = label_names.iter().map(|&name| name.to_owned()).collect();
        let counts: Vec<(Split, Vec<usize>)> = counts.iter().map(|(split, counts)| (*split, counts.to_vec())).collect();
        warnings(&label_names, &counts)
    }

    #[test]
    fn what_is_balanced_or_has_no_labels_needs_no_word() {
        let names = ["bad", "good"];
        assert_eq!(found(&names, &[(Split::Train, &[40, 60]), (Split::Test, &[0, 0])]), [] as [&str; 0]);
        assert_eq!(found(&names, &[(Split::Train, &[94, 6]), (Split::Validation, &[1, 0])]), [] as [&str; 0]);
        assert_eq!(found(&names, &[(Split::Train, &[0, 0])]), [] as [&str; 0]);
        assert_eq!(found(&[], &[]), [] as [&str; 0]);
    }

    #[test]
    fn a_majority_is_named_with_its_fraction() {
        let warning = |good: usize, bad: usize| found(&["bad", "good"], &[(Split::Train, &[bad, good])]);
        assert!(warning(949, 51).is_empty());
        assert!(warning(950, 50)[0].starts_with("95.0 % of the 1000 labeled rows of train are good: "));
        assert!(warning(99_999, 1)[0].starts_with("99.9 % of the 100000 "));
    }

    #[test]
    fn one_class_alone_is_named_once() {
        let train = found(&["bad", "good"], &[(Split::Train, &[7, 0])]);
        assert_eq!(train, ["all 7 labeled rows of train are bad: from one class alone, nothing can be learned"]);
        let test = found(&["bad", "good"], &[(Split::Test, &[0, 2])]);
        assert_eq!(test, ["all 2 labeled rows of test are good: figures of one class alone say little about a model"]);
    }

    #[test]
    fn a_class_that_train_lacks_is_named_with_the_split_that_has_it() {
        let splits: [(Split, &[usize]); 3] =
            [(Split::Train, &[5, 5, 0, 0]), (Split::Validation, &[2, 2, 0, 0]), (Split::Test, &[2, 2, 3, 0])];
        assert_eq!(
            found(&["sad", "happy", "angry", "bored"], &splits),
            [
                "train has no row of classes that test has: angry (3); they cannot be learned, and count as errors",
                "train has no row of: bored; no split has one",
            ]
        );
    }

    #[test]
    fn a_class_that_another_split_lacks_is_named() {
        let names = ["sad", "happy", "angry"].map(str::to_owned);
        let splits = [(Split::Train, vec![5, 5, 3]), (Split::Validation, vec![2, 2, 0]), (Split::Test, vec![1, 0, 0])];
        assert!(warnings(&names, &splits).is_empty());
        assert_eq!(
            unmeasured(&names, &splits),
            [
                "validation has no row of classes that train has: angry (3); no figure of it says how well they are found"
            ]
        );
    }

    #[test]
    fn many_missing_classes_fit_on_a_screen() {
        let names: Vec<String> = (0..174).map(|class| format!("c{class}")).collect();
        let mut train = vec![0; 174];
        (train[0], train[1]) = (5, 5);
        let warnings = warnings(&names, &[(Split::Train, train)]);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("c2, c3, ") && warnings[0].contains("c13 and 160 more; "), "{}", warnings[0]);
    }
}
