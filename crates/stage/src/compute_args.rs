//! Command-line arguments of every stage that computes: device, threads, precision. Plain values; the stage resolves them.

/// Where and how a stage computes.
#[derive(Debug, Clone, clap::Args)]
pub struct ComputeArgs {
    /// Device: auto (CUDA where there is one), cpu, cuda or cuda:N
    #[arg(long, default_value = "auto", value_name = "DEVICE")]
    pub device: String,

    /// Threads of the CPU's matrix products; default: all cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,

    /// Precision of the products: auto (bf16 where the hardware has it), float32 or bf16
    #[arg(long, default_value = "auto", value_name = "PRECISION", value_parser = ["auto", "float32", "bf16"])]
    pub precision: String,
}
