//! Backend of the encoder: one kernel for the CPU, another with products of bytes, or libtorch's operators on every device.
//! Packed tokens in, the hidden states of the first tokens out, `(batch, hidden)`.
//!
//! The kernel is chosen where the processor has it and no adapters are trained. It and the operators agree to rounding, not to
//! the bit. Bytes are for evaluation alone, where they are requested.

mod kernel;
mod int8_kernel;
mod operators;
mod encoder;
mod embeddings;
mod attention;

use std::cell::RefCell;

use checkpoint::BertConfig;
use tch::{Device, Tensor};

pub(crate) use self::encoder::EncoderOfOperators;
use self::int8_kernel::EncoderInt8Kernel;
use self::kernel::EncoderKernel;
use self::operators::Operators;
use crate::batch::Batch;
use crate::device::Precision;
use crate::error::BertError;
use crate::mode::Mode;
use crate::parameters::Parameters;

/// What computes the encoder.
#[derive(Debug)]
pub(crate) enum Backend {
    /// A fused kernel, which keeps its activations from the forward to the backward pass.
    Kernel(Box<RefCell<EncoderKernel>>),
    /// The same with products of bytes, which evaluates and does not learn.
    Int8Kernel(Box<RefCell<EncoderInt8Kernel>>),
    /// libtorch's operators, followed by autograd.
    Operators(Box<Operators>),
}

impl Backend {
    /// The fastest that there is for these parameters.
    pub(crate) fn new(parameters: &Parameters, config: &BertConfig, precision: Precision) -> Result<Self, BertError> {
        if precision == Precision::Int8 {
            return Ok(Self::Int8Kernel(Box::new(RefCell::new(EncoderInt8Kernel::new(parameters, config)?))));
        }
        match EncoderKernel::new(parameters, config, precision)? {
            Some(kernel) => Ok(Self::Kernel(Box::new(RefCell::new(kernel)))),
            None => Ok(Self::operators(config, precision)),
        }
    }

    /// libtorch's operators on every device.
    pub(crate) fn operators(config: &BertConfig, precision: Precision) -> Self {
        Self::Operators(Box::new(Operators::new(config, precision)))
    }

    /// Whether [`Self::new`] most likely takes the kernel, told without libtorch; `adapted`: for parameters with adapters.
    pub(crate) fn probably_has_kernel(
        config: &BertConfig,
        device: Device,
        precision: Precision,
        adapted: bool,
    ) -> bool {
        EncoderKernel::probably_runs(config, device, precision, adapted)
    }

    /// Whether a kernel computes, and not libtorch's operators: no bit depends on the number of threads, and autograd knows the
    /// head alone.
    pub(crate) fn is_kernel(&self) -> bool {
        !matches!(self, Self::Operators(_))
    }

    /// The hidden states of the first tokens, `(batch, hidden)`, float32. `parameters` are those that it was made for.
    pub(crate) fn forward(&self, parameters: &Parameters, batch: &Batch, mode: Mode) -> Result<Tensor, BertError> {
        match self {
            Self::Kernel(kernel) => kernel.borrow_mut().forward(batch, mode),
            Self::Int8Kernel(kernel) => kernel.borrow_mut().forward(batch, mode),
            Self::Operators(operators) => operators.encoder(parameters)?.forward(batch, mode),
        }
    }
}
