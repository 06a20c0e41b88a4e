//! Slices by the distance of the treebank's finer label, or of a score from 0 to 1, from neutral.

use corpus::raw::Record;
use corpus::task::{FINE_GRAINED, fine_grained_class};

use super::slice::Slice;

const NAMES: [&str; 3] = ["neutral", "weak", "strong"];

/// The texts of each strength.
#[derive(Debug, Default)]
pub(super) struct Strengths {
    rows: [Vec<u32>; 3],
    /// Whether a score does not lie between 0 and 1: what is neutral among such scores is not known.
    has_other_scores: bool,
}

impl Strengths {
    /// Adds the text with number `row`; `raw_label_names` are those of its file.
    pub(super) fn add(&mut self, row: u32, record: &Record, raw_label_names: &[String]) {
        let class = match (record.score, record.label) {
            (Some(score), _) if (0.0..=1.0).contains(&score) => fine_grained_class(score),
            (Some(_), _) => {
                self.has_other_scores = true;
                return;
            }
            (None, Some(label)) if raw_label_names == FINE_GRAINED => label,
            _ => return,
        };
        if let Ok(strength) = usize::try_from((class - 2).abs()) {
            self.rows[strength].push(row);
        }
    }

    pub(super) fn slices(self) -> Vec<Slice> {
        if self.has_other_scores {
            return Vec::new();
        }
        let slice =
            |(name, rows): (&str, _)| Slice { group: "strength of the label".to_owned(), name: name.to_owned(), rows };
        NAMES.into_iter().zip(self.rows).map(slice).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(scores: &[f32]) -> Vec<(String, Vec<u32>)> {
        let mut strengths = Strengths::default();
        for (row, &score) in (0..).zip(scores) {
            strengths.add(row, &Record { score: Some(score), ..Record::sentence(0, "fine") }, &[]);
        }
        strengths.slices().into_iter().map(|slice| (slice.name, slice.rows)).collect()
    }

    #[test]
    fn scores_of_another_range_have_no_neutral() {
        let of = |name: &str, rows: &[u32]| (name.to_owned(), rows.to_vec());
        assert_eq!(found(&[0.5, 0.0, 0.7]), [of("neutral", &[0]), of("weak", &[2]), of("strong", &[1])]);
        assert_eq!(found(&[0.5, 0.0, 2.5]), []);
        assert_eq!(found(&[-1.0, 1.0]), []);
    }
}
