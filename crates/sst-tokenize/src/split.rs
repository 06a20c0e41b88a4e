//! One split: which rows have a place in it, their targets, their tokens.

use anyhow::bail;
use corpus::Split;
use corpus::raw::{RawSet, Record};
use corpus::task::{Target, Task};
use corpus::tokenizer::Tokenizer;
use corpus::tokens::{Labels, TokenSet, TokensMetadata};

use crate::report::SplitReport;
use crate::{Granularity, Plan};

/// What applies to every split.
pub(crate) struct Rules<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) tokenizer: &'a Tokenizer,
    pub(crate) tokenizer_sha256: &'a str,
}

/// A split, ready to be written.
pub(crate) struct Tokenized {
    pub(crate) split: Split,
    pub(crate) tokens: TokenSet,
    pub(crate) report: SplitReport,
}

/// The rows of a split that are used, and how many are not.
struct Chosen<'a> {
    rows: Vec<(&'a Record, Target)>,
    n_left_out: usize,
    n_unlabelled_dropped: usize,
}

pub(crate) fn tokenize(rules: &Rules, split: Split, raw: &RawSet) -> anyhow::Result<Tokenized> {
    let view = rules.plan.task.view(&raw.metadata.label_names)?;
    let chosen = choose(rules.plan, split, raw, |record| view.target(record.label, record.score));
    if chosen.rows.is_empty() {
        bail!(
            "no row is left for the task {}: {} have no place in it, {} have no label",
            rules.plan.task,
            chosen.n_left_out,
            chosen.n_unlabelled_dropped
        );
    }
    let texts: Vec<&str> = chosen.rows.iter().map(|(record, _)| record.text.as_str()).collect();
    let encodings = rules.tokenizer.encode(&texts)?;
    let report = SplitReport::new(split, &encodings, rules.plan.max_length)
        .with_targets(view.label_names(), chosen.rows.iter().map(|(_, target)| *target))
        .with_dropped(chosen.n_left_out, chosen.n_unlabelled_dropped);
    let tokens = TokenSet {
        metadata: TokensMetadata {
            dataset: raw.metadata.dataset.clone(),
            task: rules.plan.task,
            label_names: view.label_names().to_vec(),
            tokenizer_sha256: rules.tokenizer_sha256.to_owned(),
            max_length: rules.plan.max_length,
            rows_truncated: encodings.n_truncated,
        },
        ids: chosen.rows.iter().map(|(record, _)| record.id).collect(),
        sentence_ids: chosen.rows.iter().map(|(record, _)| record.sentence_id).collect(),
        labels: labels(rules.plan.task, chosen.rows.iter().map(|(_, target)| *target)),
        input_ids: encodings.input_ids,
        offsets: encodings.offsets,
    };
    Ok(Tokenized { split, tokens, report })
}

/// Phrases are for learning only: validation and test are always whole sentences.
fn choose<'a>(plan: &Plan, split: Split, raw: &'a RawSet, target: impl Fn(&Record) -> Target) -> Chosen<'a> {
    let learning = split == Split::Train;
    let phrases = learning && plan.granularity == Granularity::Phrases;
    let most = plan.max_samples.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let mut chosen = Chosen { rows: Vec::new(), n_left_out: 0, n_unlabelled_dropped: 0 };
    for record in raw.records.iter().filter(|record| phrases || record.is_root) {
        match target(record) {
            _ if chosen.rows.len() == most => break,
            Target::LeftOut => chosen.n_left_out += 1,
            Target::Unlabelled if learning => chosen.n_unlabelled_dropped += 1,
            target => chosen.rows.push((record, target)),
        }
    }
    chosen
}

fn labels(task: Task, targets: impl Iterator<Item = Target>) -> Labels {
    if task == Task::Regression {
        let score = |target| if let Target::Score(score) = target { Some(score) } else { None };
        return Labels::Scores(targets.map(score).collect());
    }
    let class = |target| if let Target::Class(class) = target { Some(class) } else { None };
    Labels::Classes(targets.map(class).collect())
}
