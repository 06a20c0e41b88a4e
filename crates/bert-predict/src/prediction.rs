//! Predictions as JSON lines, the output of the program.
//!
//! `{"text": "..", "label": "positive", "probabilities": {"negative": 0.02, "positive": 0.98}}`, the classes in the order
//! of the model's outputs; for regression `{"text": "..", "score": 0.7}`.

use std::io::Write;

use bert::{argmax, probabilities};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// What the model predicts for one text.
pub(crate) struct Prediction<'a> {
    /// The text as it was given.
    pub(crate) text: &'a str,
    /// The label names by class index; of regression, the name of the score.
    pub(crate) output_names: &'a [String],
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
        if let [score] = self.logits {
            line.serialize_entry("score", score)?;
            return line.end();
        }
        let probabilities = probabilities(self.logits, self.logits.len());
        line.serialize_entry("label", &self.output_names[argmax(self.logits)])?;
        line.serialize_entry("probabilities", &ByLabel { names: self.output_names, probabilities: &probabilities })?;
        line.end()
    }
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
        let prediction = |logits| Prediction { text: "Fine.", output_names: &names, logits };
        let mut lines = Vec::new();
        write_json_lines(&mut lines, [prediction(&[0.0, 0.0]), prediction(&[0.5])].into_iter()).unwrap();
        let expected = "\
{\"text\":\"Fine.\",\"label\":\"positive\",\"probabilities\":{\"positive\":0.5,\"negative\":0.5}}
{\"text\":\"Fine.\",\"score\":0.5}
";
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
    }
}
