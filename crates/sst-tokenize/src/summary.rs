//! Summary: the report as text, on one screen however many classes there are.

use std::fmt;

use corpus::shortened_name;

use crate::report::{ClassRows, Report, SplitReport};

/// The number of classes whose rows are printed one by one; `report.json` has all.
const MAX_CLASSES: usize = 12;
/// The number of classes of which is printed what truncation took.
const MAX_CLASSES_LOST: usize = 10;
/// The length in characters of the longest bar.
const BAR_WIDTH: usize = 12;
/// The width in characters of a bar with its number.
const COLUMN_WIDTH: usize = BAR_WIDTH + 10;
/// The width in characters of what stands before the first column.
const FIRST_WIDTH: usize = 18;

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.splits.iter().try_for_each(|split| writeln!(formatter, "{split}"))?;
        write_histogram(&self.splits, formatter)?;
        write_lost(self.classes(), formatter)
    }
}

impl fmt::Display for SplitReport {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}: {} rows", self.split.name(), self.rows)?;
        if let Some(windows) = self.windows {
            write!(formatter, " in {windows} windows")?;
        }
        for class in self.classes.iter().take(MAX_CLASSES) {
            write!(formatter, ", {} {}", class.rows, shortened_name(&class.label))?;
        }
        if let Some(more @ [_, ..]) = self.classes.get(MAX_CLASSES..) {
            let rows: usize = more.iter().map(|class| class.rows).sum();
            write!(formatter, ", {rows} of {} more classes", more.len())?;
        }
        // A split has rows that are dropped or rows that are kept: only those that train on them need a label.
        let others = [
            ("without a label (kept)", self.rows_without_label),
            ("without a label (dropped)", self.rows_dropped_without_label),
            ("excluded by the task", self.rows_left_out_by_task),
        ];
        for (name, n) in others.into_iter().filter(|(_, n)| *n > 0) {
            write!(formatter, ", {n} {name}")?;
        }
        let figures = &self.length;
        write!(formatter, "\n  tokens: {}; per row mean {:.1}, ", self.tokens, figures.mean)?;
        let (median, p95, p99, max) = (figures.median, figures.p95, figures.p99, figures.max);
        write!(formatter, "median {median}, p95 {p95}, p99 {p99}, max {max}; ")?;
        let unknown = percent(self.unknown_words, self.words);
        writeln!(formatter, "words: {}, {} unknown ({unknown:.2} %)", self.words, self.unknown_words)?;
        let lost = percent(self.tokens_lost, self.tokens + self.tokens_lost);
        write!(
            formatter,
            "  {} rows truncated, {} tokens lost ({lost:.2} %); ",
            self.rows_truncated, self.tokens_lost
        )?;
        let (to_longest, to_max) = (self.padding_factor_longest, self.padding_factor);
        write!(formatter, "{to_longest:.1} times the tokens if padded to {max}, {to_max:.1} to {}", self.max_length)
    }
}

/// Which share of each split's texts has which length, as bars.
fn write_histogram(splits: &[SplitReport], formatter: &mut fmt::Formatter) -> fmt::Result {
    let Some(first) = splits.first() else { return Ok(()) };
    let share = |split: &SplitReport, bin: usize| percent(split.text_lengths[bin].rows, split.rows);
    let bins = 0..first.text_lengths.len();
    let largest = splits.iter().flat_map(|split| bins.clone().map(|bin| share(split, bin))).fold(0.0, f64::max);

    write!(formatter, "{:<FIRST_WIDTH$}", "tokens of a text")?;
    let mut header = String::new();
    splits.iter().for_each(|split| header += &format!("  {:<COLUMN_WIDTH$}", split.split.name()));
    writeln!(formatter, "{}", header.trim_end())?;
    for bin in bins {
        let range = first.text_lengths[bin];
        let mut line = format!("{:>FIRST_WIDTH$}", format!("{} to {}", range.from, range.to));
        for split in splits {
            let share = share(split, bin);
            let bar = "#".repeat((BAR_WIDTH as f64 * share / largest).round() as usize);
            line += &format!("  {:<COLUMN_WIDTH$}", format!("{share:>5.1} % {bar}"));
        }
        writeln!(formatter, "{}", line.trim_end())?;
    }
    Ok(())
}

/// The classes of which truncation took the most tokens.
fn write_lost(mut classes: Vec<ClassRows>, formatter: &mut fmt::Formatter) -> fmt::Result {
    classes.retain(|class| class.tokens_lost > 0);
    let Some(more) = classes.len().checked_sub(1).map(|_| classes.len().saturating_sub(MAX_CLASSES_LOST)) else {
        return Ok(());
    };
    classes.sort_by_key(|class| std::cmp::Reverse(class.tokens_lost));
    writeln!(formatter, "lost by truncation, all splits together:")?;
    for class in classes.iter().take(MAX_CLASSES_LOST) {
        let ClassRows { rows, rows_truncated, tokens_lost, .. } = class;
        let name = shortened_name(&class.label);
        writeln!(formatter, "  {tokens_lost:>9} tokens of {rows_truncated} of the {rows} rows of {name}")?;
    }
    if more > 0 {
        let tokens: usize = classes[MAX_CLASSES_LOST..].iter().map(|class| class.tokens_lost).sum();
        writeln!(formatter, "  {tokens:>9} tokens of {more} more classes")?;
    }
    Ok(())
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
