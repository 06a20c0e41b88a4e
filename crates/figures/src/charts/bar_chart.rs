//! Bar chart: named values in groups in, grouped horizontal bars out, as for tables of benchmarks.
//!
//! Every bar starts at zero and has its value beside its end, so that the axis needs no numbers. A value that is not
//! finite has no bar, but keeps its row.

use crate::drawing::axis::{Axis, is_drawable};
use crate::drawing::color::{self, FAINT_TEXT};
use crate::drawing::font::{Anchor, Font};
use crate::drawing::geometry::{Interval, Point, Size, extent};
use crate::drawing::legend::{Entry, Swatch, legend};
use crate::drawing::svg::{Element, document, line, rect};
use crate::drawing::ticks::group_thousands;
use crate::drawing::title::{MARGIN, title_block};

const NAME: Font = Font::regular(13.0);
const VALUE: Font = Font::regular(12.0);

const BARS_WIDTH: f64 = 520.0;
const BAR_HEIGHT: f64 = 20.0;
const BAR_GAP: f64 = 3.0;
const GROUP_GAP: f64 = 18.0;
const NAME_WIDTH: f64 = 220.0;
const NAME_GAP: f64 = 14.0;

/// Values of several series for several groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarChart {
    /// What is compared; may be empty.
    pub title: String,
    /// The unit of all values, such as "sentences per second".
    pub unit: String,
    /// From the top to the bottom.
    pub groups: Vec<BarGroup>,
}

/// Bars that stand together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarGroup {
    /// The name beside the bars.
    pub name: String,
    /// From the top to the bottom.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The series, which has the same color in all groups.
    pub series: String,
    /// The length of the bar in the chart's unit.
    pub value: f64,
}

/// Draws grouped horizontal bars as SVG.
#[must_use]
pub fn bar_chart(chart: &BarChart) -> String {
    let names: Vec<Vec<String>> = chart.groups.iter().map(|group| NAME.wrap(&group.name, NAME_WIDTH)).collect();
    let values = || chart.groups.iter().flat_map(|group| group.bars.iter().map(|bar| bar.value));
    let labels: Vec<String> = values().map(label).collect();
    let label_width = VALUE.widest(&labels) + 6.0;
    let left_label_width = if values().any(|value| value < 0.0) { label_width } else { 0.0 };

    let left = MARGIN + NAME.widest(names.iter().flatten()) + NAME_GAP + left_label_width;
    let axis = axis(values(), left);
    let right = left + BARS_WIDTH + label_width;
    let series = series_names(chart);
    let mut page = title_block(&chart.title, &chart.unit, right - MARGIN);
    if series.len() > 1 {
        page.append(legend(&entries(&series), Point::new(MARGIN, page.bottom - 4.0), right));
        page.bottom += 14.0;
    }

    let top = page.bottom;
    for (group, name) in chart.groups.iter().zip(&names) {
        let height = group_height(group.bars.len(), name.len());
        let name_end = Point::new(left - left_label_width - NAME_GAP, page.bottom + height / 2.0);
        page.elements.extend(NAME.centered_lines(name_end, Anchor::End, name));
        page.elements.extend(bars(&group.bars, &series, &axis, name_end.y));
        page.bottom += height + GROUP_GAP;
    }
    let bottom = (page.bottom - GROUP_GAP).max(top);
    let zero = axis.pixel(0.0);
    page.elements.push(line(Point::new(zero, top - 6.0), Point::new(zero, bottom + 6.0)).set("stroke", FAINT_TEXT));
    let size = Size::new(page.right.max(right) + MARGIN, bottom + MARGIN);
    document(size, &chart.title, page.elements)
}

fn axis(values: impl Iterator<Item = f64>, left: f64) -> Axis {
    let values = values.filter(|&value| is_drawable(value)).chain([0.0]);
    Axis::linear(extent(values).unwrap_or(Interval::UNIT), Interval::new(left, left + BARS_WIDTH))
}

/// The names of all series in the order of their first bars.
fn series_names(chart: &BarChart) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for bar in chart.groups.iter().flat_map(|group| &group.bars) {
        if !names.contains(&bar.series.as_str()) {
            names.push(&bar.series);
        }
    }
    names
}

