//! Facts about the machine and its libtorch, one function each: versions, CUDA, bf16, threads, the hub, disk.

use std::env;
use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bert::Compute;
use tch::Cuda;

/// Every fact with its name, in the order of the output.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    vec![
        ("libtorch", libtorch()),
        ("CUDA linked", yes_no(loaded_library("libtorch_cuda").is_some())),
        ("CUDA available", cuda()),
        ("bf16", bf16()),
        ("threads", threads()),
        ("auto resolves to", auto()),
        ("hub", hub()),
        ("free disk", free_disk()),
    ]
}

fn yes_no(fact: bool) -> String {
    if fact { "yes" } else { "no" }.to_owned()
}

/// Version and folder of the libtorch that this process has loaded.
fn libtorch() -> String {
    let Some(library) = loaded_library("libtorch_cpu") else { return "not loaded".to_owned() };
    let folder = library.parent().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    format!("{} in {}", libtorch_version(&folder).unwrap_or_else(|| "version unknown".to_owned()), folder.display())
}

/// A release has its version in `build-version`, a Python wheel in `version.py`.
fn libtorch_version(folder: &Path) -> Option<String> {
    if let Ok(version) = fs::read_to_string(folder.join("build-version")) {
        return Some(version.trim().to_owned());
    }
    let text = fs::read_to_string(folder.join("version.py")).ok()?;
    let line = text.lines().find(|line| line.starts_with("__version__"))?;
    Some(line.split('\'').nth(1)?.to_owned())
}

/// The path from which a shared library was loaded.
fn loaded_library(name: &str) -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let path = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|path| {
        Path::new(path).file_name().is_some_and(|file| file.to_string_lossy().starts_with(&format!("{name}.")))
    });
    path.map(PathBuf::from)
}

fn cuda() -> String {
    match Cuda::device_count() {
        _ if !Cuda::is_available() => "no".to_owned(),
        1 => "yes, 1 device".to_owned(),
        n => format!("yes, {n} devices"),
    }
}

fn bf16() -> String {
    let cpu = bert_kernels::cpu_features();
    format!("AVX512_BF16 {}, AMX_BF16 {}", yes_no(cpu.avx512_bf16), yes_no(cpu.amx_bf16))
}

fn threads() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{cores} cores, libtorch uses {}", tch::get_num_threads())
}

/// What `--device auto --precision auto` resolve to here.
fn auto() -> String {
    match Compute::resolve("auto", None, "auto") {
        Ok(compute) => format!("{}, {:?}", compute.device_name(), compute.precision).to_lowercase(),
        Err(error) => error.to_string(),
    }
}

fn hub() -> String {
    let endpoint = env::var("HF_ENDPOINT").unwrap_or_else(|_| "https://huggingface.co".to_owned());
    if stage::hub_is_offline() {
        return format!("{endpoint}, not tried: HF_HUB_OFFLINE is set");
    }
    let reachable = address(&endpoint).is_some_and(|address| {
        let addresses = address.to_socket_addrs().into_iter().flatten();
        addresses.take(2).any(|address| TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok())
    });
    format!("{endpoint}, {}", if reachable { "reachable" } else { "not reachable; local folders still work" })
}

/// `https://host/path` as `host:443`.
fn address(endpoint: &str) -> Option<String> {
    let (scheme, rest) = endpoint.split_once("://")?;
    let host = rest.split('/').next()?;
    let port = if scheme == "http" { 80 } else { 443 };
    Some(if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") })
}

fn free_disk() -> String {
    match stage::available_bytes(Path::new(".")) {
        Ok(bytes) => format!("{:.1} GB in the current folder", bytes as f64 / 1e9),
        Err(error) => format!("unknown: {error}"),
    }
}
