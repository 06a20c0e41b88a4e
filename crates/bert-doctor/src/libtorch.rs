//! libtorch, its CUDA half, and what computes. It is loaded in a process of its own: a broken library may kill whoever loads it.

use std::env;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use bert::Compute;
use bert_kernels::libtorch::{self, LibtorchFiles};
use stage::print_line;
use tch::Cuda;

use crate::finding::Finding;

/// The hidden subcommand that loads libtorch.
pub(crate) const PROBE: &str = "probe";

/// A libtorch that lies on a slow disk takes ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);

/// What the probe prints: a line each, in this order.
struct Probed {
    version: String,
    cuda_devices: i64,
    threads: u32,
    compute: String,
}

/// Loads libtorch and prints what it says. Exit code 1 where it cannot be loaded.
pub(crate) fn probe() -> anyhow::Result<()> {
    libtorch::load().map_err(|error| anyhow!("{error}\n{}", error.advice()))?;
    let cuda_devices = if Cuda::is_available() { Cuda::device_count() } else { 0 };
    let compute = Compute::resolve("auto", None, "auto")?;
    let threads = compute.threads;
    let compute = format!("{}, {}", compute.device_name(), compute.precision);
    // An operation of libtorch, and one of its kernels' libraries.
    let ones = tch::Tensor::f_ones([64, 64], (tch::Kind::Float, tch::Device::Cpu))?;
    anyhow::ensure!(ones.f_matmul(&ones)?.f_double_value(&[63, 63])? == 64.0, "a product of matrices is wrong");
    let description = libtorch::description();
    print_line(format_args!("{description}\n{cuda_devices}\n{threads}\n{compute}"))
}

/// Where the libraries are, for those who package the programs.
pub(crate) fn print_places() -> anyhow::Result<()> {
    let files = LibtorchFiles::find();
    print_line(format_args!("lib {}\nbert_torch {}", files.lib.display(), files.bert_torch.display()))
}

/// What can be said of libtorch, having tried it.
pub(crate) fn findings() -> Vec<Finding> {
    let files = LibtorchFiles::find();
    match probed() {
        Ok(probed) => {
            let version = format!("{} in {}", probed.version, files.lib.display());
            vec![
                Finding::fine("libtorch", version),
                cuda(&files, probed.cuda_devices),
                Finding::fine("computes", format!("--device auto --precision auto: {}", probed.compute)),
                threads(probed.threads),
            ]
        }
        Err(error) => {
            let text = format!("{error:#}");
            let (problem, advice) = text.split_once('\n').unwrap_or((&text, "see this shell's limits: `ulimit -a`"));
            vec![Finding::wrong("libtorch", problem, advice)]
        }
    }
}

/// Runs the probe. The error's second line is what to do.
fn probed() -> anyhow::Result<Probed> {
    let program = env::current_exe().context("the program does not know its own path")?;
    let mut probe = Command::new(program);
    probe.arg(PROBE).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut probe = probe.spawn().context("cannot start a program")?;
    let begin = Instant::now();
    while probe.try_wait()?.is_none() {
        if begin.elapsed() > PATIENCE {
            probe.kill()?;
            probe.wait()?;
            let lib = LibtorchFiles::find().lib;
            let seconds = PATIENCE.as_secs();
            anyhow::bail!(
                "a program that loads it from {} has not ended after {seconds} s\nsee whether the disk answers",
                lib.display()
            );
        }
        thread::sleep(POLL);
    }
    let output = probe.wait_with_output()?;
    parsed(&output).ok_or_else(|| how_it_ended(&output))
}

fn parsed(output: &Output) -> Option<Probed> {
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    Some(Probed {
        version: lines.next()?.to_owned(),
        cuda_devices: lines.next()?.parse().ok()?,
        threads: lines.next()?.parse().ok()?,
        compute: lines.next()?.to_owned(),
    })
}

fn how_it_ended(output: &Output) -> anyhow::Error {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().trim_start_matches("error: ");
    match output.status.signal() {
        Some(signal) => {
            let last = said.lines().last().unwrap_or_default();
            let last = if last.is_empty() { String::new() } else { format!(": {last}") };
            anyhow!("a program that loads it is killed by signal {signal}{}{last}\n{}", meaning(signal), anew())
        }
        None if said.is_empty() => {
            anyhow!("a program that loads it ends with {}, and says nothing\n{}", output.status, anew())
        }
        None => anyhow!("{said}"),
    }
}

fn meaning(signal: i32) -> &'static str {
    match signal {
        4 => " (an instruction that this processor does not have)",
        7 => " (a file that ends early)",
        11 => " (a file that was changed)",
        9 => " (too little memory?)",
        _ => "",
    }
}

fn anew() -> String {
    let files = LibtorchFiles::find();
    match files.lib.parent() {
        Some(libtorch) if !files.installed => {
            format!("remove {} and run `just setup`, which brings it anew", libtorch.display())
        }
        _ => "install the programs anew, all from one archive".to_owned(),
    }
}

fn cuda(files: &LibtorchFiles, devices: i64) -> Finding {
    let name = "CUDA";
    let brings = if files.installed { "install programs that were built with it" } else { "`just setup` brings it" };
    match (files.torch_cuda().is_some(), libtorch::has_cuda_driver(), devices) {
        (false, false, _) => Finding::fine(name, "none: no NVIDIA driver, and libtorch has no CUDA half"),
        (false, true, _) => Finding::note(name, "there is an NVIDIA driver, but libtorch has no CUDA half", brings),
        (true, false, _) => Finding::note(
            name,
            "libtorch has a CUDA half, but there is no NVIDIA driver (libcuda.so.1)",
            "the CPU computes; for a GPU, install its driver",
        ),
        (true, true, 0) => Finding::wrong(
            name,
            "there are a driver and libtorch's CUDA half, but no device",
            "see whether `nvidia-smi` lists one, whether CUDA_VISIBLE_DEVICES hides it, and whether the driver is too old for this libtorch",
        ),
        (true, true, n) => Finding::fine(name, format!("{n} device{}", if n == 1 { "" } else { "s" })),
    }
}

/// `OMP_NUM_THREADS` has no say: the programs set libtorch's threads.
fn threads(by_default: u32) -> Finding {
    let fact = format!("{by_default}, unless --threads says otherwise: the cores that this process may use");
    if env::var("OMP_WAIT_POLICY").is_ok_and(|policy| policy.eq_ignore_ascii_case("active")) {
        return Finding::note(
            "threads",
            format!("{fact}; OMP_WAIT_POLICY is active"),
            "with LoRA and on old processors, waiting threads take cores from working ones; unset it where other programs run",
        );
    }
    Finding::fine("threads", fact)
}
