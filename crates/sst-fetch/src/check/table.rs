//! The report on a terminal.

use std::fmt::Write;

use corpus::shortened_name;

use super::report::{ExampleRow, Report};

/// Rows of a kind that are shown.
const N_SHOWN: usize = 3;
/// Classes of a split that are shown.
const MAX_CLASSES: usize = 8;

pub(crate) fn table(report: &Report) -> String {
    let mut out = String::new();
    for split in &report.splits {
        let _ = write!(out, "{:<10} {:>9} rows", split.split.name(), split.rows);
        for class in split.classes.iter().take(MAX_CLASSES) {
            let _ = write!(out, ", {} {}", class.rows, shortened_name(&class.label));
        }
        if split.classes.len() > MAX_CLASSES {
            let _ = write!(out, ", {} more classes", split.classes.len() - MAX_CLASSES);
        }
        if let Some(rate) = split.majority_rate {
            let _ = write!(out, "; majority {:.1} %", 100.0 * rate);
        }
        out.push('\n');
    }
    for finding in &report.findings {
        let (kind, n) = (finding.kind, finding.rows);
        let _ = writeln!(out, "\n{}: {n} {} ({:.2} %)", kind.name(), kind.meaning(), 100.0 * finding.share);
        finding.remarks.iter().for_each(|remark| out.push_str(&format!("  {remark}\n")));
        for example in finding.examples.iter().take(N_SHOWN) {
            let _ = writeln!(out, "  {}", shown(&example.row));
            if let Some(other) = &example.other {
                let _ = writeln!(out, "    {}", shown(other));
            }
        }
    }
    if report.findings.is_empty() {
        out.push_str("\nnothing was found\n");
    }
    report.remarks.iter().for_each(|remark| out.push_str(&format!("\n{remark}\n")));
    out
}

/// A row in a line: where it is, its label, its text.
fn shown(row: &ExampleRow) -> String {
    let label = row.label.as_ref().map_or(String::new(), |label| format!(" [{label}]"));
    format!("{}{label} {}", where_it_is(row), row.text)
}

/// `train 5 (a.csv, 7)`.
pub(super) fn where_it_is(row: &ExampleRow) -> String {
    let split = row.split.map_or("", corpus::Split::name);
    match (&row.file, row.line) {
        (Some(file), Some(line)) => format!("{split} {} ({file}, {line})", row.id),
        _ => format!("{split} {}", row.id),
    }
}
