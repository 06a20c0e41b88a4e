//! Attributions of whole texts, whose logits are pooled from those of their windows.

use super::attributions;
use crate::classifier::{Classifier, argmax};
use crate::error::BertError;
use crate::pooling::WindowPooling;

/// A text and the output that is to be explained.
#[derive(Debug, Clone)]
pub struct TextRequest<'a> {
    /// The tokens of each window, `[CLS]` and `[SEP]` among them; one window for most texts.
    pub windows: Vec<&'a [i32]>,
    /// Which of the outputs.
    pub output: usize,
}

/// The tokens of a text and what each contributes to one logit of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributedText {
    /// Those of all windows that have a say, one after the other, `(n_tokens)`.
    pub input_ids: Vec<i32>,
    /// `(n_tokens)`, in the unit of the logit: positive where the token raises it.
    pub contributions: Vec<f64>,
}

/// The attributions of texts by [`attributions`], in their order; `progress` hears after each window how many are done.
///
/// Of a mean of logits every window contributes its share; of the largest logit that window alone which has it.
///
/// # Errors
/// Fails when a kernel does.
pub fn attribute_texts(
    classifier: &Classifier,
    pooling: WindowPooling,
    mut requests: Vec<TextRequest>,
    progress: impl FnMut(usize),
) -> Result<Vec<AttributedText>, BertError> {
    if pooling == WindowPooling::Max {
        for request in requests.iter_mut().filter(|request| request.windows.len() > 1) {
            let logits = classifier.logits(&request.windows, |_| ())?;
            let of_output = logits.iter().skip(request.output).step_by(classifier.output_names.len());
            let largest = argmax(&of_output.copied().collect::<Vec<f32>>());
            request.windows = vec![request.windows[largest]];
        }
    }
    let windows: Vec<(&[i32], usize)> =
        requests.iter().flat_map(|text| text.windows.iter().map(|&window| (window, text.output))).collect();
    let found = attributions(classifier, &windows, classifier.threads(), progress)?;
    let mut found = found.into_iter();
    let attributed = requests.iter().map(|text| {
        let n_windows = text.windows.len() as f64;
        let of_text = found.by_ref().take(text.windows.len());
        AttributedText {
            input_ids: text.windows.concat(),
            contributions: of_text.flat_map(|window| window.contributions).map(|value| value / n_windows).collect(),
        }
    });
    Ok(attributed.collect())
}
