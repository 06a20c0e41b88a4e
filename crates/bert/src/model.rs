//! BERT with a classification head: forward, backward, gradient norm and parameter update over one set of parameters.
//!
//! The model owns its parameters and knows what else holds their numbers: the kernel's packed matrices, casts to bfloat16,
//! and rows of the word embeddings whose optimizer steps are deferred. Callers see numbers that are up to date, and never
//! which backend computes.

use std::cell::RefCell;

use bert_kernels::{DeferredRows, DeferredTable, Gradient, ParameterRun, UpdateStep};
use checkpoint::BertConfig;
use tch::{Device, Tensor};

use crate::backend::Backend;
use crate::batch::Batch;
use crate::device::Precision;
use crate::dropout::DropoutSites;
use crate::error::BertError;
use crate::gradients::Gradients;
use crate::head::Head;
use crate::mode::Mode;
use crate::one_thread::OneThread;
use crate::parameters::{Parameter, ParameterUpdate, Parameters};
use crate::training_forward::TrainingForward;

/// The parameters, the backend that computes the encoder, and the head.
#[derive(Debug)]
pub struct Model {
    parameters: Parameters,
    backend: Backend,
    head: Head,
    /// Rows of the word embeddings that are behind, from the first update with a sparse gradient on.
    deferred_rows: RefCell<Option<DeferredRows>>,
    precision: Precision,
    config: BertConfig,
}

impl Model {
    /// The model over `parameters`, which were made for the same `config`.
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn new(parameters: Parameters, config: &BertConfig, precision: Precision) -> Result<Self, BertError> {
        let backend = Backend::new(&parameters, config, precision)?;
        Self::with_backend(backend, parameters, config, precision)
    }

    /// The same made of libtorch's operators on every device: what the kernels are held against.
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn with_operators(
        parameters: Parameters,
        config: &BertConfig,
        precision: Precision,
    ) -> Result<Self, BertError> {
        Self::with_backend(Backend::operators(config, precision), parameters, config, precision)
    }

    fn with_backend(
        backend: Backend,
        parameters: Parameters,
        config: &BertConfig,
        precision: Precision,
    ) -> Result<Self, BertError> {
        let head = Head::new(&parameters, backend.is_kernel())?;
        let deferred_rows = RefCell::new(None);
        Ok(Self { parameters, backend, head, deferred_rows, precision, config: config.clone() })
    }

    /// The parameters, every number up to date.
    pub fn parameters(&self) -> &Parameters {
        self.flush_deferred_rows();
        &self.parameters
    }

    /// Brings the rows up to date whose optimizer steps are deferred, and their moments with them. Whoever reads moments
    /// calls it before; [`Self::parameters`] does so itself. It changes no number of what follows.
    pub fn flush_deferred_rows(&self) {
        if let Some(rows) = self.deferred_rows.borrow_mut().as_mut() {
            rows.flush();
        }
    }

    /// Steps that some row of the word embeddings has yet to take.
    pub fn n_deferred_steps(&self) -> usize {
        self.deferred_rows.borrow().as_ref().map_or(0, DeferredRows::n_steps)
    }

    /// Takes the weights as they are now, after somebody wrote into the tensors of [`Self::parameters`].
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn read_weights(&mut self) -> Result<(), BertError> {
        match &mut self.backend {
            Backend::Kernel(kernel) => kernel.get_mut().read_weights(&self.parameters)?,
            Backend::Int8Kernel(_) => self.backend = Backend::new(&self.parameters, &self.config, self.precision)?,
            Backend::Operators(operators) => operators.forget(),
        }
        Ok(())
    }

    /// The next forward pass casts the parameters anew where it needs them in another precision.
    pub(crate) fn forget_casts(&mut self) {
        if let Backend::Operators(operators) = &mut self.backend {
            operators.forget();
        }
    }

    /// Where its parameters are.
    pub fn device(&self) -> Device {
        self.parameters.flat.device()
    }

    /// What it was made for.
    pub(crate) fn config(&self) -> &BertConfig {
        &self.config
    }

    /// Whether another number of threads gives other bytes on the CPU: libtorch's operators do, the kernel does not.
    pub fn depends_on_threads(&self) -> bool {
        !self.backend.is_kernel()
    }

