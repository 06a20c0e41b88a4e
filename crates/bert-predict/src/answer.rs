//! One line of the output.

use bert::{argmax, probabilities};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// What the model says of a text.
///
/// `{"text": "..", "label": "positive", "probabilities": {"negative": 0.02, "positive": 0.98}}`, the classes in the
/// model's order; for regression `{"text": "..", "score": 0.7}`.
pub(crate) struct Answer<'a> {
    text: &'a str,
    output_names: &'a [String],
    logits: &'a [f32],
}

impl<'a> Answer<'a> {
    pub(crate) fn new(text: &'a str, output_names: &'a [String], logits: &'a [f32]) -> Self {
        Self { text, output_names, logits }
    }
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("text", self.text)?;
        if let [score] = self.logits {
            line.serialize_entry("score", score)?;
            return line.end();
        }
        let shares = probabilities(self.logits, self.logits.len());
        line.serialize_entry("label", &self.output_names[argmax(self.logits)])?;
        line.serialize_entry("probabilities", &Named { names: self.output_names, shares: &shares })?;
        line.end()
    }
}

struct Named<'a> {
    names: &'a [String],
    shares: &'a [f64],
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(self.shares))
    }
}
