//! JSON lines: an object for each row.
//!
//! `{"text": "..", "label": "positive", "probabilities": {"negative": 0.02, "positive": 0.98}}`, the classes in the order
//! of the model's outputs; for regression `{"text": "..", "score": 0.7}`. Of a model with any number of labels a text
//! (`problem_type` is multi_label_classification) each probability is a sigmoid of its own, and instead of a label the line
//! has `"labels"`, those of at least 0.5. With attributions `"attributed_label"` says whose logit is explained, and `"attribution"`
//! is a list of `{"token": "..", "contribution": 0.1}`. Columns that go along stand before the text. A row without an answer has nulls, and
//! says why in `"error"`.

use std::io::Write;

use checkpoint::OutputKind;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::columns::{ABSTAINED, ATTRIBUTED_LABEL, ATTRIBUTION, ERROR, LABEL, LABELS, PROBABILITIES, SCORE, TEXT};
use super::layout::Layout;
use crate::answer::{Answer, Outcome};
use crate::verdict::Verdict;

/// Writes a line for each answer.
pub(crate) struct JsonLinesWriter<'a, W> {
    layout: &'a Layout,
    sink: W,
}

impl<'a, W: Write> JsonLinesWriter<'a, W> {
    pub(super) fn new(layout: &'a Layout, sink: W) -> Self {
        Self { layout, sink }
    }

    pub(super) fn write(&mut self, answer: &Answer) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.sink, &Line { layout: self.layout, answer })?;
        Ok(self.sink.write_all(b"\n")?)
    }

    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        Ok(self.sink.flush()?)
    }
}

struct Line<'a> {
    layout: &'a Layout,
    answer: &'a Answer<'a>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (Layout { kept, decoding, .. }, answer) = (self.layout, self.answer);
        let mut line = serializer.serialize_map(None)?;
        for (column, name) in kept.iter().enumerate() {
            line.serialize_entry(name, &answer.kept(column))?;
        }
        let (text, verdict, attribution) = match &answer.outcome {
            Outcome::Broken(problem) => {
                line.serialize_entry(TEXT, &None::<&str>)?;
                let answer = match decoding.kind {
                    OutputKind::Score => SCORE,
                    OutputKind::Class => LABEL,
                    OutputKind::Labels => LABELS,
                };
                line.serialize_entry(answer, &None::<&str>)?;
                line.serialize_entry(ERROR, problem)?;
                return line.end();
            }
            Outcome::Read { text, verdict, attribution } => (text, verdict, attribution),
        };
        line.serialize_entry(TEXT, text)?;
        let names = &decoding.names;
        let probabilities = match verdict {
            Verdict::Score(score) => {
                line.serialize_entry(SCORE, score)?;
                None
            }
            Verdict::Class { label, probabilities } => {
                line.serialize_entry(LABEL, &label.map(|label| &names[label]))?;
                if decoding.threshold.is_some() {
                    line.serialize_entry(ABSTAINED, &verdict.abstains())?;
                }
                Some(probabilities)
            }
            Verdict::Labels { labels, probabilities } => {
                line.serialize_entry(LABELS, &labels.iter().map(|&label| &names[label]).collect::<Vec<_>>())?;
                Some(probabilities)
            }
        };
        if let Some(probabilities) = probabilities {
            line.serialize_entry(PROBABILITIES, &ByLabel { names, probabilities })?;
        }
        if let Some(attribution) = attribution {
            if decoding.kind != OutputKind::Score {
                line.serialize_entry(ATTRIBUTED_LABEL, &names[attribution.output])?;
            }
            line.serialize_entry(ATTRIBUTION, &attribution.tokens)?;
        }
        line.end()
    }
}

/// A JSON object that keeps the order of the probabilities.
struct ByLabel<'a> {
    names: &'a [String],
    probabilities: &'a [(usize, f64)],
}

impl Serialize for ByLabel<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.probabilities.iter().map(|&(output, value)| (&self.names[output], value)))
    }
}
