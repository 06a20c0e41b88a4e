//! Inference over a split: its token file in parts, what the model predicts for each text in memory.
//!
//! What grows with the split is labels, ids, logits and probabilities; tokens are dropped part by part.

use std::ops::ControlFlow;

use bert::{BertError, Classifier, WindowPooling, argmax, calibrated_probabilities};
use corpus::tokens::{Labels, TokenSet, TokensReader};
use run_files::predictions::{Outcomes, Predictions};
use stage::Progress;

/// Rows of a token file that are in memory at a time: enough to be sorted by length.
pub(crate) const PART: usize = 1 << 15;

/// The predictions of a split.
pub(crate) struct Inferred {
    pub(crate) predictions: Predictions,
    /// Tokens of each text that the model read, `(n_texts)`; of a text in windows the sum.
    pub(crate) n_tokens: Vec<u32>,
}

/// How the outputs of the model become predictions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoding {
    pub(crate) window_pooling: WindowPooling,
    /// What logits are divided by before their softmax.
    pub(crate) temperature: f64,
}

/// What the model predicts for all texts of a token file; `check` refuses a part of it.
///
/// # Errors
/// Fails when the file cannot be read, with `check`, and when a kernel does.
pub(crate) fn infer(
    classifier: &Classifier,
    reader: &TokensReader,
    decoding: Decoding,
    progress: &mut Progress,
    mut check: impl FnMut(&TokenSet) -> anyhow::Result<()>,
) -> anyhow::Result<Inferred> {
    let mut split = Collected::default();
    let mut outcome = Ok(());
    reader.for_each_part(PART, &mut |part| {
        outcome = check(&part).and_then(|()| split.add(classifier, &part, decoding.window_pooling, progress));
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    outcome?;
    Ok(split.finish(&classifier.output_names, decoding.temperature))
}

#[derive(Default)]
struct Collected {
    ids: Vec<i64>,
    sentence_ids: Vec<i64>,
    classes: Vec<Option<i32>>,
    scores: Option<Vec<Option<f32>>>,
    n_tokens: Vec<u32>,
    n_rows: usize,
    logits: Vec<f32>,
}

impl Collected {
    fn add(
        &mut self,
        classifier: &Classifier,
        part: &TokenSet,
        pooling: WindowPooling,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let sentences: Vec<&[i32]> = (0..part.len()).map(|row| part.input_ids(row)).collect();
        let before = self.n_rows;
        let rows_done = |done: usize| (before + done) as u64;
        let logits: Result<Vec<f32>, BertError> =
            classifier.logits(&sentences, |done| progress.set(rows_done(done), String::new));
        self.logits.extend(pooling.pool(&logits?, classifier.output_names.len(), &part.window_offsets));
        let rows = part.first_rows();
        self.ids.extend(rows.iter().map(|&row| part.ids[row]));
        self.sentence_ids.extend(rows.iter().map(|&row| part.sentence_ids[row]));
        match part.labels.of_rows(rows) {
            Labels::Classes(classes) => self.classes.extend(classes),
            Labels::Scores(scores) => self.scores.get_or_insert_default().extend(scores),
        }
        self.n_tokens.extend(part.text_lengths().map(|n_tokens| u32::try_from(n_tokens).unwrap_or(u32::MAX)));
        self.n_rows += part.len();
        Ok(())
    }

    fn finish(self, output_names: &[String], temperature: f64) -> Inferred {
        let Self { ids, sentence_ids, classes, scores, n_tokens, logits, .. } = self;
        let n_outputs = output_names.len();
        let outcomes = match scores {
            Some(labels) => Outcomes::Scores { labels, predictions: logits },
            None => Outcomes::Classes {
                labels: classes,
                predictions: logits.chunks(n_outputs).map(|row| argmax(row) as i32).collect(),
                probabilities: calibrated_probabilities(&logits, n_outputs, temperature),
                logits,
            },
        };
        let label_names = output_names.to_vec();
        Inferred { predictions: Predictions { label_names, ids, sentence_ids, outcomes }, n_tokens }
    }
}
