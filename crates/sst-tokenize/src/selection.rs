//! Which rows of a split are tokenized: those of the task, or a sample of them.

use corpus::Split;
use corpus::raw::{RawReader, RowTarget};
use corpus::sample::{Unit, draw};
use corpus::task::{ImpossibleView, Target, View};
use stage::ensure_input;

use crate::args::{Granularity, Plan};

/// The rows of a split that are used, and how many are not.
pub(crate) struct Selection {
    pub(crate) view: View,
    /// Whether each row is used.
    pub(crate) rows: Vec<bool>,
    pub(crate) n_excluded: usize,
    pub(crate) n_unlabeled_dropped: usize,
}

/// Reads the labels of a split, whose classes are `ordered` or not, and selects its rows. Phrases are for training only:
/// validation and test are always whole sentences.
///
/// # Errors
/// Fails when the task is not possible with the split's labels, or no row is left for it.
pub(crate) fn select(plan: &Plan, split: Split, raw: &RawReader, ordered: bool) -> anyhow::Result<Selection> {
    let label_names = &raw.metadata().label_names;
    let view = plan.task.view(label_names, ordered)?;
    let training = split == Split::Train;
    let phrases = training && plan.granularity == Granularity::Phrases;
    let mut selection = Selection { view, rows: Vec::new(), n_excluded: 0, n_unlabeled_dropped: 0 };
    let mut sentences = Sentences::default();
    let mut has_scores = false;
    raw.for_each_target(&mut |row| {
        has_scores |= row.score.is_some();
        let target = selection.view.target(row.label, row.score);
        let is_used = match target {
            _ if !phrases && !row.is_root => false,
            Target::Excluded => {
                selection.n_excluded += 1;
                false
            }
            Target::Unlabeled if training => {
                selection.n_unlabeled_dropped += 1;
                false
            }
            _ => true,
        };
        if is_used && plan.max_samples.is_some() {
            sentences.add(&row, target);
        }
        selection.rows.push(is_used);
    })?;
    if !selection.view.gives_targets() && !has_scores {
        return Err(ImpossibleView::without_order(plan.task, label_names).into());
    }
    ensure_input!(
        selection.rows.contains(&true),
        "no row is left for the task {}: {} are excluded by it, {} have no label",
        plan.task,
        selection.n_excluded,
        selection.n_unlabeled_dropped
    );
    if let (Some(max), Some(seed)) = (plan.max_samples, plan.seed) {
        let drawn = draw(&sentences.units, usize::try_from(max)?, seed);
        let used = selection.rows.iter_mut().filter(|used| **used);
        used.zip(&sentences.of_rows).for_each(|(used, &sentence)| *used = drawn[sentence as usize]);
    }
    Ok(selection)
}

/// The sentences that have rows, to be sampled as a whole.
#[derive(Default)]
struct Sentences {
    units: Vec<Unit>,
    last: Option<i64>,
    /// The sentence of each row that is used.
    of_rows: Vec<u32>,
}

impl Sentences {
    /// Adds a row; its sentence has the class of the first one of it.
    fn add(&mut self, row: &RowTarget, target: Target) {
        if self.last != Some(row.sentence_id) {
            let stratum = match target {
                Target::Class(class) => usize::try_from(class).unwrap_or_default() + 1,
                Target::Score(score) => corpus::task::fine_grained_class(score) as usize + 1,
                Target::Unlabeled | Target::Excluded => 0,
            };
            self.units.push(Unit { stratum, key: row.sentence_id as u64 });
            self.last = Some(row.sentence_id);
        }
        self.of_rows.push(self.units.len() as u32 - 1);
    }
}
