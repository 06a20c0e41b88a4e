//! Most confused classes: a confusion matrix of many classes as one of a few, for a picture that can be read.

use corpus::shortened_name;
use metrics::ConfusionMatrix;

/// The matrix of the `n` classes with the most errors, in the order of their indices, with all others as a last class.
/// Where there are no more than `n`, only their names are shortened.
///
/// A row of a class is an error of it where it is predicted as another, and of that other, too. A row of another class
/// that is predicted as another class counts on the diagonal of the others, right or wrong.
pub(crate) fn most_confused(matrix: &ConfusionMatrix, n: usize) -> ConfusionMatrix {
    let n_classes = matrix.label_names.len();
    let errors = |class: usize| -> u64 {
        let others = (0..n_classes).filter(|&other| other != class);
        others.map(|other| matrix.counts[class][other] + matrix.counts[other][class]).sum()
    };
    let mut shown: Vec<usize> = (0..n_classes).collect();
    shown.sort_by_key(|&class| (std::cmp::Reverse(errors(class)), class));
    shown.truncate(n);
    shown.sort_unstable();

    let mut label_names: Vec<String> = shown.iter().map(|&class| shortened_name(&matrix.label_names[class])).collect();
    let n_others = n_classes - shown.len();
    if n_others > 0 {
        label_names.push(format!("{n_others} other classes"));
    }
    let index = |class: usize| shown.binary_search(&class).unwrap_or(shown.len());
    let mut counts = vec![vec![0; label_names.len()]; label_names.len()];
    for (label, row) in matrix.counts.iter().enumerate() {
        for (prediction, count) in row.iter().enumerate() {
            counts[index(label)][index(prediction)] += count;
        }
    }
    ConfusionMatrix { label_names, counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(label_names: &[&str], counts: &[&[u64]]) -> ConfusionMatrix {
        let label_names = label_names.iter().map(|&name| name.to_owned()).collect();
        ConfusionMatrix { label_names, counts: counts.iter().map(|row| row.to_vec()).collect() }
    }

    #[test]
    fn the_classes_with_the_most_errors_are_shown_and_no_row_is_lost() {
        let all = matrix(&["a", "b", "c", "d"], &[&[9, 0, 1, 0], &[0, 5, 0, 7], &[0, 0, 4, 0], &[0, 2, 0, 8]]);
        let expected = matrix(&["b", "d", "2 other classes"], &[&[5, 7, 0], &[2, 8, 0], &[0, 0, 14]]);
        assert_eq!(most_confused(&all, 2), expected);
        assert_eq!(most_confused(&all, 4), all);
    }

    #[test]
    fn among_equals_the_first_classes_are_shown() {
        let perfect = matrix(&["a", "b", "c"], &[&[1, 0, 0], &[0, 2, 0], &[0, 0, 3]]);
        let expected = matrix(&["a", "2 other classes"], &[&[1, 0], &[0, 5]]);
        assert_eq!(most_confused(&perfect, 1), expected);
    }
}
