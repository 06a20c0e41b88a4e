//! One split: which rows belong to the task, their targets, their tokens.

use corpus::Split;
use corpus::raw::{RawSet, Record};
use corpus::task::{ImpossibleView, Target, Task};
use corpus::tokenizer::Tokenizer;
use corpus::tokens::{Labels, TokenSet, TokensMetadata};
use stage::ensure_input;

use crate::args::{Granularity, Plan};
use crate::report::SplitReport;

/// What every split is tokenized with.
pub(crate) struct SplitTokenizer<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) tokenizer: &'a Tokenizer,
    pub(crate) tokenizer_sha256: &'a str,
}

/// A split, ready to be written.
pub(crate) struct TokenizedSplit {
    pub(crate) split: Split,
    pub(crate) tokens: TokenSet,
    pub(crate) report: SplitReport,
}

/// The rows of a split that are used, and how many are not.
struct SelectedRows<'a> {
    rows: Vec<(&'a Record, Target)>,
    n_excluded: usize,
    n_unlabeled_dropped: usize,
}

impl SplitTokenizer<'_> {
    /// Tokenizes one split.
    ///
    /// # Errors
    /// Fails when the task is not possible with the split's labels, no row is left for it, or the tokenizer fails.
    pub(crate) fn tokenize(&self, split: Split, raw: &RawSet) -> anyhow::Result<TokenizedSplit> {
        let plan = self.plan;
        let view = plan.task.view(&raw.metadata.label_names, raw.metadata.ordered)?;
        if !view.gives_targets() && raw.records.iter().all(|record| record.score.is_none()) {
            return Err(ImpossibleView::without_order(plan.task, &raw.metadata.label_names).into());
        }
        let selected = select(plan, split, raw, |record| view.target(record.label, record.score));
        ensure_input!(
            !selected.rows.is_empty(),
            "no row is left for the task {}: {} are excluded by it, {} have no label",
            plan.task,
            selected.n_excluded,
            selected.n_unlabeled_dropped
        );
        let texts: Vec<&str> = selected.rows.iter().map(|(record, _)| record.text.as_str()).collect();
        let targets = || selected.rows.iter().map(|(_, target)| *target);
        let encodings = self.tokenizer.encode(&texts)?;
        let report = SplitReport::new(split, &encodings, plan.max_length)
            .with_targets(view.label_names(), targets())
            .with_dropped(selected.n_excluded, selected.n_unlabeled_dropped);
        let tokens = TokenSet {
            metadata: TokensMetadata {
                dataset: raw.metadata.dataset.clone(),
                task: plan.task,
                label_names: view.label_names().to_vec(),
                tokenizer_sha256: self.tokenizer_sha256.to_owned(),
                max_length: plan.max_length,
                rows_truncated: encodings.n_truncated,
            },
            ids: selected.rows.iter().map(|(record, _)| record.id).collect(),
            sentence_ids: selected.rows.iter().map(|(record, _)| record.sentence_id).collect(),
            labels: labels(plan.task, targets()),
            input_ids: encodings.input_ids,
            offsets: encodings.offsets,
        };
        Ok(TokenizedSplit { split, tokens, report })
    }
}

/// Phrases are for training only: validation and test are always whole sentences.
fn select<'a>(plan: &Plan, split: Split, raw: &'a RawSet, target: impl Fn(&Record) -> Target) -> SelectedRows<'a> {
    let training = split == Split::Train;
    let phrases = training && plan.granularity == Granularity::Phrases;
    let max_rows = plan.max_samples.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    let mut selected = SelectedRows { rows: Vec::new(), n_excluded: 0, n_unlabeled_dropped: 0 };
    for record in raw.records.iter().filter(|record| phrases || record.is_root) {
        match target(record) {
            _ if selected.rows.len() == max_rows => break,
            Target::Excluded => selected.n_excluded += 1,
            Target::Unlabeled if training => selected.n_unlabeled_dropped += 1,
            target => selected.rows.push((record, target)),
        }
    }
    selected
}

fn labels(task: Task, targets: impl Iterator<Item = Target>) -> Labels {
    if task == Task::Regression {
        let score = |target| if let Target::Score(score) = target { Some(score) } else { None };
        return Labels::Scores(targets.map(score).collect());
    }
    let class = |target| if let Target::Class(class) = target { Some(class) } else { None };
    Labels::Classes(targets.map(class).collect())
}
