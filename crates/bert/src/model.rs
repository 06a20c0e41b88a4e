//! The classifier on top of the encoder.

use std::cell::RefCell;

use checkpoint::BertConfig;
use tch::{Kind, Tensor};
use bert_kernels::{AttentionDropout, Gradient};

use crate::embeddings::Embeddings;
use crate::encoder::Encoder;
use crate::fused::FusedEncoder;
use crate::layers::{Linear, Operands};
use crate::{Batch, BertError, DropoutSites, Gradients, Leaf, Parameters, Precision};

const POOLER: &str = "bert.pooler.dense";
const CLASSIFIER: &str = "classifier";
const FIRST_OF_ENCODER: &str = "bert.encoder.layer.0.attention.self.query.weight";
const FIRST_OF_HEAD: &str = "bert.pooler.dense.weight";

/// The dropout before the classifier; no layer has this site.
const CLASSIFIER_SITE: u64 = 0xFFF;

/// What a forward pass is for.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// Nothing is dropped.
    Evaluate,
    /// Dropout with these masks, and gradients afterwards.
    Train(&'a DropoutSites),
}

impl Mode<'_> {
    pub(crate) fn drop_hidden(self, x: &Tensor, site: u64) -> Result<Tensor, BertError> {
        self.drop(x, site, |sites| sites.rates.hidden)
    }

    pub(crate) fn drop_attention(self, x: &Tensor, site: u64) -> Result<Tensor, BertError> {
        self.drop(x, site, |sites| sites.rates.attention)
    }

    pub(crate) fn dropped_shares(self, site: u64) -> AttentionDropout {
        match self {
            Self::Evaluate => AttentionDropout { p: 0.0, key: 0, stream: 0 },
            Self::Train(sites) => sites.of_attention(site),
        }
    }

    fn drop(self, x: &Tensor, site: u64, rate: impl Fn(&DropoutSites) -> f64) -> Result<Tensor, BertError> {
        match self {
            Self::Evaluate => Ok(x.shallow_clone()),
            Self::Train(sites) => sites.apply(x, rate(sites), site),
        }
    }
}

/// A BERT with a classifier: the parameters, seen in one precision.
///
/// It holds its own copy of the matrices where precision or kernel ask for one: [`Model::read_weights`] after they changed.
#[derive(Debug)]
pub struct Model {
    body: Body,
    pooler: Linear,
    classifier: Linear,
    precision: Precision,
    config: BertConfig,
}

/// From tokens to the states of the first ones.
#[derive(Debug)]
enum Body {
    Fused(Box<RefCell<FusedEncoder>>),
    Operators { embeddings: Embeddings, encoder: Encoder },
}

impl Body {
    fn of_operators(operands: &Operands, config: &BertConfig) -> Self {
        Self::Operators {
            embeddings: Embeddings::new(operands.parameters, config),
            encoder: Encoder::new(operands, config),
        }
    }
}

impl Model {
    /// The model over `parameters`, which were made for the same `config`.
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn new(parameters: &Parameters, config: &BertConfig, precision: Precision) -> Result<Self, BertError> {
        let Some(fused) = FusedEncoder::new(parameters, config, precision)? else {
            return Self::of_operators(parameters, config, precision);
        };
        let head = Operands::new(parameters, FIRST_OF_HEAD, precision)?;
        Ok(Self::with_body(Body::Fused(Box::new(RefCell::new(fused))), &head, config, precision))
    }

    /// The same made of libtorch's operators on every device: what the kernels are held against.
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn of_operators(parameters: &Parameters, config: &BertConfig, precision: Precision) -> Result<Self, BertError> {
        let operands = Operands::new(parameters, FIRST_OF_ENCODER, precision)?;
        Ok(Self::with_body(Body::of_operators(&operands, config), &operands, config, precision))
    }

    fn with_body(body: Body, operands: &Operands, config: &BertConfig, precision: Precision) -> Self {
        let (pooler, classifier) = (Linear::new(operands, POOLER), Linear::new(operands, CLASSIFIER));
        Self { body, pooler, classifier, precision, config: config.clone() }
    }

    /// Takes the weights as they are now, of the same parameters.
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn read_weights(&mut self, parameters: &Parameters) -> Result<(), BertError> {
        if let Body::Fused(fused) = &mut self.body {
            fused.get_mut().read_weights(parameters)?;
            return self.read_head(parameters);
        }
        *self = Self::of_operators(parameters, &self.config, self.precision)?;
        Ok(())
    }

    /// Takes the weights of pooler and classifier alone: where an optimizer has brought the kernel's copies up to date.
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn read_head(&mut self, parameters: &Parameters) -> Result<(), BertError> {
        let operands = Operands::new(parameters, FIRST_OF_HEAD, self.precision)?;
        self.pooler = Linear::new(&operands, POOLER);
        self.classifier = Linear::new(&operands, CLASSIFIER);
        Ok(())
    }

    /// An empty set of gradients as [`Pass::backward`] fills it.
    pub fn gradients(&self, parameters: &Parameters) -> Gradients {
        let gradients = Gradients::new(parameters);
        match &self.body {
            Body::Fused(fused) => gradients.with_room_before(fused.borrow().n_leaves(), parameters),
            Body::Operators { .. } => gradients,
        }
    }

