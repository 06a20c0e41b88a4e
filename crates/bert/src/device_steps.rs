//! Training steps on a device that runs behind the host: of what the host gives to it in a step, nothing waits for a number, and
//! what is done again and again is one graph, which a device starts at once instead of operator by operator.
//!
//! ```text
//! upload ─► forward, backward of a micro-batch ─► ... ─► norm, clipping, update ─► numbers on their way to the host
//!           a graph for each bucket (bucket.rs)          a graph (update.rs)
//! ```
//!
//! Micro-batches of one bucket have one shape, filled up with sentences whose logits nobody reads. A graph reads the tokens,
//! targets, learning rates and the seed of dropout from the device, where they were uploaded before; all else that it depends on is
//! part of its bucket or does not change. What is met again is recorded (recorded.rs), and a recording counts only after it gave
//! the bytes of its operators. So a run has the same bytes with graphs and without. Of several processes each does one micro-batch of
//! a round, and they exchange their gradients between the graphs (exchange.rs).

mod bucket;
mod exchange;
mod numbers;
mod recorded;
mod update;

use std::collections::HashMap;
use std::rc::Rc;

use bert_kernels::{DeviceQueue, ProcessGroup, UpdateRule, accumulate};
use tch::{Kind, Tensor, no_grad};

use self::bucket::Bucket;
use self::exchange::DeviceExchange;
use self::numbers::StepNumbers;
pub use self::recorded::Recording;
use self::recorded::{Recorded, Recorder};
use self::update::Update;
use crate::batch::{Batch, PackedNumbers};
use crate::dropout::DropoutSites;
use crate::error::BertError;
use crate::model::Model;
use crate::parameters::{ParameterUpdate, size_side_by_side, views_side_by_side};

/// A model's training on its device.
#[derive(Debug)]
pub struct DeviceSteps<'a> {
    queue: Rc<DeviceQueue>,
    recorder: Recorder,
    /// The gradients of the trained parameters, in their order: views of one buffer.
    gradients: Vec<Tensor>,
    flat_gradients: Tensor,
    /// Of one micro-batch, float32.
    loss: Tensor,
    numbers: StepNumbers,
    /// The other processes of the run, if there are any.
    exchange: Option<DeviceExchange<'a>>,
    micro_batches: HashMap<Bucket, MicroBatchOnDevice>,
    update: Update,
    recorded_update: Recorded,
    max_positions: usize,
}

/// What a run does not change between its steps.
#[derive(Debug)]
pub struct DeviceStepsOptions<'a> {
    /// Of an element-wise optimizer its rule, and each trained parameter's part with its highest learning rate; `None` leaves the
    /// update to others.
    pub optimizer: Option<(UpdateRule, Vec<ParameterUpdate>)>,
    /// The L2 norm to which gradients are clipped; 0 never clips.
    pub max_grad_norm: f64,
    /// The most micro-batches of a step.
    pub n_micro_batches: usize,
    /// Whether graphs are recorded.
    pub recording: Recording,
    /// The processes that train together; `None` for one alone.
    pub processes: Option<&'a ProcessGroup>,
}

/// One micro-batch.
#[derive(Debug)]
pub struct DeviceMicroBatch<'a> {
    /// Its sentences, each at least one token long.
    pub sentences: &'a [&'a [i32]],
    /// What the loss reads beside the logits, `(sentences, ...)`, on the host.
    pub targets: &'a Tensor,
    /// Its dropout.
    pub sites: DropoutSites,
    /// Which of the step it is, from 0.
    pub index: usize,
    /// How many the step has.
    pub of: usize,
}

/// The numbers of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceNumbers {
    /// The loss of each micro-batch.
    pub losses: Vec<f64>,
    /// The L2 norm of the gradients, not clipped.
    pub grad_norm: f64,
    /// The highest signal of all processes ([`DeviceSteps::finish_exchange`]).
    pub signal: f64,
}

