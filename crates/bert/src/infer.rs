//! Inference loop: sentences sorted by length, packed by a budget of tokens, the order restored.

use tch::{Device, Kind, Tensor, no_grad};

use crate::batch::Batch;
use crate::error::BertError;
use crate::mode::Mode;
use crate::model::Model;

/// The logits of all `sentences`, `n_outputs` numbers each, in their order.
///
/// `progress` hears after each batch how many sentences are done.
///
/// # Errors
/// Fails when a kernel does.
pub fn infer(
    model: &Model,
    sentences: &[&[i32]],
    n_outputs: usize,
    progress: impl FnMut(usize),
) -> Result<Vec<f32>, BertError> {
    logits(model, Texts { sentences, n_outputs, part: Part { index: 0, of: 1 } }, progress)
}

/// A share of the work: every `of`th batch, from the batch `index` on.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// From 0.
    pub index: usize,
    /// The number of parts.
    pub of: usize,
}

/// The same of the sentences of one part; the logits of all others are zeros. Its batches are those of the whole, so that the
/// logits are, too.
///
/// # Errors
/// Fails when a kernel does.
pub fn infer_part(model: &Model, sentences: &[&[i32]], n_outputs: usize, part: Part) -> Result<Vec<f32>, BertError> {
    logits(model, Texts { sentences, n_outputs, part }, |_| ())
}

/// What is to be computed.
struct Texts<'a> {
    sentences: &'a [&'a [i32]],
    n_outputs: usize,
    part: Part,
}

fn logits(model: &Model, texts: Texts<'_>, mut progress: impl FnMut(usize)) -> Result<Vec<f32>, BertError> {
    let Texts { sentences, n_outputs, part } = texts;
    let device = model.device();
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by_key(|&row| sentences[row].len());
    let mut logits = vec![0.0; sentences.len() * n_outputs];
    let (mut done, mut batch) = (0, 0);
    while done < order.len() {
        let rows = &order[done..done + batch_size(&order[done..], sentences, BatchLimits::of(device))];
        batch += 1;
        if (batch - 1) % part.of != part.index {
            done += rows.len();
            continue;
        }
        let packed: Vec<&[i32]> = rows.iter().map(|&row| sentences[row]).collect();
        let batch = Batch::new(&packed, device);
        let output = no_grad(|| model.forward(&batch, Mode::Evaluate))?.to_device(Device::Cpu).contiguous();
        let mut values = vec![0_f32; rows.len() * n_outputs];
        output.f_copy_data(&mut values, rows.len() * n_outputs)?;
        for (&row, values) in rows.iter().zip(values.chunks(n_outputs)) {
            logits[row * n_outputs..][..n_outputs].copy_from_slice(values);
        }
        done += rows.len();
        progress(done);
    }
    Ok(logits)
}

/// How large a batch becomes.
#[derive(Debug, Clone, Copy)]
struct BatchLimits {
    /// Enough rows for the products to run at their full rate; on the CPU few enough to stay in its caches, elsewhere enough work
    /// for the launches of its operators.
    tokens: usize,
    /// However short they are.
    sentences: usize,
}

impl BatchLimits {
    fn of(device: Device) -> Self {
        match device {
            Device::Cpu => Self { tokens: 512, sentences: 128 },
            _ => Self { tokens: 16_384, sentences: 1024 },
        }
    }
}

/// How many of the next sentences fit the limits: at least one.
fn batch_size(next: &[usize], sentences: &[&[i32]], limits: BatchLimits) -> usize {
    let mut tokens = 0;
    let fitting = next.iter().take(limits.sentences).take_while(|&&row| {
        tokens += sentences[row].len();
        tokens <= limits.tokens
    });
    fitting.count().max(1)
}

/// The probability of a label that is given or not by itself, from its logit.
pub fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// The softmax of each row of `n_outputs` logits, in double precision.
pub fn probabilities(logits: &[f32], n_outputs: usize) -> Vec<f64> {
    calibrated_probabilities(logits, n_outputs, 1.0)
}

/// The same of logits that are divided by a `temperature` above 0; with 1 it changes no bit.
pub fn calibrated_probabilities(logits: &[f32], n_outputs: usize, temperature: f64) -> Vec<f64> {
    let logits_of_rows = Tensor::from_slice(logits).view([-1, n_outputs as i64]).to_kind(Kind::Double) / temperature;
    let rows = logits_of_rows.softmax(-1, Kind::Double).contiguous();
    let mut values = vec![0.0; logits.len()];
    rows.copy_data(&mut values, logits.len());
    values
}
