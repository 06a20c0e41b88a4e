//! Grouped horizontal bars, as for tables of benchmarks.
//!
//! Every bar starts at zero and ends in its value, so that the axis needs no numbers. A value that is not finite has no
//! bar, but keeps its row.

use crate::axis::{Axis, extent, is_drawable};
use crate::color::{self, FAINT_INK};
use crate::font::{Anchor, Font};
use crate::header::{MARGIN, header};
use crate::legend::{Entry, Swatch, legend};
use crate::svg::{Element, document, line, rect};
use crate::ticks::grouped;

const NAME: Font = Font::regular(13.0);
const VALUE: Font = Font::regular(12.0);

const BARS_WIDTH: f64 = 520.0;
const BAR_HEIGHT: f64 = 20.0;
const BAR_GAP: f64 = 3.0;
const GROUP_GAP: f64 = 18.0;
const NAME_WIDTH: f64 = 220.0;
const NAME_GAP: f64 = 14.0;

/// Values of several series for several things.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// What is compared; may be empty.
    pub title: String,
    /// The unit of all values, such as "sentences per second".
    pub unit: String,
    /// Name and bars of each group from the top; each bar has the name of its series and a value. A series has the same
    /// colour in all groups.
    pub groups: Vec<(String, Vec<(String, f64)>)>,
}

/// Draws grouped horizontal bars as SVG.
#[must_use]
pub fn bar_chart(bars: &Bars) -> String {
    let names: Vec<Vec<String>> = bars.groups.iter().map(|(name, _)| NAME.wrap(name, NAME_WIDTH)).collect();
    let values = || bars.groups.iter().flat_map(|(_, bars)| bars.iter().map(|(_, value)| *value));
    let labels: Vec<String> = values().map(label).collect();
    let room = VALUE.widest(&labels) + 6.0;
    let room_for_negative = if values().any(|value| value < 0.0) { room } else { 0.0 };

    let left = MARGIN + NAME.widest(names.iter().flatten()) + NAME_GAP + room_for_negative;
    let axis = axis(values(), left);
    let right = left + BARS_WIDTH + room;
    let series = series_names(bars);
    let mut page = header(&bars.title, &bars.unit, right - MARGIN);
    if series.len() > 1 {
        page.append(legend(&entries(&series), (MARGIN, page.bottom - 4.0), right));
        page.bottom += 14.0;
    }

    let top = page.bottom;
    for ((_, bars), name) in bars.groups.iter().zip(&names) {
        let height = group_height(bars.len(), name.len());
        let place = (left - room_for_negative - NAME_GAP, page.bottom + height / 2.0);
        page.elements.extend(NAME.centered_lines(place, Anchor::End, name));
        page.elements.extend(group(bars, &series, &axis, place.1));
        page.bottom += height + GROUP_GAP;
    }
    let bottom = (page.bottom - GROUP_GAP).max(top);
    let zero = axis.place(0.0);
    page.elements.push(line((zero, top - 6.0), (zero, bottom + 6.0)).set("stroke", FAINT_INK));
    document((page.right.max(right) + MARGIN, bottom + MARGIN), &bars.title, page.elements)
}

fn axis(values: impl Iterator<Item = f64>, left: f64) -> Axis {
    let values = values.filter(|&value| is_drawable(value)).chain([0.0]);
    Axis::linear(extent(values).unwrap_or_default(), (left, left + BARS_WIDTH))
}

/// The names of all series in the order in which they first come.
fn series_names(bars: &Bars) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in bars.groups.iter().flat_map(|(_, bars)| bars) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn entries<'a>(series: &[&'a str]) -> Vec<Entry<'a>> {
    let entry = |(index, &name)| Entry { name, color: color::series(index), swatch: Swatch::Square };
    series.iter().enumerate().map(entry).collect()
}

/// As high as its bars or as the lines of its name.
fn group_height(n_bars: usize, n_lines: usize) -> f64 {
    let bars = n_bars as f64 * (BAR_HEIGHT + BAR_GAP) - BAR_GAP;
    bars.max(n_lines as f64 * NAME.line_height())
}

/// The bars of a group, centred vertically on `center`, with their values.
fn group(bars: &[(String, f64)], series: &[&str], axis: &Axis, center: f64) -> Vec<Element> {
    let first = center - (bars.len() as f64 - 1.0) * (BAR_HEIGHT + BAR_GAP) / 2.0;
    let mut elements = Vec::new();
    for (index, (name, value)) in bars.iter().enumerate() {
        let y = first + index as f64 * (BAR_HEIGHT + BAR_GAP);
        let zero = axis.place(0.0);
        let end = if is_drawable(*value) { axis.place(*value) } else { zero };
        let color = color::series(series.iter().position(|other| other == name).unwrap_or_default());
        let corner = (zero.min(end), y - BAR_HEIGHT / 2.0);
        elements.push(rect(corner, ((end - zero).abs(), BAR_HEIGHT)).set("fill", color));

        let (x, anchor) = if end < zero { (end - 6.0, Anchor::End) } else { (end + 6.0, Anchor::Start) };
        elements.push(VALUE.centered_line((x, y), anchor, &label(*value)));
    }
    elements
}

/// Three significant digits, and all digits before the point.
fn label(value: f64) -> String {
    if !is_drawable(value) {
        return "–".to_owned();
    }
    let text = match value.abs() {
        0.0 | 100.0.. => grouped(&format!("{value:.0}")),
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

    fn bars(groups: &[(&str, &[(&str, f64)])]) -> Bars {
        let bar = |&(name, value): &(&str, f64)| (name.to_owned(), value);
        let group = |&(name, bars): &(&str, &[(&str, f64)])| (name.to_owned(), bars.iter().map(bar).collect());
        Bars {
            title: "Speed".to_owned(),
            unit: "sentences per second".to_owned(),
            groups: groups.iter().map(group).collect(),
        }
    }

    #[test]
    fn names_and_values_are_written() {
        let svg = bar_chart(&bars(&[
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
        let svg = bar_chart(&bars(&[("a", &[("time", 1.5)]), ("b", &[("time", 0.25)])]));
        assert_eq!(texts(&svg), ["Speed", "sentences per second", "a", "1.50", "b", "0.250"]);
    }

    #[test]
    fn any_values_and_names_find_room() {
        let long = "a configuration with a very long name that needs several lines to be written down in full";
        let svg = bar_chart(&bars(&[
            (long, &[("change", -12.0), (long, 1e7)]),
            ("unbreakable".repeat(4).as_str(), &[("change", -0.001), ("none", 0.0)]),
            ("empty", &[]),
        ]));
        assert_text_is_readable(&svg);
        assert_text_is_readable(&bar_chart(&bars(&[])));
    }

    #[test]
    fn labels_have_three_significant_digits() {
        let labels = [0.0, 123_456.0, 99.95, 1.0, 0.5, 0.0123, 0.000_123].map(label);
        assert_eq!(labels, ["0", "123,456", "100.0", "1.00", "0.500", "0.0123", "1.23e−4"]);
    }
}
