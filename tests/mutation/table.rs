//! The table of results.

use crate::workers::Counts;

pub(crate) const HEADER: &str = "| format | mutants | accepted by the outer parser | read | refused | failed | ms each, slowest |\n|---|---|---|---|---|---|---|";

/// A format's row.
pub(crate) fn row(format: &str, counts: &Counts) -> String {
    let milliseconds = |microseconds: u64| microseconds as f64 / 1000.0;
    let Counts { mutants, accepted, read, refused, .. } = counts;
    let mean = milliseconds(counts.total) / counts.mutants.max(1) as f64;
    format!(
        "| {format} | {mutants} | {accepted} | {read} | {refused} | {} | {mean:.3}, {:.1} |",
        counts.failures.len(),
        milliseconds(counts.slowest)
    )
}
