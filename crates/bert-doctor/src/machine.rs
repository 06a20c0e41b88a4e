//! The machine: processor, memory, disk.

use std::fs;
use std::path::Path;

use bert_kernels::cpu_features;

use crate::control_group;
use crate::finding::Finding;

const GB: f64 = 1e9;
/// The quick start's training takes so much, and the program itself.
const LITTLE_MEMORY: f64 = 1.0 * GB;
/// A fine-tuned BERT-base with its checkpoints.
const LITTLE_DISK: f64 = 3.0 * GB;
/// The smallest run does not fit.
const NO_DISK: f64 = 0.1 * GB;

pub(crate) fn findings() -> Vec<Finding> {
    vec![processor(), memory(), disk()]
}

fn processor() -> Finding {
    let cpu = cpu_features();
    let yes_no = |has: bool| if has { "yes" } else { "no" };
    let fact = format!(
        "AVX2 {}, AVX-512 {}, AVX512_BF16 {}, AVX512_VNNI {}, AMX_BF16 {}",
        yes_no(cpu.avx2),
        yes_no(cpu.avx512),
        yes_no(cpu.avx512_bf16),
        yes_no(cpu.avx512_vnni),
        yes_no(cpu.amx_bf16)
    );
    let what = "products are in float32; bf16 would be emulated, and slower";
    match (cpu.avx2, cpu.avx512_bf16 || cpu.amx_bf16) {
        (true, true) => Finding::fine("processor", fact),
        (true, false) if cpu.avx512 => Finding::note("processor", fact, what),
        (true, false) => Finding::note("processor", fact, format!("{what}; with AVX-512 vectors are twice as wide")),
        (false, _) => {
            Finding::note("processor", fact, "products are in float32, by vectors of four numbers, which takes longer")
        }
    }
}

/// What the system can hand out, or what the process's control groups leave, if that is less.
fn memory() -> Finding {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|text| kilobytes(&text, "MemAvailable:"));
    let Some(available) = available else { return Finding::fine("memory", "unknown: /proc/meminfo does not say") };
    let bytes = available.min(control_group::memory_left(Path::new("/")));
    let fact = format!("{:.1} GB available", bytes / GB);
    if bytes < LITTLE_MEMORY {
        return Finding::note("memory", fact, "`--plan` says what a training takes; smaller batches take less");
    }
    Finding::fine("memory", fact)
}

fn kilobytes(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0)
}

fn disk() -> Finding {
    match stage::available_bytes(Path::new(".")) {
        Err(error) => Finding::note("disk", format!("unknown: {error}"), "go to a folder that can be read"),
        Ok(bytes) => {
            let fact = format!("{:.1} GB free in the current folder", bytes as f64 / GB);
            match bytes as f64 {
                bytes if bytes < NO_DISK => Finding::wrong("disk", fact, "free some space; no stage could finish"),
                bytes if bytes < LITTLE_DISK => {
                    Finding::note("disk", fact, "`--plan` says what a training takes; --save-total-limit 1 takes less")
                }
                _ => Finding::fine("disk", fact),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::kilobytes;

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let text = "MemTotal:       24689100 kB\nMemAvailable:   23000000 kB\n";
        assert_eq!(kilobytes(text, "MemAvailable:"), Some(23_000_000.0 * 1024.0));
        assert_eq!(kilobytes(text, "SwapFree:"), None);
    }
}