    /// Whether another number of threads gives other bytes on the CPU: libtorch's operators do, the kernel does not.
    pub fn depends_on_threads(&self) -> bool {
        matches!(self.body, Body::Operators { .. })
    }

    /// About how many bytes training takes beside the parameters and their gradients, with batches of so many tokens and
    /// sentences: the copies that the products read, and the states of the tokens.
    pub fn memory(&self, parameters: &Parameters, n_tokens: usize, n_sentences: usize) -> usize {
        match &self.body {
            Body::Fused(fused) => fused.borrow_mut().kernel().memory(n_tokens, n_sentences),
            Body::Operators { .. } => {
                let BertConfig { hidden_size, intermediate_size, num_hidden_layers, .. } = self.config;
                let copies = if self.precision == Precision::Bf16 { 2 * parameters.count() } else { 0 };
                // Floats that autograd keeps of a token in a layer: about 14 of the model's width, 3 of the inner one.
                copies + n_tokens * num_hidden_layers * 4 * (14 * hidden_size + 3 * intermediate_size)
            }
        }
    }

    /// The encoder's kernel, where it has one.
    pub fn kernel(&mut self) -> Option<&mut bert_kernels::Encoder> {
        match &mut self.body {
            Body::Fused(fused) => Some(fused.get_mut().kernel()),
            Body::Operators { .. } => None,
        }
    }

    /// The logits `(batch, n_outputs)`, float32.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn forward(&self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        self.head(&self.first_states(batch, mode)?, mode)
    }

    /// A forward pass in training, from which [`Pass::backward`] goes on.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn forward_train<'a>(&'a self, batch: &'a Batch, sites: &DropoutSites) -> Result<Pass<'a>, BertError> {
        let mode = Mode::Train(sites);
        let mut first = self.first_states(batch, mode)?;
        if let Body::Fused(_) = self.body {
            first = first.set_requires_grad(true);
        }
        let logits = self.head(&first, mode)?;
        Ok(Pass { model: self, batch, first, logits })
    }

    /// `(batch, hidden)`
    fn first_states(&self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        match &self.body {
            Body::Fused(fused) => fused.borrow_mut().forward(batch, mode),
            Body::Operators { embeddings, encoder } => encoder.forward(embeddings.forward(batch, mode)?, batch, mode),
        }
    }

    fn head(&self, first: &Tensor, mode: Mode) -> Result<Tensor, BertError> {
        let _one_thread = matches!(self.body, Body::Fused(_)).then(OneThread::begin);
        let pooled = self.pooler.forward(first).tanh();
        let pooled = mode.drop(&pooled, CLASSIFIER_SITE, |sites| sites.rates.classifier)?;
        Ok(self.classifier.forward(&pooled).to_kind(Kind::Float))
    }
}

/// While it lives, libtorch's operators run on one thread. The kernels add up in the same order for every number of threads;
/// the head's small products would not, and so gain nothing that is worth the loss of that.
#[derive(Debug)]
struct OneThread {
    threads: i32,
}

impl OneThread {
    fn begin() -> Self {
        let threads = tch::get_num_threads();
        tch::set_num_threads(1);
        Self { threads }
    }
}

impl Drop for OneThread {
    fn drop(&mut self) {
        tch::set_num_threads(self.threads);
    }
}

/// A forward pass whose gradients are to be computed.
#[derive(Debug)]
pub struct Pass<'a> {
    model: &'a Model,
    batch: &'a Batch,
    first: Tensor,
    /// `(batch, n_outputs)`, float32.
    pub logits: Tensor,
}

impl Pass<'_> {
    /// Takes the gradients of `loss`, a scalar made of the logits, into `gradients`: those of one more micro-batch.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn backward(self, loss: &Tensor, parameters: &Parameters, gradients: &mut Gradients) -> Result<(), BertError> {
        let fused = match &self.model.body {
            Body::Fused(fused) => Some(fused),
            Body::Operators { .. } => None,
        };
        // Those that autograd follows: with the kernel the head's alone.
        let followed = |leaf: &Leaf| leaf.trainable && (fused.is_none() || leaf.is_of_head());
        let places: Vec<usize> =
            (0..parameters.leaves.len()).filter(|&place| followed(&parameters.leaves[place])).collect();
        let mut sources: Vec<&Tensor> = places.iter().map(|&place| &parameters.leaves[place].tensor).collect();
        if fused.is_some() {
            sources.push(&self.first);
        }
        let one_thread = fused.map(|_| OneThread::begin());
        let computed = Tensor::f_run_backward(&[loss], &sources, false, false)?;
        drop(one_thread);
        for (&place, gradient) in places.iter().zip(&computed) {
            gradients.take_in(place, Gradient::new(gradient)?);
        }
        if let (Some(fused), Some(of_first)) = (fused, computed.last()) {
            fused.borrow_mut().backward(self.batch, &of_first.contiguous(), gradients)?;
        }
        gradients.end_micro_batch();
        Ok(())
    }
}
