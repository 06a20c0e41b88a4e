//! Confusion matrix: the primary fact of an evaluation, from which all metrics of classes derive.

use serde::{Deserialize, Serialize};

use crate::error::{MetricsError, check_lengths};

/// How often each true class was predicted as each class, as in scikit-learn's `confusion_matrix`.
///
/// One that is read back from JSON is checked like one made by [`from_counts`](Self::from_counts).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ConfusionMatrix {
    /// The name of each class, by class index. Length `n_classes`.
    pub label_names: Vec<String>,
    /// Numbers of rows; the outer index is the true class, the inner the predicted one. `(n_classes, n_classes)`.
    pub counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    /// Counts `labels` against `predictions`, both class indices of length `n`.
    ///
    /// # Errors
    /// When there are no rows, when the lengths differ, or when a class index has no name.
    pub fn new(labels: &[usize], predictions: &[usize], label_names: &[String]) -> Result<Self, MetricsError> {
        check_lengths(labels.len(), predictions.len())?;
        let n_classes = label_names.len();
        let mut counts = vec![vec![0; n_classes]; n_classes];
        for (row, (&label, &prediction)) in labels.iter().zip(predictions).enumerate() {
            let class = label.max(prediction);
            if class >= n_classes {
                return Err(MetricsError::UnknownClass { row, class, n_classes });
            }
            counts[label][prediction] += 1;
        }
        Ok(Self { label_names: label_names.to_vec(), counts })
    }

    /// Takes counts that were made elsewhere, `(n_classes, n_classes)`.
    ///
    /// # Errors
    /// When there is not one row and one column for each of the names.
    pub fn from_counts(label_names: Vec<String>, counts: Vec<Vec<u64>>) -> Result<Self, MetricsError> {
        let n_classes = label_names.len();
        let square = counts.len() == n_classes && counts.iter().all(|row| row.len() == n_classes);
        if !square {
            return Err(MetricsError::NotSquare { n_classes });
        }
        Ok(Self { label_names, counts })
    }

    /// Number of rows counted.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Number of rows whose prediction is the true class: the sum of the diagonal.
    #[must_use]
    pub fn n_correct(&self) -> u64 {
        let diagonal = self.counts.iter().enumerate();
        diagonal.filter_map(|(class, row)| row.get(class)).sum()
    }
}

/// A matrix as it is in a file, before its shape is checked.
#[derive(Deserialize)]
struct Unchecked {
    label_names: Vec<String>,
    counts: Vec<Vec<u64>>,
}

impl TryFrom<Unchecked> for ConfusionMatrix {
    type Error = MetricsError;

    fn try_from(unchecked: Unchecked) -> Result<Self, MetricsError> {
        Self::from_counts(unchecked.label_names, unchecked.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_are_true_classes_and_columns_predicted_ones() {
        let matrix = ConfusionMatrix::new(&[0, 0, 1, 2], &[0, 1, 1, 0], &names(&["a", "b", "c"])).unwrap();
        assert_eq!(matrix.counts, [[1, 1, 0], [0, 1, 0], [1, 0, 0]]);
        assert_eq!(matrix.n(), 4);
        assert_eq!(matrix.n_correct(), 2);
    }

    #[test]
    fn bad_input_is_named() {
        let ab = names(&["a", "b"]);
        let error = |labels: &[usize], predictions: &[usize]| {
            ConfusionMatrix::new(labels, predictions, &ab).unwrap_err().to_string()
        };
        assert_eq!(error(&[], &[]), "there are no rows to measure");
        assert_eq!(error(&[0, 1], &[0]), "2 labels but 1 predictions");
        assert_eq!(error(&[0, 1], &[0, 2]), "row 1 has class 2, expected a class below 2");
        let ragged = ConfusionMatrix::from_counts(ab.clone(), vec![vec![1, 2], vec![3]]);
        assert_eq!(ragged.unwrap_err().to_string(), "the counts are not 2 rows of 2 columns, one for each label name");
    }
}
