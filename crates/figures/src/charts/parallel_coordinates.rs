//! Parallel coordinates: several quantities of each observation in, an upright axis for each quantity and a line across
//! them for each observation out.
//!
//! The better an observation, the darker its line, and one of them can be highlighted. A line skips an axis that cannot
//! show its value.

use crate::drawing::axis::Axis;
use crate::drawing::color::{self, FAINT_TEXT};
use crate::drawing::font::{Anchor, Font};
use crate::drawing::geometry::{Interval, Point, Size};
use crate::drawing::names::distinct_names;
use crate::drawing::scale::Scale;
use crate::drawing::svg::{Block, Element, document, line, polyline, rect};
use crate::drawing::title::{MARGIN, title_block};

const NAME: Font = Font::bold(11.0);
const TICK: Font = Font::regular(10.0);
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 320.0;
/// The color of the lowest score: paler lines would be lost on white.
const FAINTEST: f64 = 0.2;

/// Observations of several quantities.
#[derive(Clone, Debug, PartialEq)]
pub struct ParallelCoordinates {
    /// May be empty.
    pub title: String,
    /// May be empty.
    pub subtitle: String,
    /// From the left to the right.
    pub axes: Vec<ParallelAxis>,
    /// One for each observation.
    pub lines: Vec<ParallelLine>,
    /// The index of the line to highlight.
    pub marked: Option<usize>,
}

/// One quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct ParallelAxis {
    /// The name above the axis; breaks at spaces and underscores.
    pub name: String,
    /// How its values are spread along the axis.
    pub scale: Scale,
}

/// One observation.
#[derive(Clone, Debug, PartialEq)]
pub struct ParallelLine {
    /// A value for each axis.
    pub values: Vec<f64>,
    /// How good the observation is, from 0 to 1.
    pub score: f64,
    /// Whether it was cut off before its end: a dashed line.
    pub provisional: bool,
}

/// An axis at its position in the picture.
struct PlacedAxis<'a> {
    scale: &'a Scale,
    x: f64,
    axis: Axis,
}

/// Draws parallel coordinates as SVG.
#[must_use]
pub fn parallel_coordinates(figure: &ParallelCoordinates) -> String {
    let mut page = title_block(&figure.title, &figure.subtitle, WIDTH - 2.0 * MARGIN);
    let spacing = (WIDTH - 2.0 * MARGIN) / figure.axes.len().max(1) as f64;
    let names: Vec<Vec<String>> = figure.axes.iter().map(|axis| NAME.wrap(&axis.name, spacing - 8.0)).collect();
    let name_lines = names.iter().map(Vec::len).max().unwrap_or(0) as f64;
    let top = page.bottom + NAME.line_height() * name_lines + 14.0;
    let bottom = top + HEIGHT;
    let axes: Vec<PlacedAxis> = (0..figure.axes.len())
        .map(|index| {
            let values = figure.lines.iter().filter_map(|line| line.values.get(index).copied());
            let scale = &figure.axes[index].scale;
            let x = MARGIN + spacing * (index as f64 + 0.55);
            PlacedAxis { scale, x, axis: scale.axis(values, Interval::new(bottom, top)) }
        })
        .collect();

    for (index, line) in figure.lines.iter().enumerate() {
        if figure.marked != Some(index) {
            let color = color::sequential(FAINTEST + (1.0 - FAINTEST) * line.score.clamp(0.0, 1.0)).hex();
            page.elements.push(across(&axes, line).set("stroke", color).number("stroke-width", 1.4));
        }
    }
    if let Some(line) = figure.marked.and_then(|index| figure.lines.get(index)) {
        page.elements.push(across(&axes, line).set("stroke", color::HIGHLIGHT).number("stroke-width", 3.0));
    }
    for (axis, name) in axes.iter().zip(&names) {
        page.append(axis.draw(Interval::new(top, bottom), spacing - 24.0));
        for (row, text) in name.iter().rev().enumerate() {
            let center = Point::new(axis.x, top - 18.0 - NAME.line_height() * row as f64);
            page.elements.push(NAME.centered_line(center, Anchor::Middle, text));
            page.right = page.right.max(axis.x + NAME.width(text) / 2.0);
        }
    }
    let size = Size::new(page.right.max(WIDTH - MARGIN) + MARGIN, bottom + MARGIN);
    document(size, &figure.title, page.elements)
}

/// The line of one observation.
fn across(axes: &[PlacedAxis], line: &ParallelLine) -> Element {
    let shown = axes.iter().zip(&line.values).filter(|(axis, value)| axis.scale.shows(**value));
    let points: Vec<Point> = shown.map(|(axis, &value)| Point::new(axis.x, axis.axis.pixel(value))).collect();
    let across = polyline(&points).set("stroke-linejoin", "round");
    if line.provisional { across.set("stroke-dasharray", "5 3") } else { across }
}

