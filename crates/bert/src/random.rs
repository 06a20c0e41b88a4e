//! Random numbers as a function of counters: no generator state is kept, so nothing has to be restored on resume.

mod mt19937;

use metrics::split_mix64;
use tch::{Device, Kind, Tensor};

use self::mt19937::Mt19937;

/// From here on, `randperm` takes 64 bits for each number.
const LARGE: usize = (u32::MAX / 20) as usize;

/// A random permutation of `0..n`: the order of the rows in `epoch`.
///
/// It is the one of the reference's sampler: a CPU generator seeded with `seed + epoch`, then `randperm(n)`
/// (ATen/native/TensorFactories.cpp). It is computed without libtorch, which a plan does not load, but for 200 million rows
/// or more.
pub fn permutation(n: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let seed = seed.wrapping_add(epoch);
    if n >= LARGE {
        return permutation_of_libtorch(n, seed);
    }
    let mut generator = Mt19937::new(seed);
    let mut rows: Vec<usize> = (0..n).collect();
    for i in 0..n.saturating_sub(1) {
        rows.swap(i, i + generator.next_u32() as usize % (n - i));
    }
    rows
}

/// Seeds libtorch's global generator, which nothing else in this project reads.
fn permutation_of_libtorch(n: usize, seed: u64) -> Vec<usize> {
    tch::manual_seed(seed as i64);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_is_that_of_libtorch() {
        for n in [0, 1, 2, 3, 16, 623, 624, 625, 8544, 100_003] {
            for seed in [0, 1, 42, 5489, u64::from(u32::MAX), u64::from(u32::MAX) + 8, u64::MAX - 1] {
                assert_eq!(permutation(n, seed, 3), permutation_of_libtorch(n, seed.wrapping_add(3)), "{n} {seed}");
            }
        }
    }
}