/// The memory of one bucket on the device, and its graph.
#[derive(Debug)]
struct MicroBatchOnDevice {
    /// See [`PackedNumbers`].
    packed: Tensor,
    targets: Tensor,
    recorded: Recorded,
}

impl<'a> DeviceSteps<'a> {
    /// For `model`, which is made of libtorch's operators.
    ///
    /// # Errors
    /// Fails when the device does.
    pub fn new(model: &Model, options: DeviceStepsOptions<'a>) -> Result<Self, BertError> {
        let parameters = model.parameters();
        let DeviceStepsOptions { optimizer, max_grad_norm, n_micro_batches, recording, processes } = options;
        let device = parameters.flat.device();
        let flat_gradients = Tensor::zeros([size_side_by_side(parameters.trained())], (Kind::Float, device));
        let gradients = views_side_by_side(&flat_gradients, parameters.trained());
        let params: Vec<Tensor> = parameters.trained().map(|parameter| parameter.tensor.detach()).collect();
        Ok(Self {
            queue: Rc::new(DeviceQueue::new(&parameters.flat)?),
            recorder: Recorder::new(recording),
            loss: Tensor::zeros([0_i64; 0], (Kind::Float, device)),
            numbers: StepNumbers::new(n_micro_batches, device),
            exchange: processes.map(|group| DeviceExchange::new(group, &flat_gradients)).transpose()?,
            micro_batches: HashMap::new(),
            update: Update::new(&params, &gradients, optimizer, max_grad_norm),
            recorded_update: Recorded::default(),
            gradients,
            flat_gradients,
            max_positions: model.config().max_position_embeddings,
        })
    }

    /// That of the steps. Within one [`DeviceQueue::run`] the parts of a step follow each other without a change of streams.
    pub fn queue(&self) -> Rc<DeviceQueue> {
        Rc::clone(&self.queue)
    }

    /// Forward and backward pass of one of a step's micro-batches: its gradients replace the last step's, or are added
    /// up; those of several processes by [`Self::exchange`]. `loss` makes the scalar of `(logits, targets)`, the same function for all
    /// micro-batches of a run that have the same `of`; it reads no number on the host.
    ///
    /// # Errors
    /// Fails when the device does.
    pub fn add(
        &mut self,
        model: &mut Model,
        micro_batch: &DeviceMicroBatch<'_>,
        loss: impl Fn(&Tensor, &Tensor) -> Tensor,
    ) -> Result<(), BertError> {
        let queue = Rc::clone(&self.queue);
        queue.run(|| self.add_on_queue(model, micro_batch, &loss))
    }

    fn add_on_queue(
        &mut self,
        model: &mut Model,
        micro_batch: &DeviceMicroBatch<'_>,
        loss: &impl Fn(&Tensor, &Tensor) -> Tensor,
    ) -> Result<(), BertError> {
        let &DeviceMicroBatch { sentences, targets, sites, index, of } = micro_batch;
        let bucket = Bucket::of(sentences, self.max_positions, index > 0 && self.exchange.is_none(), of);
        let shape = bucket.shape;
        let device = self.flat_gradients.device();
        let mut on_device = self.micro_batches.remove(&bucket).unwrap_or_else(|| MicroBatchOnDevice {
            packed: Tensor::zeros([shape.n_numbers() as i64], (Kind::Int64, device)),
            targets: Tensor::zeros(targets.size(), (targets.kind(), device)),
            recorded: Recorded::default(),
        });
        let MicroBatchOnDevice { packed, targets: targets_on_device, recorded } = &mut on_device;
        let numbers = PackedNumbers::with_sentence_ids(&bucket.filled_up(sentences)).to_tensor();
        self.queue.upload(packed, &numbers)?;
        self.queue.upload(targets_on_device, targets)?;

        let (total, gradients) = (&self.loss, &self.gradients);
        let drawn = sites.drawn_by_device();
        let mut forward_backward = || {
            model.forget_casts();
            let batch = Batch::on_buffer(packed, shape);
            let forward = model.forward_train_as_seeded(&batch, &drawn)?;
            let logits = forward.logits.narrow(0, 0, sentences.len() as i64);
            let loss = loss(&logits, targets_on_device);
            let computed = forward.run_backward(&loss)?;
            no_grad(|| total.shallow_clone().copy_(&loss.detach()));
            accumulate(gradients, &computed, bucket.adds)?;
            Ok(())
        };
        let state = [&self.flat_gradients, total];
        self.recorder.run(&self.queue, recorded, &state, || sites.seed(packed), &mut forward_backward)?;
        model.forget_casts();
        no_grad(|| self.numbers.losses().get(index as i64).copy_(total));
        self.micro_batches.insert(bucket, on_device);
        Ok(())
    }

