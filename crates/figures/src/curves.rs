//! Quantities over training steps: stacked panels that share the horizontal axis.
//!
//! Points that cannot be drawn (not finite, or not positive on a logarithmic axis) are skipped. A panel without points
//! stays in its place and says so.

use crate::axis::{Axis, extent, is_drawable};
use crate::color::FAINT_INK;
use crate::font::{Anchor, Font};
use crate::header::{MARGIN, header};
use crate::plot::{Frame, Plot, TICK};
use crate::svg::{Block, Element, document, line};

const AXIS_TITLE: Font = Font::regular(12.0);
const MARK: Font = Font::bold(11.0);

const WIDTH: f64 = 900.0;
const PANEL_GAP: f64 = 24.0;

/// Panels one below the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// What is drawn; may be empty.
    pub title: String,
    /// What is to be known about it; may be empty.
    pub subtitle: String,
    /// The name of the horizontal axis, such as "step".
    pub x_label: String,
    /// From the top to the bottom.
    pub panels: Vec<Panel>,
    /// A position on the horizontal axis that all panels mark, and what it is, such as "best (step 1299)".
    pub marker: Option<(f64, String)>,
}

/// One quantity, of one or more series.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What the panel shows.
    pub title: String,
    /// The name of the vertical axis, with its unit.
    pub y_label: String,
    /// Each in a colour of its own, later ones over earlier ones. A single one that has the name of the panel needs no
    /// legend.
    pub series: Vec<Series>,
    /// Whether the vertical axis is logarithmic.
    pub log_y: bool,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What the legend calls it; one without a name is not in the legend.
    pub name: String,
    /// `(x, y)` in ascending order of `x`; many are thinned for drawing.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub style: Style,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A line, for many points.
    Line,
    /// A thin and pale line, for noise behind the series that smooths it.
    Faint,
    /// A line with a dot at every point, for few.
    Markers,
}

/// Draws learning curves as SVG.
#[must_use]
pub fn curves(curves: &Curves) -> String {
    let plots: Vec<Plot> = curves.panels.iter().map(Plot::new).collect();
    let tick_width = plots.iter().map(Plot::tick_width).fold(0.0, f64::max);
    let left = MARGIN + AXIS_TITLE.line_height() + tick_width + 16.0;
    let right = WIDTH - MARGIN;
    let mark = curves.marker.as_ref().filter(|(x, _)| is_drawable(*x));
    let x_axis = x_axis(&plots, mark, (left, right));

    let mut page = header(&curves.title, &curves.subtitle, right - MARGIN);
    for (index, plot) in plots.iter().enumerate() {
        page.append(plot.heading((left, page.bottom), right));
        if let (0, Some((x, label))) = (index, mark) {
            page.append(mark_label(x_axis.place(*x), label, &page, (left, right)));
        }
        let top = page.bottom + 6.0;
        let frame = Frame { left, right, top, bottom: top + panel_height(plots.len()) };
        let y_title = (MARGIN + AXIS_TITLE.size / 2.0, f64::midpoint(frame.top, frame.bottom));
        page.elements.extend(plot.grid(&frame, &x_axis));
        page.elements.push(AXIS_TITLE.upward_line(y_title, &plot.panel.y_label).set("fill", FAINT_INK));
        page.elements.extend(mark.map(|(x, _)| mark_line(x_axis.place(*x), &frame)));
        page.elements.extend(plot.curves(&frame, &x_axis));
        page.bottom = frame.bottom + PANEL_GAP;
    }
    page.bottom -= PANEL_GAP;
    page.append(horizontal_axis(&x_axis, &curves.x_label, page.bottom, (left, right)));
    document((page.right.max(right) + MARGIN, page.bottom + MARGIN), &curves.title, page.elements)
}

/// One panel is as high as a slide allows; more share it.
fn panel_height(n_panels: usize) -> f64 {
    match n_panels {
        0 | 1 => 340.0,
        2 => 220.0,
        _ => 170.0,
    }
}

/// From the first to the last point or mark, or from zero where that is near.
fn x_axis(plots: &[Plot], mark: Option<&(f64, String)>, pixels: (f64, f64)) -> Axis {
    let points = plots.iter().flat_map(|plot| plot.points.iter().flatten());
    let positions = points.map(|point| point.0).chain(mark.map(|(x, _)| *x));
    let (low, high) = extent(positions).unwrap_or((0.0, 1.0));
    let near_zero = low > 0.0 && low < 0.1 * high;
    Axis::linear((if near_zero { 0.0 } else { low }, high), pixels)
}

