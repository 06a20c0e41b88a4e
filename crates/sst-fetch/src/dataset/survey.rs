//! The first reading of a dataset: what its labels and scores are, and a few facts of every row, on which is decided what
//! the classes are and which rows go into which file. No text is kept.

use std::path::{Path, PathBuf};

use corpus::Split;
use corpus::label::{DistinctLabels, MAX_DISTINCT};
use corpus::records::{Row, WithoutText};
use corpus::similarity::normalized_key;
use corpus::task::{FINE_GRAINED, fine_grained_class};

use super::grouping::Grouping;
use super::rows::try_for_each_row;
use super::scores::ScoreRules;
use super::sources::SplitSources;

/// The facts of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowFacts {
    /// A hash of the text without regard to case and blanks.
    pub(crate) key: u64,
    /// The index of the label among the different ones.
    pub(crate) label: Option<u32>,
    /// The sentence, counted within the split that the row was read from.
    pub(crate) sentence: u32,
    /// The split that the row was read from.
    pub(crate) split: Split,
    pub(crate) has_score: bool,
    /// The class that the treebank's cut gives the score.
    pub(crate) score_class: Option<u8>,
    pub(crate) is_root: bool,
}

/// What the first reading found.
#[derive(Default)]
pub(crate) struct Survey {
    pub(crate) labels: DistinctLabels,
    /// The labels that the scores would make.
    pub(crate) score_labels: DistinctLabels,
    /// The lowest and the highest score, if there is one.
    pub(crate) score_bounds: Option<(f32, f32)>,
    /// The rows in the order of splits and sources.
    pub(crate) rows: Vec<RowFacts>,
    /// Rows without a text, by file.
    pub(crate) without_text: Vec<(PathBuf, WithoutText)>,
    /// Whether each value of --unlabeled was a score of some row.
    pub(crate) unlabeled_scores: Vec<bool>,
}

/// Where rows come from.
struct Origin<'a> {
    split: Split,
    path: &'a Path,
    /// The first row of the split, counted among all.
    first_row: usize,
}

impl Survey {
    /// Reads all sources once, train first; `grouping` hears of the rows of train.
    pub(crate) fn read(
        splits: &[SplitSources],
        scores: &ScoreRules,
        mut grouping: Option<&mut Grouping>,
    ) -> anyhow::Result<Self> {
        let mut survey = Self { unlabeled_scores: vec![false; scores.n_unlabeled()], ..Self::default() };
        for SplitSources { split, sources } in splits {
            let first_row = survey.rows.len();
            for source in sources {
                let origin = Origin { split: *split, path: source.path(), first_row };
                let without_text = try_for_each_row(source.as_ref(), |row| {
                    if let Some(grouping) = grouping.as_deref_mut().filter(|_| *split == Split::Train) {
                        grouping.add(&row)?;
                    }
                    survey.add(&row, &origin, scores)
                })?;
                survey.without_text.extend(without_text.map(|rows| (origin.path.to_owned(), rows)));
            }
        }
        Ok(survey)
    }

    fn add(&mut self, row: &Row, origin: &Origin, scores: &ScoreRules) -> anyhow::Result<()> {
        let &Origin { split, path, first_row } = origin;
        let score = scores.apply(row, path, &mut self.unlabeled_scores)?;
        let label = match &row.label {
            Some(label) if self.labels.len() < MAX_DISTINCT => {
                Some(u32::try_from(self.labels.add(label, split, path, row.location))?)
            }
            _ => None,
        };
        let score_class = score.map(fine_grained_class).and_then(|class| u8::try_from(class).ok());
        if let (Some(score), Some(name)) = (score, score_class.and_then(|class| FINE_GRAINED.get(usize::from(class)))) {
            let (low, high) = self.score_bounds.unwrap_or((score, score));
            self.score_bounds = Some((low.min(score), high.max(score)));
            self.score_labels.add(name, split, path, row.location);
        }
        let number = u32::try_from(self.rows.len() - first_row)?;
        self.rows.push(RowFacts {
            key: normalized_key(&row.text),
            label,
            sentence: row.node.map_or(Ok(number), |node| u32::try_from(node.sentence))?,
            split,
            has_score: score.is_some(),
            score_class,
            is_root: row.node.is_none_or(|node| node.depth == 0),
        });
        Ok(())
    }
}