    /// The logits `(batch, n_outputs)`, float32.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn forward(&self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        let drawn = self.seeded(mode)?;
        let mode = drawn.as_ref().map_or(mode, Mode::Train);
        let cls_hidden_states = self.encode(batch, mode)?;
        self.classify(&cls_hidden_states, mode)
    }

    /// Where a device draws the masks of `mode`, seeds it for them.
    fn seeded(&self, mode: Mode) -> Result<Option<DropoutSites>, BertError> {
        let Mode::Train(sites) = mode else { return Ok(None) };
        if self.device() == Device::Cpu {
            return Ok(None);
        }
        sites.seed(&self.parameters.flat)?;
        Ok(Some(sites.drawn_by_device()))
    }

    /// A forward pass in training, from which [`TrainingForward::backward`] goes on.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn forward_train<'a>(
        &'a self,
        batch: &'a Batch,
        sites: &DropoutSites,
    ) -> Result<TrainingForward<'a>, BertError> {
        let drawn = self.seeded(Mode::Train(sites))?;
        self.forward_train_as_seeded(batch, drawn.as_ref().unwrap_or(sites))
    }

    /// The same without a seed for the device, which may have one already.
    pub(crate) fn forward_train_as_seeded<'a>(
        &'a self,
        batch: &'a Batch,
        sites: &DropoutSites,
    ) -> Result<TrainingForward<'a>, BertError> {
        let mode = Mode::Train(sites);
        let mut cls_hidden_states = self.encode(batch, mode)?;
        if self.backend.is_kernel() {
            cls_hidden_states = cls_hidden_states.set_requires_grad(true);
        }
        let logits = self.classify(&cls_hidden_states, mode)?;
        let Self { parameters, backend, .. } = self;
        Ok(TrainingForward { parameters, backend, batch, cls_hidden_states, logits })
    }

    /// The hidden states of the first tokens, `(batch, hidden)`.
    fn encode(&self, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        if let Some(rows) = self.deferred_rows.borrow_mut().as_mut() {
            rows.apply(batch.words().ids());
        }
        self.backend.forward(&self.parameters, batch, mode)
    }

    fn classify(&self, cls_hidden_states: &Tensor, mode: Mode) -> Result<Tensor, BertError> {
        let _one_thread = self.backend.is_kernel().then(OneThread::begin);
        self.head.forward(cls_hidden_states, mode)
    }

    /// An empty set of gradients as [`TrainingForward::backward`] fills it.
    pub fn gradients(&self) -> Gradients {
        let gradients = Gradients::new(&self.parameters);
        match &self.backend {
            Backend::Kernel(_) => gradients.allocated(&self.parameters, |parameter| !parameter.is_of_head()),
            Backend::Int8Kernel(_) | Backend::Operators(_) => gradients,
        }
    }

    /// The same for `n_processes` that add theirs up.
    pub fn shared_gradients(&self, n_processes: usize) -> Gradients {
        Gradients::new(&self.parameters).shared_by(&self.parameters, n_processes)
    }

    /// The same after other processes have added theirs to `gradients`; fails as that does.
    pub fn gradient_norm_of_sum(&self, gradients: &Gradients) -> Result<f64, BertError> {
        if let Backend::Kernel(kernel) = &self.backend {
            kernel.borrow_mut().kernel().gradients_changed();
        }
        self.gradient_norm(gradients)
    }

    /// The L2 norm over `gradients`, which the last backward pass has filled and nobody has changed since.
    ///
    /// # Errors
    /// Fails when the device does.
    pub fn gradient_norm(&self, gradients: &Gradients) -> Result<f64, BertError> {
        let norm = match &self.backend {
            Backend::Kernel(kernel) => {
                bert_kernels::global_norm(gradients.as_slice(), Some(kernel.borrow_mut().kernel()))
            }
            Backend::Int8Kernel(_) | Backend::Operators(_) => bert_kernels::global_norm(gradients.as_slice(), None),
        };
        Ok(norm?)
    }

    /// One step of an element-wise optimizer. `gradients` and `updates` are those of the trained parameters, in their order.
    ///
    /// Rows of the word embeddings without a gradient are deferred until they are read.
    ///
    /// # Errors
    /// Fails when the device does.
    pub fn update(
        &mut self,
        gradients: &Gradients,
        updates: Vec<ParameterUpdate>,
        step: UpdateStep,
    ) -> Result<(), BertError> {
        self.start_deferring(gradients, &updates, step);
        let mut deferred_rows = self.deferred_rows.get_mut().as_mut();
        let mut runs = Vec::with_capacity(updates.len());
        for ((parameter, gradient), update) in self.parameters.trained().zip(gradients.as_slice()).zip(updates) {
            let ParameterUpdate { moments, learning_rate, weight_decay } = update;
            let deferred = if is_sparse(parameter, gradient) { deferred_rows.take() } else { None };
            let param = parameter.tensor.detach();
            runs.push(ParameterRun { param, gradient, moments, learning_rate, weight_decay, deferred });
        }
        match &mut self.backend {
            // Its matrices are packed again by the update.
            Backend::Kernel(kernel) => bert_kernels::update(&mut runs, step, Some(kernel.get_mut().kernel()))?,
            Backend::Int8Kernel(_) | Backend::Operators(_) => {
                bert_kernels::update(&mut runs, step, None)?;
                self.read_weights()?;
            }
        }
        Ok(())
    }

    /// Rows without a gradient are deferred from the first update on that has a sparse one.
    fn start_deferring(&mut self, gradients: &Gradients, updates: &[ParameterUpdate], step: UpdateStep) {
        let deferred_rows = self.deferred_rows.get_mut();
        for ((parameter, gradient), update) in self.parameters.trained().zip(gradients.as_slice()).zip(updates) {
            if deferred_rows.is_none() && is_sparse(parameter, gradient) {
                *deferred_rows = Some(DeferredRows::new(DeferredTable {
                    param: parameter.tensor.detach(),
                    moments: update.moments.iter().map(Tensor::shallow_clone).collect(),
                    weight_decay: update.weight_decay,
                    rule: step.rule,
                }));
            }
        }
    }

    /// One step of any other optimizer: `update` changes each trained parameter by its dense gradient. The first argument
    /// is the parameter's position among those that are trained.
    ///
    /// # Errors
    /// Fails where memory does.
    pub fn update_each(
        &mut self,
        gradients: &Gradients,
        mut update: impl FnMut(usize, &Parameter, &Tensor),
    ) -> Result<(), BertError> {
        for (position, (parameter, gradient)) in self.parameters().trained().zip(gradients.as_slice()).enumerate() {
            update(position, parameter, &gradient.to_dense());
        }
        self.read_weights()
    }
}

fn is_sparse(parameter: &Parameter, gradient: &Gradient) -> bool {
    parameter.has_sparse_gradient() && matches!(gradient, Gradient::Rows { .. })
}
