//! Random numbers as a function of counters: no generator state is kept, so nothing has to be restored on resume.

use metrics::split_mix64;
use tch::{Device, Kind, Tensor};

/// A random permutation of `0..n`: the order of the rows in `epoch`.
///
/// It is the one of the reference's sampler: a CPU generator seeded with `seed + epoch`, then `randperm(n)`. Seeds
/// libtorch's global generator, which nothing else in this project reads.
pub fn permutation(n: usize, seed: u64, epoch: u64) -> Vec<usize> {
    tch::manual_seed(seed.wrapping_add(epoch) as i64);
    let order = Tensor::randperm(n as i64, (Kind::Int64, Device::Cpu));
    let mut rows = vec![0_i64; n];
    order.copy_data(&mut rows, n);
    rows.into_iter().map(|row| row as usize).collect()
}

/// The `index`-th number of the standard normal stream `rng_stream` of `seed`.
///
/// SplitMix64 (Steele, Lea, Flood 2014) over the counters, then Box and Muller's transform.
pub fn normal(seed: u64, rng_stream: u64, index: u64) -> f64 {
    let (first, second) = (unit(seed, rng_stream, 2 * index), unit(seed, rng_stream, 2 * index + 1));
    (-2.0 * first.ln()).sqrt() * (std::f64::consts::TAU * second).cos()
}

/// A number between 0 and 1, both excluded.
fn unit(seed: u64, rng_stream: u64, index: u64) -> f64 {
    let word = split_mix64(split_mix64(split_mix64(seed) ^ rng_stream).wrapping_add(index));
    ((word >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// A tensor of normal numbers with the given deviation, float32, on the CPU.
pub(crate) fn normal_tensor(shape: &[i64], deviation: f64, seed: u64, rng_stream: u64) -> Tensor {
    drawn_tensor(shape, |index| normal(seed, rng_stream, index) * deviation)
}

/// A tensor of uniform numbers between `-bound` and `bound`, float32, on the CPU.
pub(crate) fn uniform_tensor(shape: &[i64], bound: f64, seed: u64, rng_stream: u64) -> Tensor {
    drawn_tensor(shape, |index| (2.0 * unit(seed, rng_stream, index) - 1.0) * bound)
}

fn drawn_tensor(shape: &[i64], draw: impl Fn(u64) -> f64) -> Tensor {
    let n: i64 = shape.iter().product();
    let values: Vec<f32> = (0..n as u64).map(|index| draw(index) as f32).collect();
    Tensor::from_slice(&values).view(shape)
}