fn horizontal_axis(x_axis: &Axis, label: &str, top: f64, (left, right): (f64, f64)) -> Block {
    let mut elements = Vec::new();
    for tick in x_axis.ticks(8) {
        let place = (x_axis.place(tick.value), top + 14.0);
        elements.push(TICK.centered_line(place, Anchor::Middle, &tick.label).set("fill", FAINT_INK));
    }
    let title = (f64::midpoint(left, right), top + 36.0);
    elements.push(AXIS_TITLE.centered_line(title, Anchor::Middle, label).set("fill", FAINT_INK));
    Block { elements, right, bottom: title.1 + AXIS_TITLE.half_letter() }
}

/// The label stands above the first panel, as near to its line as the edges allow.
fn mark_label(x: f64, label: &str, page: &Block, (left, right): (f64, f64)) -> Block {
    let width = MARK.width(label);
    let start = (x - width / 2.0).min(right - width).max(left);
    let bottom = page.bottom + MARK.line_height() + 4.0;
    let line = MARK.line((start, bottom - 1.0), Anchor::Start, label).set("fill", FAINT_INK);
    Block { elements: vec![line], right: start + width, bottom }
}

fn mark_line(x: f64, frame: &Frame) -> Element {
    line((x, frame.top - 4.0), (x, frame.bottom))
        .set("stroke", FAINT_INK)
        .number("stroke-width", 1.2)
        .set("stroke-dasharray", "4 3")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn panel(title: &str, points: Vec<(f64, f64)>) -> Panel {
        let series = Series { name: "train".to_owned(), points, style: Style::Line };
        Panel { title: title.to_owned(), y_label: "nats".to_owned(), series: vec![series], log_y: false }
    }

    fn figure(panels: Vec<Panel>) -> Curves {
        Curves { title: "Fine-tuning".to_owned(), x_label: "step".to_owned(), panels, ..Curves::default() }
    }

    #[test]
    fn titles_ticks_and_legend_are_written() {
        let points = (0..=100).map(|step| (f64::from(step), 1.0 / f64::from(step + 1))).collect();
        let mut figure = figure(vec![panel("Loss", points)]);
        figure.marker = Some((60.0, "best (step 60)".to_owned()));
        let svg = curves(&figure);
        assert_text_is_readable(&svg);
        assert_eq!(
            texts(&svg),
            [
                "Fine-tuning",
                "Loss",
                "train",
                "best (step 60)",
                "0",
                "0.2",
                "0.4",
                "0.6",
                "0.8",
                "1.0",
                "nats",
                "0",
                "20",
                "40",
                "60",
                "80",
                "100",
                "step"
            ]
        );
    }

    #[test]
    fn a_mark_at_either_end_keeps_its_label_inside() {
        for x in [0.0, 5.0] {
            let mut figure = figure(vec![panel("Loss", vec![(0.0, 1.0), (5.0, 2.0)])]);
            figure.marker = Some((x, "the best checkpoint of them all <&>".to_owned()));
            assert_text_is_readable(&curves(&figure));
        }
    }

    #[test]
    fn panels_stack_and_long_texts_find_room() {
        let mut long = panel(&"Validation accuracy ".repeat(8), vec![(0.0, 0.5), (1_234_567.0, 0.9)]);
        long.series =
            (0..12).map(|index| Series { name: format!("series number {index}"), ..long.series[0].clone() }).collect();
        for n_panels in 1..=4 {
            let svg = curves(&figure(vec![long.clone(); n_panels]));
            assert_text_is_readable(&svg);
            assert_eq!(texts(&svg).iter().filter(|text| *text == "nats").count(), n_panels);
        }
    }

    #[test]
    fn a_series_with_the_name_of_its_panel_needs_no_legend() {
        let points = vec![(0.0, 1.0), (5.0, 2.0)];
        let with_legend = curves(&figure(vec![panel("Loss", points.clone())]));
        let without = curves(&figure(vec![panel("Train", points)]));
        assert_eq!(texts(&with_legend)[1..3], ["Loss", "train"]);
        assert_eq!(texts(&without)[1..3], ["Train", "1.0"]);
        let size = |svg: &str| svg.lines().next().map(str::to_owned);
        assert_eq!(size(&with_legend), size(&without));
    }

    #[test]
    fn what_cannot_be_drawn_is_skipped() {
        let mut panel = panel("Loss", vec![(0.0, f64::NAN), (1.0, f64::INFINITY), (f64::NAN, 1.0)]);
        let empty = curves(&figure(vec![panel.clone()]));
        assert_text_is_readable(&empty);
        assert!(texts(&empty).contains(&"no data".to_owned()));

        panel.log_y = true;
        panel.series[0].points = vec![(0.0, 0.0), (1.0, -1.0), (2.0, 0.5)];
        let single = curves(&figure(vec![panel]));
        assert!(!texts(&single).contains(&"no data".to_owned()));
        assert!(!single.contains("NaN") && !single.contains("inf"));
        assert_text_is_readable(&curves(&figure(Vec::new())));
    }
}
