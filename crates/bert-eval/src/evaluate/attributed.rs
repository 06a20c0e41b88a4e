//! Attributions of the errors that are shown: their tokens are read once more, and integrated gradients say what each
//! contributes to the logit of the predicted class.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bert::{Classifier, TextRequest, WindowPooling, attribute_texts};
use corpus::tokenizer::Tokenizer;
use corpus::tokens::TokensReader;
use run_files::attribution::token_contributions;
use run_files::predictions::{Outcomes, Predictions};
use stage::Progress;

use super::errors::WrongPrediction;
use super::inference::PART;

/// What attributions are made of.
pub(crate) struct Source<'a> {
    pub(crate) classifier: &'a Classifier,
    pub(crate) reader: &'a TokensReader,
    pub(crate) predictions: &'a Predictions,
    pub(crate) pooling: WindowPooling,
}

impl Source<'_> {
    /// Adds the attributions of `errors`.
    ///
    /// # Errors
    /// Fails when the tokens or the tokenizer cannot be read, or a kernel fails.
    pub(crate) fn attribute(&self, errors: &mut [WrongPrediction], quiet: bool) -> anyhow::Result<()> {
        let windows_of = self.windows(errors)?;
        let request = |error: &WrongPrediction| TextRequest {
            windows: windows_of.get(&error.row).into_iter().flatten().map(Vec::as_slice).collect(),
            output: self.output(error.row),
        };
        let requests: Vec<TextRequest> = errors.iter().map(request).collect();
        let n_windows = requests.iter().map(|text| text.windows.len() as u64).sum();
        let mut progress = Progress::new("bert-eval: attributions", 0, n_windows, quiet);
        let found = attribute_texts(self.classifier, self.pooling, requests, |done| {
            progress.set(done as u64, String::new);
        })?;
        progress.finish();
        let tokenizer = Tokenizer::open(&self.classifier.folder.path, usize::MAX)?;
        for (error, found) in errors.iter_mut().zip(found) {
            error.attribution = Some(token_contributions(tokenizer.spelled(&found.input_ids), found.contributions));
        }
        Ok(())
    }

    /// The tokens of each window of the texts of `errors`, by the number of the text.
    fn windows(&self, errors: &[WrongPrediction]) -> anyhow::Result<BTreeMap<usize, Vec<Vec<i32>>>> {
        let mut windows_of: BTreeMap<usize, Vec<Vec<i32>>> =
            errors.iter().map(|error| (error.row, Vec::new())).collect();
        let mut first = 0;
        self.reader.for_each_part(PART, &mut |part| {
            for (text, windows) in windows_of.range_mut(first..first + part.n_texts()) {
                let rows = part.window_offsets[text - first]..part.window_offsets[text - first + 1];
                *windows = rows.map(|row| part.input_ids(row).to_vec()).collect();
            }
            first += part.n_texts();
            let are_all_found = windows_of.last_key_value().is_none_or(|(&last, _)| last < first);
            if are_all_found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(windows_of)
    }

    /// The logit that is explained: that of the predicted class, or the score.
    fn output(&self, row: usize) -> usize {
        match &self.predictions.outcomes {
            Outcomes::Classes { predictions, .. } => predictions[row] as usize,
            Outcomes::Scores { .. } => 0,
        }
    }
}
