//! Predictions as JSON lines, the output of the program.
//!
//! `{"text": "..", "label": "positive", "probabilities": {"negative": 0.02, "positive": 0.98}}`, the classes in the order
//! of the model's outputs; for regression `{"text": "..", "score": 0.7}`. Of a model with any number of labels a text
//! (`problem_type` is multi_label_classification) each probability is a sigmoid of its own, and instead of a label the line
//! has `"labels"`, those of at least 0.5.

use std::io::Write;

use bert::{argmax, probabilities};
use checkpoint::OutputKind;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// What the model predicts for one text.
pub(crate) struct Prediction<'a> {
    /// The text as it was given.
    pub(crate) text: &'a str,
    /// The label names by class index; of regression, the name of the score.
    pub(crate) output_names: &'a [String],
    /// How the prediction is made of the logits.
    pub(crate) kind: OutputKind,
    /// `(n_outputs)`.
    pub(crate) logits: &'a [f32],
}

/// Writes one line for each prediction.
pub(crate) fn write_json_lines<'a>(
    mut sink: impl Write,
    predictions: impl Iterator<Item = Prediction<'a>>,
) -> anyhow::Result<()> {
    for prediction in predictions {
        serde_json::to_writer(&mut sink, &prediction)?;
        sink.write_all(b"\n")?;
    }
    Ok(sink.flush()?)
}

impl Serialize for Prediction<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("text", self.text)?;
        let names = self.output_names;
        let probabilities = match self.kind {
            OutputKind::Score => {
                line.serialize_entry("score", &self.logits[0])?;
                return line.end();
            }
            OutputKind::Class => {
                line.serialize_entry("label", &names[argmax(self.logits)])?;
                probabilities(self.logits, self.logits.len())
            }
            OutputKind::Labels => {
                let probabilities: Vec<f64> = self.logits.iter().map(|&logit| sigmoid(f64::from(logit))).collect();
                let given = names.iter().zip(&probabilities).filter(|&(_, &probability)| probability >= 0.5);
                line.serialize_entry("labels", &given.map(|(name, _)| name).collect::<Vec<_>>())?;
                probabilities
            }
        };
        line.serialize_entry("probabilities", &ByLabel { names, probabilities: &probabilities })?;
        line.end()
    }
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// A JSON object that keeps the order of the classes.
struct ByLabel<'a> {
    names: &'a [String],
    probabilities: &'a [f64],
}

impl Serialize for ByLabel<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(self.probabilities))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_label_and_the_probabilities_in_the_order_of_the_classes() {
        let names = ["positive", "negative"].map(str::to_owned);
        let prediction = |kind, logits| Prediction { text: "Fine.", output_names: &names, kind, logits };
        let mut lines = Vec::new();
        let predictions = [
            prediction(OutputKind::Class, [0.0, 0.0].as_slice()),
            prediction(OutputKind::Score, &[0.5]),
            prediction(OutputKind::Labels, &[0.0, -1e4]),
        ];
        write_json_lines(&mut lines, predictions.into_iter()).unwrap();
        let expected = "\
{\"text\":\"Fine.\",\"label\":\"positive\",\"probabilities\":{\"positive\":0.5,\"negative\":0.5}}
{\"text\":\"Fine.\",\"score\":0.5}
{\"text\":\"Fine.\",\"labels\":[\"positive\"],\"probabilities\":{\"positive\":0.5,\"negative\":0.0}}
";
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
    }
}
