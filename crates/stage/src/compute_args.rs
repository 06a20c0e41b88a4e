//! Compute flags, the same for every stage that computes with libtorch: `--device`, `--threads`, `--precision`.
//!
//! They are text here, since this crate knows no tensor; `bert::Compute::resolve` makes a device and a precision of them.

/// What `--precision` may be where a model is applied; it is trained in the first three.
pub const INFERENCE_PRECISIONS: [&str; 4] = ["auto", "float32", "bf16", "int8"];

/// The flags of every stage that computes with libtorch.
#[derive(Debug, Clone, clap::Args)]
pub struct ComputeArgs {
    /// Device: auto (CUDA if there is a GPU), cpu, cuda or cuda:N
    #[arg(long, default_value = "auto", value_name = "DEVICE")]
    pub device: String,

    /// CPU threads; default: all cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,

    /// Precision of matrix products: auto (bf16 if the hardware supports it, else float32), float32 or bf16
    #[arg(long, default_value = "auto", value_name = "PRECISION", value_parser = ["auto", "float32", "bf16"])]
    pub precision: String,
}
