//! Attributions of tokens by integrated gradients (Sundararajan, Taly and Yan 2017): how much each token of a text
//! contributes to one logit.
//!
//! The path leads from the text with every token but its first and last, `[CLS]` and `[SEP]`, replaced by `[PAD]` to the text
//! itself, in a straight line of word embeddings; positions and token types stay. The gradient of the logit along the path
//! is integrated by Gauss-Legendre quadrature, as Captum's `LayerIntegratedGradients` over `word_embeddings` does it, and the
//! contributions add up to the change of the logit. The number of points is doubled until they do so within a tolerance.
//!
//! It is computed by libtorch's operators in float32, whichever precision and backend the model predicts with.

mod gauss_legendre;
mod texts;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use tch::{Device, Kind, Tensor, no_grad};

use self::gauss_legendre::gauss_legendre;
pub use self::texts::{AttributedText, TextRequest, attribute_texts};
use crate::backend::EncoderOfOperators;
use crate::batch::Batch;
use crate::classifier::Classifier;
use crate::device::Precision;
use crate::error::BertError;
use crate::head::Head;
use crate::mode::Mode;
use crate::parameters::WORD_EMBEDDINGS;

/// Points of the first quadrature.
const FIRST_POINTS: usize = 16;
/// Points of the last.
const MAX_POINTS: usize = 1024;
/// By how much the sum of the contributions may miss the change of the logit, as a fraction of it.
const TOLERANCE: f64 = 0.01;
/// Below this a change of the logit counts as this much, or no sum would be near enough to one of nearly nothing.
const SMALL_CHANGE: f64 = 0.01;
/// Tokens that are computed at once: the memory of a step of training with as many.
const TOKENS_PER_BATCH: usize = 4096;

/// What each token contributes to one logit.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// Which of the outputs the logit is.
    pub output: usize,
    /// A number for each token, `(n_tokens)`, in the unit of the logit: positive where the token raises it.
    pub contributions: Vec<f64>,
    /// The logit of the text.
    pub logit: f64,
    /// The logit where all tokens but the first and the last are `[PAD]`.
    pub baseline_logit: f64,
    /// Points of the quadrature.
    pub n_points: usize,
}

impl Attribution {
    /// By how much the contributions miss the change of the logit, as a fraction of it.
    pub fn error(&self) -> f64 {
        let change = self.logit - self.baseline_logit;
        let sum: f64 = self.contributions.iter().sum();
        (sum - change).abs() / change.abs().max(SMALL_CHANGE)
    }
}

/// A classifier as integrated gradients read it.
#[derive(Debug)]
pub struct IntegratedGradients {
    encoder: EncoderOfOperators,
    head: Head,
    /// `(vocab_size, hidden)`
    word_embeddings: Tensor,
    pad_token_id: i64,
    device: Device,
}

impl IntegratedGradients {
    /// Over the weights of `classifier`, which it shares.
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn new(classifier: &Classifier) -> Result<Self, BertError> {
        let (parameters, config) = (classifier.model().parameters(), &classifier.folder.config);
        Ok(Self {
            encoder: EncoderOfOperators::new(parameters, config, Precision::Float32)?,
            head: Head::new(parameters, false)?,
            word_embeddings: parameters.get(WORD_EMBEDDINGS).tensor.detach(),
            pad_token_id: config.padding_idx().max(0),
            device: parameters.flat.device(),
        })
    }

