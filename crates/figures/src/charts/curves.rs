//! Learning curves: series of points in, stacked line charts that share the horizontal axis out.
//!
//! Points that cannot be drawn (not finite, or not positive on a logarithmic axis) are skipped. A panel without points
//! is drawn empty and says "no data".

mod panel;

pub use panel::{Panel, Series, Style};

use self::panel::Plot;
use crate::drawing::axis::{Axis, is_drawable};
use crate::drawing::color::FAINT_TEXT;
use crate::drawing::font::{Anchor, Font};
use crate::drawing::frame::{Frame, TICK};
use crate::drawing::geometry::{Interval, Point, Size, extent};
use crate::drawing::svg::{Block, Element, document, line};
use crate::drawing::title::{MARGIN, title_block};

const AXIS_TITLE: Font = Font::regular(12.0);
const MARKER: Font = Font::bold(11.0);

const WIDTH: f64 = 900.0;
const PANEL_GAP: f64 = 24.0;

/// Panels one below the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// May be empty.
    pub title: String,
    /// May be empty.
    pub subtitle: String,
    /// The name of the horizontal axis, such as "step".
    pub x_label: String,
    /// From the top to the bottom.
    pub panels: Vec<Panel>,
    /// A position on the horizontal axis that is marked in all panels.
    pub marker: Option<Marker>,
}

/// An upright line through all panels.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// Its value on the horizontal axis.
    pub x: f64,
    /// What it marks, such as "best (step 1299)".
    pub label: String,
}

/// Draws learning curves as SVG.
#[must_use]
pub fn curves(curves: &Curves) -> String {
    let plots: Vec<Plot> = curves.panels.iter().map(Plot::new).collect();
    let tick_width = plots.iter().map(Plot::tick_width).fold(0.0, f64::max);
    let left = MARGIN + AXIS_TITLE.line_height() + tick_width + 16.0;
    let right = WIDTH - MARGIN;
    let across = Interval::new(left, right);
    let marker = curves.marker.as_ref().filter(|marker| is_drawable(marker.x));
    let x_axis = x_axis(&plots, marker, across);

    let mut page = title_block(&curves.title, &curves.subtitle, right - MARGIN);
    for (index, plot) in plots.iter().enumerate() {
        page.append(plot.heading(Point::new(left, page.bottom), right));
        if let (0, Some(marker)) = (index, marker) {
            page.append(marker_label(marker, &x_axis, page.bottom, across));
        }
        let top = page.bottom + 6.0;
        let frame = Frame { left, right, top, bottom: top + panel_height(plots.len()) };
        let y_title = Point::new(MARGIN + AXIS_TITLE.size / 2.0, frame.center().y);
        page.elements.extend(plot.grid(&frame, &x_axis));
        page.elements.push(AXIS_TITLE.upward_line(y_title, &plot.panel.y_label).set("fill", FAINT_TEXT));
        page.elements.extend(marker.map(|marker| marker_line(x_axis.pixel(marker.x), &frame)));
        page.elements.extend(plot.curves(&frame, &x_axis));
        page.bottom = frame.bottom + PANEL_GAP;
    }
    page.bottom -= PANEL_GAP;
    page.append(horizontal_axis(&x_axis, &curves.x_label, page.bottom, across));
    let size = Size::new(page.right.max(right) + MARGIN, page.bottom + MARGIN);
    document(size, &curves.title, page.elements)
}

/// In pixels: a single panel fills a slide, more of them share it.
fn panel_height(n_panels: usize) -> f64 {
    match n_panels {
        0 | 1 => 340.0,
        2 => 220.0,
        _ => 170.0,
    }
}

/// From the first to the last point or marker, or from zero if the first is close to it.
fn x_axis(plots: &[Plot], marker: Option<&Marker>, pixels: Interval) -> Axis {
    let values = plots.iter().flat_map(Plot::x_values).chain(marker.map(|marker| marker.x));
    let values = extent(values).unwrap_or(Interval::UNIT);
    let near_zero = values.start > 0.0 && values.start < 0.1 * values.end;
    Axis::linear(Interval::new(if near_zero { 0.0 } else { values.start }, values.end), pixels)
}

fn horizontal_axis(x_axis: &Axis, label: &str, top: f64, across: Interval) -> Block {
    let mut elements = Vec::new();
    for tick in x_axis.ticks(8) {
        let center = Point::new(x_axis.pixel(tick.value), top + 14.0);
        elements.push(TICK.centered_line(center, Anchor::Middle, &tick.label).set("fill", FAINT_TEXT));
    }
    let title = Point::new(across.middle(), top + 36.0);
    elements.push(AXIS_TITLE.centered_line(title, Anchor::Middle, label).set("fill", FAINT_TEXT));
    Block { elements, right: across.end, bottom: title.y + AXIS_TITLE.half_letter() }
}

/// The label above the first panel, centered on its line as far as the edges allow.
fn marker_label(marker: &Marker, x_axis: &Axis, top: f64, across: Interval) -> Block {
    let width = MARKER.width(&marker.label);
    let start = (x_axis.pixel(marker.x) - width / 2.0).min(across.end - width).max(across.start);
    let bottom = top + MARKER.line_height() + 4.0;
    let line = MARKER.line(Point::new(start, bottom - 1.0), Anchor::Start, &marker.label);
    Block { elements: vec![line.set("fill", FAINT_TEXT)], right: start + width, bottom }
}

fn marker_line(x: f64, frame: &Frame) -> Element {
    line(Point::new(x, frame.top - 4.0), Point::new(x, frame.bottom))
        .set("stroke", FAINT_TEXT)
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
        figure.marker = Some(Marker { x: 60.0, label: "best (step 60)".to_owned() });
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
    fn a_marker_at_either_end_keeps_its_label_inside() {
        for x in [0.0, 5.0] {
            let mut figure = figure(vec![panel("Loss", vec![(0.0, 1.0), (5.0, 2.0)])]);
            figure.marker = Some(Marker { x, label: "the best checkpoint of them all <&>".to_owned() });
            assert_text_is_readable(&curves(&figure));
        }
    }

    #[test]
    fn panels_stack_and_long_texts_fit() {
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