impl PlacedAxis<'_> {
    /// The axis and the numbers or names at its ticks, each at most `label_width` wide, so that none covers the axis before it.
    fn draw(&self, Interval { start: top, end: bottom }: Interval, label_width: f64) -> Block {
        let x = self.x;
        let labels = match self.scale {
            // A number that is shortened is another number.
            Scale::Names(names) if names.iter().any(|name| name.parse::<f64>().is_err()) => {
                distinct_names(TICK, names.iter().map(String::as_str), label_width)
            }
            Scale::Names(_) | Scale::Linear | Scale::Whole | Scale::Logarithmic => Vec::new(),
        };
        let mut elements = vec![line(Point::new(x, top), Point::new(x, bottom)).set("stroke", FAINT_TEXT)];
        for tick in self.scale.ticks(&self.axis, 2.0, |_| TICK.line_height()) {
            let y = self.axis.pixel(tick.value);
            elements.push(line(Point::new(x - 4.0, y), Point::new(x, y)).set("stroke", FAINT_TEXT));
            // White under the number keeps it readable where lines pass. An outline under it would need `paint-order`, and
            // renderers that do not know that draw the outline over the number.
            let label = labels.get(tick.value as usize).unwrap_or(&tick.label);
            let width = TICK.width(label);
            let ground = rect(Point::new(x - 8.0 - width, y - 7.0), Size::new(width + 2.0, 14.0));
            elements.push(ground.set("fill", "#ffffff").number("fill-opacity", 0.8));
            elements.push(TICK.centered_line(Point::new(x - 7.0, y), Anchor::End, label).set("fill", FAINT_TEXT));
        }
        Block { elements, right: x, bottom }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn axis(name: &str, scale: Scale) -> ParallelAxis {
        ParallelAxis { name: name.to_owned(), scale }
    }

    fn figure(n_lines: usize) -> ParallelCoordinates {
        let names = Scale::Names(vec!["linear".to_owned(), "cosine".to_owned()]);
        ParallelCoordinates {
            title: "Trials".to_owned(),
            subtitle: String::new(),
            axes: vec![
                axis("learning_rate", Scale::Logarithmic),
                axis("lr_scheduler_type", names),
                axis("accuracy", Scale::Linear),
            ],
            lines: (0..n_lines)
                .map(|index| ParallelLine {
                    values: vec![1e-5 * (index + 1) as f64, (index % 2) as f64, 0.8 + 0.01 * index as f64],
                    score: 0.5,
                    provisional: index == 1,
                })
                .collect(),
            marked: (n_lines > 0).then_some(0),
        }
    }

    #[test]
    fn every_line_crosses_every_axis() {
        let svg = parallel_coordinates(&figure(5));
        assert_text_is_readable(&svg);
        assert_eq!(svg.matches("<polyline").count(), 5);
        let texts = texts(&svg);
        assert!(
            ["linear", "cosine", "2e−5", "0.82"].iter().all(|tick| texts.contains(&(*tick).to_owned())),
            "{texts:?}"
        );
        assert_eq!(svg.matches("stroke=\"#d55e00\"").count(), 1);
        assert_eq!(svg.matches("stroke-dasharray").count(), 1, "one was cut off");
        assert!(!svg.contains("paint-order"), "not every renderer knows it");
    }

    #[test]
    fn long_names_at_an_axis_do_not_cover_the_one_before() {
        let mut figure = figure(3);
        let names = ["constant_with_warmup", "constant_without_warmup", "cosine_with_restarts"].map(str::to_owned);
        figure.axes = vec![axis("lr_scheduler_type", Scale::Names(names.to_vec())); 7];
        figure.lines.iter_mut().for_each(|line| line.values = vec![0.0; 7]);
        let svg = parallel_coordinates(&figure);
        let labels: Vec<String> = texts(&svg).into_iter().filter(|text| text.contains('…')).collect();
        assert_eq!(labels.len(), 21);
        assert!(labels[..3].iter().all(|label| TICK.width(label) < WIDTH / 7.0 - 24.0), "{labels:?}");
        assert!(labels[0] != labels[1], "{labels:?}");
    }

    #[test]
    fn a_line_skips_an_axis_that_cannot_show_its_value() {
        let mut figure = figure(2);
        figure.lines[1].values = vec![0.0, 7.0, f64::NAN];
        let svg = parallel_coordinates(&figure);
        assert!(!svg.contains("NaN"));
        assert_text_is_readable(&svg);
        assert_text_is_readable(&parallel_coordinates(&self::figure(0)));
    }
}
