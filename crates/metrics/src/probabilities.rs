//! Class probabilities of many rows as one flat view.

use crate::error::MetricsError;

/// Probabilities of classes, `(n_rows, n_classes)`, row after row in one slice.
///
/// ```
/// let probabilities = metrics::Probabilities::new(&[0.3, 0.7, 0.6, 0.4], 2)?;
/// assert_eq!(probabilities.row(1), [0.6, 0.4]);
/// # Ok::<(), metrics::MetricsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probabilities<'a> {
    values: &'a [f64],
    n_classes: usize,
}

impl<'a> Probabilities<'a> {
    /// Takes `values` as rows of `n_classes` numbers each.
    ///
    /// # Errors
    /// When the values are no whole number of rows, or when there are no classes.
    pub fn new(values: &'a [f64], n_classes: usize) -> Result<Self, MetricsError> {
        if n_classes == 0 || !values.len().is_multiple_of(n_classes) {
            return Err(MetricsError::NotRows { values: values.len(), n_classes });
        }
        Ok(Self { values, n_classes })
    }

    /// The number of rows.
    #[must_use]
    pub fn n_rows(self) -> usize {
        self.values.len() / self.n_classes
    }

    /// The number of classes, which is that of the columns.
    #[must_use]
    pub fn n_classes(self) -> usize {
        self.n_classes
    }

    /// The probabilities of a row, `(n_classes)`.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn row(self, row: usize) -> &'a [f64] {
        &self.values[row * self.n_classes..(row + 1) * self.n_classes]
    }

    /// All rows, in order.
    pub fn rows(self) -> impl ExactSizeIterator<Item = &'a [f64]> + Clone {
        self.values.chunks_exact(self.n_classes)
    }

    /// The probability of one class in every row.
    pub fn column(self, class: usize) -> impl ExactSizeIterator<Item = f64> + Clone + 'a {
        self.rows().map(move |row| row[class])
    }
}

/// The class of the largest probability, and that probability; of equals the first.
pub(crate) fn most_probable(row: &[f64]) -> (usize, f64) {
    let columns = row.iter().copied().enumerate();
    columns.fold((0, f64::NEG_INFINITY), |best, column| if column.1 > best.1 { column } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_are_those_of_a_matrix() {
        let probabilities = Probabilities::new(&[0.1, 0.9, 0.8, 0.2, 0.5, 0.5], 2).unwrap();
        assert_eq!((probabilities.n_rows(), probabilities.n_classes()), (3, 2));
        assert_eq!(probabilities.rows().nth(1), Some([0.8, 0.2].as_slice()));
        assert_eq!(probabilities.column(1).collect::<Vec<_>>(), [0.9, 0.2, 0.5]);
        assert_eq!(Probabilities::new(&[], 2).unwrap().n_rows(), 0);
    }

    #[test]
    fn a_broken_row_is_refused() {
        for (values, n_classes) in [(&[0.5; 3][..], 2), (&[], 0)] {
            let error = Probabilities::new(values, n_classes).unwrap_err().to_string();
            assert!(error.ends_with(&format!("of {n_classes} classes")), "{error}");
        }
    }

    #[test]
    fn of_equal_probabilities_the_first_is_the_prediction() {
        assert_eq!(most_probable(&[0.2, 0.4, 0.4]), (1, 0.4));
    }
}