fn entries<'a>(series: &[&'a str]) -> Vec<Entry<'a>> {
    let entry = |(index, &name)| Entry { name, color: color::series(index), swatch: Swatch::Square };
    series.iter().enumerate().map(entry).collect()
}

/// The height in pixels of a group: that of its bars or that of its name, whichever is greater.
fn group_height(n_bars: usize, n_lines: usize) -> f64 {
    let bars = n_bars as f64 * (BAR_HEIGHT + BAR_GAP) - BAR_GAP;
    bars.max(n_lines as f64 * NAME.line_height())
}

/// The bars of a group with their values, centered vertically on `center`.
fn bars(bars: &[Bar], series: &[&str], axis: &Axis, center: f64) -> Vec<Element> {
    let first = center - (bars.len() as f64 - 1.0) * (BAR_HEIGHT + BAR_GAP) / 2.0;
    let mut elements = Vec::new();
    for (index, bar) in bars.iter().enumerate() {
        let y = first + index as f64 * (BAR_HEIGHT + BAR_GAP);
        let zero = axis.pixel(0.0);
        let end = if is_drawable(bar.value) { axis.pixel(bar.value) } else { zero };
        let color = color::series(series.iter().position(|name| *name == bar.series).unwrap_or_default());
        let corner = Point::new(zero.min(end), y - BAR_HEIGHT / 2.0);
        elements.push(rect(corner, Size::new((end - zero).abs(), BAR_HEIGHT)).set("fill", color));

        let (x, anchor) = if end < zero { (end - 6.0, Anchor::End) } else { (end + 6.0, Anchor::Start) };
        elements.push(VALUE.centered_line(Point::new(x, y), anchor, &label(bar.value)));
    }
    elements
}

/// Three significant digits, and all digits before the point.
fn label(value: f64) -> String {
    if !is_drawable(value) {
        return "–".to_owned();
    }
    let text = match value.abs() {
        0.0 | 100.0.. => group_thousands(&format!("{value:.0}")),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        0.1.. => format!("{value:.3}"),
        0.01.. => format!("{value:.4}"),
        _ => format!("{value:.2e}"),
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn chart(groups: &[(&str, &[(&str, f64)])]) -> BarChart {
        let bar = |&(series, value): &(&str, f64)| Bar { series: series.to_owned(), value };
        let group = |&(name, bars): &(&str, &[(&str, f64)])| BarGroup {
            name: name.to_owned(),
            bars: bars.iter().map(bar).collect(),
        };
        BarChart {
            title: "Speed".to_owned(),
            unit: "sentences per second".to_owned(),
            groups: groups.iter().map(group).collect(),
        }
    }

    #[test]
    fn names_and_values_are_written() {
        let svg = bar_chart(&chart(&[
            ("CPU", &[("ours", 1234.5), ("theirs", 56.78)]),
            ("GPU <&\">", &[("ours", 98_765.4), ("theirs", f64::NAN)]),
        ]));
        assert_text_is_readable(&svg);
        assert_eq!(
            texts(&svg),
            ["Speed", "sentences per second", "ours", "theirs", "CPU", "1234", "56.8", "GPU <&\">", "98,765", "–"]
        );
    }

    #[test]
    fn a_single_series_needs_no_legend() {
        let svg = bar_chart(&chart(&[("a", &[("time", 1.5)]), ("b", &[("time", 0.25)])]));
        assert_eq!(texts(&svg), ["Speed", "sentences per second", "a", "1.50", "b", "0.250"]);
    }

    #[test]
    fn any_values_and_names_fit() {
        let long = "a configuration with a very long name that needs several lines to be written down in full";
        let svg = bar_chart(&chart(&[
            (long, &[("change", -12.0), (long, 1e7)]),
            ("unbreakable".repeat(4).as_str(), &[("change", -0.001), ("none", 0.0)]),
            ("empty", &[]),
        ]));
        assert_text_is_readable(&svg);
        assert_text_is_readable(&bar_chart(&chart(&[])));
    }

    #[test]
    fn labels_have_three_significant_digits() {
        let labels = [0.0, 123_456.0, 99.95, 1.0, 0.5, 0.0123, 0.000_123].map(label);
        assert_eq!(labels, ["0", "123,456", "100.0", "1.00", "0.500", "0.0123", "1.23e−4"]);
    }
}
