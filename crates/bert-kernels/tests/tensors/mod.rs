//! What the tests share: the device, random tensors, and how far two tensors are apart.

use tch::{Device, Kind, Tensor};

/// Operators are tested on CUDA with `BERT_TEST_DEVICE=cuda`; else on the CPU.
pub(crate) fn device() -> Device {
    match std::env::var("BERT_TEST_DEVICE").as_deref() {
        Ok("cuda") => Device::Cuda(0),
        _ => Device::Cpu,
    }
}

pub(crate) fn random(shape: &[i64]) -> Tensor {
    Tensor::randn(shape, (Kind::Float, Device::Cpu))
}

pub(crate) fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}
