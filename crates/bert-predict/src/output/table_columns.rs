//! The columns of answers as a table, the same for CSV, TSV and Parquet.
//!
//! Those that go along, `text`, then `score`; or `label`, `abstained` where there is a threshold, and `probability_NAME` for
//! each label, or `label_1`, `probability_1`, ... for the largest; or `labels` and `probability_NAME`; with attributions
//! `attributed_label` (not of scores) and `attribution`. A row without an answer has none of them.

use checkpoint::OutputKind;
use run_files::attribution::TokenContribution;

use super::columns::{ABSTAINED, ATTRIBUTED_LABEL, ATTRIBUTION, LABEL, LABELS, SCORE, TEXT, columns_of_probabilities};
use super::layout::Layout;
use crate::answer::{Answer, Outcome};
use crate::verdict::Verdict;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Score,
    Boolean,
    Probability,
    /// Names, any number of them.
    Names,
    /// Word pieces and what they contribute.
    Attribution,
}

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// A value of a row; `None` where there is none.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    None,
    Text(&'a str),
    Score(f32),
    Boolean(bool),
    Probability(f64),
    Names(Vec<&'a str>),
    Attribution(&'a [TokenContribution]),
}

/// The columns of a table of answers.
pub(super) fn columns(layout: &Layout) -> Vec<Column> {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    let decoding = &layout.decoding;
    let mut columns: Vec<Column> = layout.kept.iter().map(|name| column(name, Kind::Text)).collect();
    columns.push(column(TEXT, Kind::Text));
    match decoding.kind {
        OutputKind::Score => columns.push(column(SCORE, Kind::Score)),
        OutputKind::Class => {
            columns.push(column(LABEL, Kind::Text));
            if decoding.threshold.is_some() {
                columns.push(column(ABSTAINED, Kind::Boolean));
            }
        }
        OutputKind::Labels => columns.push(column(LABELS, Kind::Names)),
    }
    for (index, name) in columns_of_probabilities(decoding).iter().enumerate() {
        let is_label = decoding.top_k.is_some() && index % 2 == 0;
        columns.push(column(name, if is_label { Kind::Text } else { Kind::Probability }));
    }
    if layout.attributions {
        columns.extend((decoding.kind != OutputKind::Score).then(|| column(ATTRIBUTED_LABEL, Kind::Text)));
        columns.push(column(ATTRIBUTION, Kind::Attribution));
    }
    columns
}

/// The values of an answer, one for each of the [`columns`].
pub(super) fn values<'a>(layout: &'a Layout, answer: &'a Answer<'a>) -> Vec<Value<'a>> {
    let decoding = &layout.decoding;
    let kept = (0..layout.kept.len()).map(|column| answer.kept(column).map_or(Value::None, Value::Text));
    let mut values: Vec<Value> = kept.collect();
    let Outcome::Read { text, verdict, attribution } = &answer.outcome else {
        values.resize(columns(layout).len(), Value::None);
        return values;
    };
    values.push(Value::Text(text));
    let name = |output: &usize| decoding.names[*output].as_str();
    let probabilities = match verdict {
        Verdict::Score(score) => {
            values.push(Value::Score(*score));
            &Vec::new()
        }
        Verdict::Class { label, probabilities } => {
            values.push(label.as_ref().map_or(Value::None, |label| Value::Text(name(label))));
            if decoding.threshold.is_some() {
                values.push(Value::Boolean(verdict.abstains()));
            }
            probabilities
        }
        Verdict::Labels { labels, probabilities } => {
            values.push(Value::Names(labels.iter().map(name).collect()));
            probabilities
        }
    };
    for (output, probability) in probabilities {
        if decoding.top_k.is_some() {
            values.push(Value::Text(name(output)));
        }
        values.push(Value::Probability(*probability));
    }
    if let Some(attribution) = attribution {
        let label = (decoding.kind != OutputKind::Score).then(|| Value::Text(name(&attribution.output)));
        values.extend(label.into_iter().chain([Value::Attribution(&attribution.tokens)]));
    }
    values
}
