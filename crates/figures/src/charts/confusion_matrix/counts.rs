//! What a confusion matrix is drawn from: counts, names, and which shares its cells show.

/// The counts of a confusion matrix, with its title and class names.
#[derive(Clone, Copy, Debug)]
pub struct Confusion<'a> {
    /// May be empty.
    pub title: &'a str,
    /// Such as "n = 1821 · accuracy 88.6 %"; may be empty.
    pub subtitle: &'a str,
    /// The name of each class. Length `n_classes`.
    pub label_names: &'a [String],
    /// Numbers of rows by true class (outer) and predicted class (inner), `(n_classes, n_classes)`.
    pub counts: &'a [Vec<u64>],
    /// What a cell shows beside its count.
    pub shares: Shares,
}

/// What a cell of a confusion matrix is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shares {
    /// The rows of its true class: the diagonal shows recall.
    #[default]
    ByRow,
    /// The rows of its predicted class: the diagonal shows precision.
    ByColumn,
    /// Both as numbers; the color is that of the row.
    Both,
}

impl Shares {
    pub(super) fn color_title(self) -> &'static str {
        match self {
            Self::ByRow | Self::Both => "Share of true label",
            Self::ByColumn => "Share of predicted label",
        }
    }

    /// The shares of a cell as texts.
    pub(super) fn texts(self, of_row: f64, of_column: f64) -> Vec<String> {
        let percent = |fraction: f64| format!("{:.1} %", 100.0 * fraction);
        match self {
            Self::ByRow => vec![percent(of_row)],
            Self::ByColumn => vec![percent(of_column)],
            Self::Both => vec![format!("→ {}", percent(of_row)), format!("↓ {}", percent(of_column))],
        }
    }
}

pub(super) fn fraction(count: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| count as f64 / n as f64)
}

pub(super) fn column_sums(counts: &[Vec<u64>]) -> Vec<u64> {
    let n_columns = counts.iter().map(Vec::len).max().unwrap_or(0);
    (0..n_columns).map(|column| counts.iter().filter_map(|row| row.get(column)).sum()).collect()
}
