//! Device, threads and precision of the computation, resolved from what was typed.

use std::fmt;
use std::str::FromStr;

use bert_kernels::libtorch;
use serde::{Deserialize, Serialize};
use tch::{Cuda, Device};

use crate::error::BertError;

/// The precision of the encoder's matrix products; those of the head, parameters, moments and sums are float32 in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// IEEE single precision: the reference's default, for parity.
    Float32,
    /// bfloat16 products with float32 masters.
    Bf16,
    /// Products of bytes, for evaluation and prediction on the CPU: weights quantized by outputs, activations by tokens.
    Int8,
}

impl Precision {
    /// The precision of the classification head, for plans: nothing where it is that of the rest.
    pub fn of_head(self) -> Option<Self> {
        (self != Self::Float32).then_some(Self::Float32)
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float32 => "float32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        })
    }
}

/// A device that is there and a precision that it has.
#[derive(Debug, Clone, Copy)]
pub struct Compute {
    /// Where tensors live.
    pub device: Device,
    /// The precision of the products.
    pub precision: Precision,
    /// Threads of the CPU.
    pub threads: u32,
}

impl Compute {
    /// Resolves `--device`, `--threads` and `--precision`, without libtorch where that can have no CUDA device.
    ///
    /// `device`: `auto`, `cpu`, `cuda` or `cuda:N`. `threads`: all cores where none are given. `precision`: `float32`, `bf16`,
    /// `int8`, or anything else for what the device trains fastest in.
    ///
    /// # Errors
    /// Fails when the device is not there or has no such products, or libtorch is broken where it has to be asked.
    pub fn resolve(device: &str, threads: Option<u32>, precision: &str) -> Result<Self, BertError> {
        let device = resolve_device(device)?;
        let all_cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
        let threads = threads.unwrap_or_else(all_cores);
        let precision = match precision {
            "float32" => Precision::Float32,
            "bf16" => Precision::Bf16,
            "int8" => {
                has_int8(device)?;
                Precision::Int8
            }
            _ if has_bf16(device) => Precision::Bf16,
            _ => Precision::Float32,
        };
        Ok(Self { device, precision, threads })
    }

    /// Loads libtorch, and sets its threads for the process: before the first tensor.
    ///
    /// # Errors
    /// Fails where libtorch is missing or broken.
    pub fn load_libtorch(&self) -> Result<(), BertError> {
        libtorch::load()?;
        tch::set_num_threads(self.threads as i32);
        Ok(())
    }

    /// As [`Compute::resolve`], but `auto` is the precision `of_run` in which the model was trained, where that is known;
    /// with a remark, in words, where that is not what the device is fastest in.
    ///
    /// # Errors
    /// Fails when the device is not there.
    pub fn resolve_for_run(
        device: &str,
        threads: Option<u32>,
        precision: &str,
        of_run: Option<&str>,
    ) -> Result<(Self, Option<&'static str>), BertError> {
        let compute = Self::resolve(device, threads, precision)?;
        let (Some(of_run), "auto") = (of_run, precision) else { return Ok((compute, None)) };
        let trained_in = Self::resolve(device, threads, of_run)?;
        let remark = match (trained_in.precision, compute.precision) {
            (Precision::Float32, Precision::Bf16) => {
                Some("precision float32, as in the training; --precision bf16 is faster on this device")
            }
            (Precision::Bf16, Precision::Float32) => Some(
                "precision bf16, as in the training; this device has to emulate it, so --precision float32 is faster",
            ),
            _ => None,
        };
        Ok((trained_in, remark))
    }

    /// What a result depends on beside the input; `threads_count`: whether its sums on the CPU depend on their number.
    pub fn machine(&self, threads_count: bool) -> Machine {
        let threads = (threads_count && self.device == Device::Cpu).then_some(self.threads);
        Machine { device: self.device_name(), threads, libtorch: libtorch::description() }
    }

    /// The device as the flags name it.
    pub fn device_name(&self) -> String {
        match self.device {
            Device::Cuda(index) => format!("cuda:{index}"),
            _ => "cpu".to_owned(),
        }
    }
}

/// What has to be the same for a computation to give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The device as the flags name it.
    pub device: String,
    /// Threads of the CPU, where their number counts.
    pub threads: Option<u32>,
    /// The version of libtorch, and the instruction set that it chooses its kernels by.
    pub libtorch: String,
}

impl Machine {
    /// The same but for which of several devices of its kind it is: what processes that train together have in common.
    #[must_use]
    pub fn kind(self) -> Self {
        let device = self.device.split(':').next().unwrap_or_default().to_owned();
        Self { device, ..self }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with ", self.device)?;
        if let Some(threads) = self.threads {
            write!(f, "{threads} thread{} and ", if threads == 1 { "" } else { "s" })?;
        }
        write!(f, "libtorch {}", self.libtorch)
    }
}

/// Whether products of bfloat16 are faster than those of float32 there.
pub(crate) fn has_bf16(device: Device) -> bool {
    let cpu = bert_kernels::cpu_features();
    device.is_cuda() || cpu.avx512_bf16 || cpu.amx_bf16
}

fn has_int8(device: Device) -> Result<(), BertError> {
    if device != Device::Cpu {
        return Err(BertError::Unavailable(
            "--precision int8 is for the CPU; use bf16 on CUDA, or add --device cpu".to_owned(),
        ));
    }
    if !bert_kernels::Int8Encoder::probably_runs() {
        return Err(BertError::Unavailable(
            "--precision int8 needs products of bytes (AVX512_VNNI or AMX), which this processor has not; use float32"
                .to_owned(),
        ));
    }
    Ok(())
}

fn resolve_device(name: &str) -> Result<Device, BertError> {
    let unavailable = |problem: String| Err(BertError::Unavailable(problem));
    let index = match name {
        "cpu" => return Ok(Device::Cpu),
        "auto" => return Ok(if n_cuda_devices()? > 0 { Device::Cuda(0) } else { Device::Cpu }),
        "cuda" => 0,
        other => match other.strip_prefix("cuda:").map(usize::from_str) {
            Some(Ok(index)) => index,
            _ => return unavailable(format!("--device is {other}; expected auto, cpu, cuda or cuda:N")),
        },
    };
    let count = n_cuda_devices()?;
    if index < count {
        return Ok(Device::Cuda(index));
    }
    unavailable(format!(
        "--device is {name}, but libtorch sees {count} CUDA devices; use --device cpu, or see `just doctor`"
    ))
}

/// How many CUDA devices there are, as libtorch counts them, which is loaded and asked only where there may be one.
///
/// # Errors
/// Fails where libtorch is broken.
pub fn n_cuda_devices() -> Result<usize, BertError> {
    if !libtorch::may_have_cuda() {
        return Ok(0);
    }
    libtorch::load()?;
    Ok(if Cuda::is_available() { Cuda::device_count() as usize } else { 0 })
}
