//! Attributions of the errors that are shown: their tokens are read once more, and integrated gradients say what each
//! contributes to the logit of the predicted class.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bert::{Attribution, Classifier, WindowPooling, attributions};
use corpus::tokenizer::Tokenizer;
use corpus::tokens::TokensReader;
use run_files::predictions::{Outcomes, Predictions};
use stage::Progress;

use super::errors::{TokenContribution, WrongPrediction};
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
        let mut windows_of = self.windows(errors)?;
        for error in errors.iter() {
            let output = self.output(error.row);
            if let Some(windows) = windows_of.get_mut(&error.row)
                && self.pooling == WindowPooling::Max
                && windows.len() > 1
            {
                let sentences: Vec<&[i32]> = windows.iter().map(Vec::as_slice).collect();
                let logits = self.classifier.logits(&sentences, |_| ())?;
                let of_output: Vec<f32> =
                    logits.iter().skip(output).step_by(self.classifier.output_names.len()).copied().collect();
                let largest = bert::argmax(&of_output);
                *windows = vec![windows.swap_remove(largest)]; // the others have no say
            }
        }
        let order: Vec<usize> = errors.iter().map(|error| error.row).collect();
        let requests: Vec<(&[i32], usize)> = order
            .iter()
            .flat_map(|row| {
                windows_of.get(row).into_iter().flatten().map(|window| (window.as_slice(), self.output(*row)))
            })
            .collect();
        let mut progress = Progress::new("bert-eval: attributions", 0, requests.len() as u64, quiet);
        let threads = self.classifier.threads();
        let found = attributions(self.classifier, &requests, threads, |done| progress.set(done as u64, String::new))?;
        progress.finish();
        let tokenizer = Tokenizer::open(&self.classifier.folder.path, usize::MAX)?;
        let mut found = requests.iter().map(|request| request.0).zip(found);
        for error in errors {
            let n_windows = windows_of.get(&error.row).map_or(0, Vec::len);
            let pieces = found.by_ref().take(n_windows);
            error.attribution = Some(
                pieces
                    .flat_map(|(window, attribution)| contributions(&tokenizer, window, &attribution, n_windows))
                    .collect(),
            );
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

/// Of one of `n_windows` windows, whose mean is the logit of the text.
fn contributions(
    tokenizer: &Tokenizer,
    window: &[i32],
    attribution: &Attribution,
    n_windows: usize,
) -> Vec<TokenContribution> {
    let token = |id: i32| u32::try_from(id).ok().and_then(|id| tokenizer.token(id)).unwrap_or_else(|| id.to_string());
    let pairs = window.iter().zip(&attribution.contributions);
    pairs.map(|(&id, value)| TokenContribution { token: token(id), contribution: value / n_windows as f64 }).collect()
}
