//! `lengths.svg`: the share of each split's texts by their length in tokens.

use figures::{Bar, BarChart, BarGroup, bar_chart};

use crate::report::{BinRows, Report};

/// The file's name in the output folder.
pub(crate) const LENGTHS: &str = "lengths.svg";

/// Draws the histogram.
pub(crate) fn lengths_chart(report: &Report, max_length: usize) -> String {
    let bins = report.splits.first().map_or(&[][..], |split| split.text_lengths.as_slice());
    let group = |(index, bin): (usize, &BinRows)| BarGroup {
        name: format!("{} to {}", bin.from, bin.to),
        bars: report
            .splits
            .iter()
            .map(|split| Bar {
                series: split.split.name().to_owned(),
                value: 100.0 * split.text_lengths[index].rows as f64 / split.rows.max(1) as f64,
            })
            .collect(),
    };
    bar_chart(&BarChart {
        title: "Length of the texts".to_owned(),
        unit: format!("% of the split by tokens of a text; {max_length} are a row's most"),
        groups: bins.iter().enumerate().map(group).collect(),
    })
}