    /// The contributions of the tokens of `sentence` to the logit of `output`, with as many points as it takes.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn attribute(&self, sentence: &[i32], output: usize) -> Result<Attribution, BertError> {
        let mut n_points = FIRST_POINTS;
        loop {
            let attribution = self.attribute_with(sentence, output, n_points)?;
            if attribution.error() <= TOLERANCE || n_points >= MAX_POINTS {
                return Ok(attribution);
            }
            n_points *= 2;
        }
    }

    /// The same with `n_points` points, at least one.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn attribute_with(&self, sentence: &[i32], output: usize, n_points: usize) -> Result<Attribution, BertError> {
        let ids: Vec<i64> = sentence.iter().map(|&id| i64::from(id)).collect();
        let inner = 1..ids.len().saturating_sub(1);
        let baseline: Vec<i64> =
            ids.iter().enumerate().map(|(at, &id)| if inner.contains(&at) { self.pad_token_id } else { id }).collect();
        let words = |ids: &[i64]| {
            let rows = self.word_embeddings.index_select(0, &Tensor::from_slice(ids).to_device(self.device));
            rows.unsqueeze(0) // (1, n_tokens, hidden)
        };
        let (text, baseline) = no_grad(|| (words(&ids), words(&baseline)));
        let change = &text - &baseline;
        let points = gauss_legendre(n_points);
        let mut gradient = change.zeros_like();
        for points in points.chunks((TOKENS_PER_BATCH / ids.len().max(1)).max(1)) {
            let column = |values: Vec<f64>| {
                Tensor::from_slice(&values).to_kind(Kind::Float).to_device(self.device).view([-1, 1, 1])
            };
            let positions = column(points.iter().map(|point| point.0).collect());
            let weights = column(points.iter().map(|point| point.1).collect());
            let on_path = (&baseline + positions * &change).detach().set_requires_grad(true);
            let logits = self.logits(sentence, &on_path)?.select(1, output as i64);
            let computed = Tensor::f_run_backward(&[logits.sum(Kind::Float)], &[&on_path], false, false)?;
            gradient += (&computed[0] * weights).sum_dim_intlist([0].as_slice(), true, Kind::Float);
        }
        let ends = no_grad(|| self.logits(sentence, &Tensor::cat(&[&text, &baseline], 0)))?.select(1, output as i64);
        let contributions = (gradient * change).sum_dim_intlist([0, 2].as_slice(), false, Kind::Double);
        Ok(Attribution {
            output,
            contributions: Vec::try_from(contributions.to_device(Device::Cpu))?,
            logit: ends.double_value(&[0]),
            baseline_logit: ends.double_value(&[1]),
            n_points,
        })
    }

    /// The logits `(n_copies, n_outputs)` of copies of a sentence with these word embeddings, `(n_copies, n_tokens, hidden)`.
    fn logits(&self, sentence: &[i32], words: &Tensor) -> Result<Tensor, BertError> {
        let size = words.size();
        let batch = Batch::new(&vec![sentence; size[0] as usize], self.device);
        let rows = words.view([size[0] * size[1], size[2]]);
        let n_padding = batch.input_ids.size()[0] - rows.size()[0];
        let rows = rows.constant_pad_nd([0, 0, 0, n_padding]); // (n_rows, hidden)
        self.head.forward(&self.encoder.forward_from_words(rows, &batch, Mode::Evaluate)?, Mode::Evaluate)
    }
}

/// The attribution of each `(sentence, output)`, in their order; `progress` hears after each how many are done.
///
/// On the CPU `threads` work on a text each and on one thread within it, so that their number changes no byte.
///
/// # Errors
/// Fails when a kernel does.
pub fn attributions(
    classifier: &Classifier,
    requests: &[(&[i32], usize)],
    threads: u32,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Attribution>, BertError> {
    let n_threads = if classifier.device() == Device::Cpu { threads.max(1) as usize } else { 1 };
    let next = AtomicUsize::new(0);
    let workers: Vec<IntegratedGradients> =
        (0..n_threads.min(requests.len())).map(|_| IntegratedGradients::new(classifier)).collect::<Result<_, _>>()?;
    let (sender, receiver) = mpsc::channel();
    let mut attributions: Vec<Option<Attribution>> = vec![None; requests.len()];
    thread::scope(|scope| {
        for worker in workers {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                tch::set_num_threads(1);
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&(sentence, output)) = requests.get(index) else { return };
                    if sender.send((index, worker.attribute(sentence, output))).is_err() {
                        return; // an error of another thread has ended it
                    }
                }
            });
        }
        drop(sender);
        for (done, (index, attribution)) in (1..).zip(receiver) {
            attributions[index] = Some(attribution?);
            progress(done);
        }
        Ok(attributions.into_iter().flatten().collect())
    })
}