    /// Gives the gradients of a micro-batch to the other processes, and takes theirs: each of the first `n_micro_batches` has done one.
    /// Nothing for a process alone.
    ///
    /// # Errors
    /// Fails when the device does, and where a process is gone or does not answer.
    pub fn exchange(&mut self, n_micro_batches: usize) -> Result<(), BertError> {
        let Some(exchange) = &mut self.exchange else { return Ok(()) };
        self.queue.run(|| exchange.add(&self.flat_gradients, n_micro_batches))
    }

    /// Ends the exchange of a step: all processes have its sums. `signal`: a number that this process tells the others, 0 for none.
    ///
    /// # Errors
    /// As [`Self::exchange`].
    pub fn finish_exchange(&mut self, signal: f64) -> Result<(), BertError> {
        let Some(exchange) = &mut self.exchange else { return Ok(()) };
        self.queue.run(|| exchange.finish(&self.queue, &self.flat_gradients, &self.numbers, signal))
    }

    /// Norm and clipping of the gradients that were added up, and the optimizer's step number `step`, from 1; `learning_rate` gives
    /// the rate of the step by the highest one of a parameter. The numbers of the step are then on their way; where one of them is not finite, the step
    /// changes nothing.
    ///
    /// # Errors
    /// Fails when the device does.
    pub fn update(
        &mut self,
        model: &mut Model,
        step: u64,
        learning_rate: impl Fn(f64) -> f64,
    ) -> Result<(), BertError> {
        let queue = Rc::clone(&self.queue);
        queue.run(|| {
            self.queue.upload(&self.update.uploaded, &self.update.uploads(step, learning_rate))?;
            let (losses, norm) = (self.numbers.losses(), self.numbers.norm());
            let mut work = || self.update.work(&self.gradients, &losses, &norm);
            let state: Vec<&Tensor> = self.update.state().chain([&self.flat_gradients, self.numbers.all()]).collect();
            self.recorder.run(&self.queue, &mut self.recorded_update, &state, || Ok(()), &mut work)?;
            model.forget_casts();
            self.queue.send(self.numbers.all())?;
            if self.exchange.is_some() {
                let _ = self.numbers.losses().zero_();
            }
            Ok(())
        })
    }

    /// The numbers of the oldest step that were not received yet, which had `n` micro-batches; waits for them.
    ///
    /// # Errors
    /// Fails when the device did in the meantime.
    pub fn receive(&mut self, n: usize) -> Result<DeviceNumbers, BertError> {
        let mut numbers = self.queue.receive(self.numbers.all().numel())?;
        let (grad_norm, signal) = (numbers.pop().unwrap_or(f64::NAN), numbers.pop().unwrap_or(0.0));
        numbers.truncate(n);
        Ok(DeviceNumbers { losses: numbers, grad_norm, signal })
    }

    /// The gradients of the step, of the trained parameters in their order.
    pub fn gradients(&self) -> &[Tensor] {
        &self.gradients
    }

    /// How many graphs there are.
    pub fn n_graphs(&self) -> usize {
        self.recorder.n_graphs()
    }

    /// Why there are no more graphs than there are, once.
    pub fn take_remark(&mut self) -> Option<String> {
        self.recorder.take_remark()
    }
}
