//! Slices: a figure on parts of the rows as dots with intervals, beside that of all rows.

use super::estimate::Estimate;
use super::rows::{self, Column, MAX_ROWS, Mark, Row};
use crate::drawing::geometry::{Interval, Size, extent};
use crate::drawing::svg::document;
use crate::drawing::title::{MARGIN, title_block};

const MIN_WIDTH: f64 = 760.0;

/// A figure on slices of the rows.
#[derive(Clone, Copy, Debug)]
pub struct Slices<'a> {
    /// May be empty.
    pub title: &'a str,
    /// May be empty.
    pub subtitle: &'a str,
    /// The name of the figure, such as "accuracy".
    pub metric: &'a str,
    /// Whether it is a fraction that reads as a percentage.
    pub is_percent: bool,
    /// The figure of all rows.
    pub overall: Option<f64>,
    /// From the top to the bottom; of more than 40 the first are shown.
    pub slices: &'a [Slice<'a>],
}

/// Some of the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slice<'a> {
    /// Such as "length 33 to 64".
    pub name: &'a str,
    /// How many rows.
    pub n: u64,
    /// The figure on them.
    pub estimate: Estimate,
    /// Whether it is highlighted, such as one that is worse than the rest by more than chance.
    pub marked: bool,
}

/// Draws slices as SVG.
#[must_use]
pub fn slices<'a>(chart: &Slices<'a>) -> String {
    let shown = &chart.slices[..chart.slices.len().min(MAX_ROWS)];
    let values = shown.iter().flat_map(|slice| slice.estimate.values());
    let values = extent(values.chain(chart.overall.filter(|value| value.is_finite())));
    let row = |slice: &Slice<'a>| {
        let Slice { name, n, estimate, marked } = *slice;
        Row { name, n, estimates: vec![estimate], is_marked: marked }
    };
    let rows: Vec<Row> = shown.iter().map(row).collect();
    let column = Column {
        title: chart.metric,
        values: padded(values.unwrap_or(Interval::UNIT), chart.is_percent),
        mark: Mark::Dot,
        overall: chart.overall,
        is_percent: chart.is_percent,
    };
    let mut subtitle = chart.subtitle.to_owned();
    if chart.slices.len() > MAX_ROWS {
        let separator = if subtitle.is_empty() { "" } else { " · " };
        subtitle += &format!("{separator}the first {MAX_ROWS} of {} slices", chart.slices.len());
    }
    let mut page = title_block(chart.title, &subtitle, MIN_WIDTH);
    page.append(rows::draw(&rows, &[column], page.bottom));
    document(Size::new(page.right.max(MIN_WIDTH) + MARGIN, page.bottom + MARGIN), chart.title, page.elements)
}

/// A margin on both sides; fractions do not leave 0 to 1.
fn padded(values: Interval, is_fraction: bool) -> Interval {
    let margin = if values.length() > 0.0 { 0.06 * values.length() } else { 0.05 * values.start.abs().max(0.1) };
    let (start, end) = (values.start - margin, values.end + margin);
    if is_fraction { Interval::new(start.max(0.0), end.min(1.0)) } else { Interval::new(start, end) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn slice(name: &str, value: f64, marked: bool) -> Slice<'_> {
        let estimate = Estimate { value, interval: Some((value - 0.1, value + 0.05)) };
        Slice { name, n: 99, estimate, marked }
    }

    fn draw(slices: &[Slice], is_percent: bool) -> String {
        let (title, subtitle) = ("Slices", "");
        super::slices(&Slices { title, subtitle, metric: "accuracy", is_percent, overall: Some(0.886), slices })
    }

    #[test]
    fn slices_stand_beside_all_rows() {
        let svg = draw(&[slice("negation", 0.75, true), slice("all others", 0.9, false)], true);
        assert_text_is_readable(&svg);
        let texts = texts(&svg);
        assert!(["accuracy (all: 88.6 %)", "75.0 %", "90.0 %"].iter().all(|text| texts.contains(&(*text).to_owned())));
        assert_eq!(svg.matches("<polygon").count(), 1, "the marked one has a shape of its own");
    }

    #[test]
    fn any_slices_fit() {
        let long = "a slice with a name that goes on and on".repeat(20);
        let many: Vec<Slice> = (0..50).map(|_| slice(&long, f64::NAN, true)).collect();
        let svg = draw(&many, false);
        assert_text_is_readable(&svg);
        assert!(texts(&svg)[1].ends_with("the first 40 of 50 slices") && !svg.contains("NaN"));
        assert_text_is_readable(&draw(&[], true));
        assert_text_is_readable(&draw(&[slice("one", 1.0, false)], true));
    }
}
