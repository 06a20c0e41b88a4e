//! Learning curves: series of points in, line charts that share the horizontal axis out, in landscape: one or two panels
//! below each other, more of them in two columns.
//!
//! Points that cannot be drawn (not finite, or not positive on a logarithmic axis) are skipped. A panel without points
//! is drawn empty and says "no data".

mod panel;
mod inputs;

pub use inputs::{Curves, Marker};
pub use panel::{Panel, Series, Style};

use self::panel::Plot;
use crate::drawing::axis::{Axis, is_drawable};
use crate::drawing::color::{FAINT_TEXT, REFERENCE};
use crate::drawing::font::{Anchor, Font};
use crate::drawing::frame::{Frame, TICK};
use crate::drawing::geometry::{Interval, Point, Size, extent};
use crate::drawing::svg::{Block, Element, document, line};
use crate::drawing::title::{MARGIN, title_block};

const AXIS_TITLE: Font = Font::regular(12.0);
const MARKER: Font = Font::bold(11.0);

const PANEL_GAP: f64 = 24.0;
const COLUMN_GAP: f64 = 30.0;

/// What all panels of a column share.
struct Column<'a> {
    across: Interval,
    x_axis: Axis,
    curves: &'a Curves,
}

/// Draws learning curves as SVG.
#[must_use]
pub fn curves(curves: &Curves) -> String {
    let plots: Vec<Plot> = curves.panels.iter().map(Plot::new).collect();
    let (n_columns, width) = if plots.len() > 2 { (2, 1200.0) } else { (1, 900.0) };
    let tick_width = plots.iter().map(Plot::tick_width).fold(0.0, f64::max);
    let numbers_width = AXIS_TITLE.line_height() + tick_width + 16.0;
    let stride = (width - 2.0 * MARGIN + COLUMN_GAP) / f64::from(n_columns);
    let columns: Vec<Column> = (0..n_columns)
        .map(|index| {
            let start = MARGIN + stride * f64::from(index);
            let across = Interval::new(start + numbers_width, start + stride - COLUMN_GAP);
            Column { across, x_axis: x_axis(&plots, curves, across), curves }
        })
        .collect();

    let mut page = title_block(&curves.title, &curves.subtitle, width - 2.0 * MARGIN);
    let height = panel_height(plots.len());
    for (index, row) in plots.chunks(columns.len()).enumerate() {
        let top = page.bottom;
        for (plot, column) in row.iter().zip(&columns) {
            let mut heading = plot.heading(Point::new(column.across.start, top), column.across.end);
            if let (0, Some(marker)) = (index, drawable_marker(curves)) {
                heading.append(marker_label(marker, column, heading.bottom));
            }
            page.append(heading);
        }
        let top = page.bottom + 6.0;
        for (number, (plot, column)) in row.iter().zip(&columns).enumerate() {
            let frame = Frame { left: column.across.start, right: column.across.end, top, bottom: top + height };
            let title = Point::new(frame.left - numbers_width + AXIS_TITLE.size / 2.0, frame.center().y);
            page.append(column.panel(plot, &frame, title));
            if (index + 1) * columns.len() + number >= plots.len() {
                page.append(column.axis(frame.bottom));
            }
        }
        page.bottom += PANEL_GAP;
    }
    page.bottom -= PANEL_GAP;
    if plots.is_empty() {
        columns.iter().for_each(|column| page.append(column.axis(page.bottom)));
    }
    let size = Size::new(page.right.max(width - MARGIN) + MARGIN, page.bottom + MARGIN);
    document(size, &curves.title, page.elements)
}

/// In pixels: a single panel fills a slide, more of them share it.
fn panel_height(n_panels: usize) -> f64 {
    match n_panels {
        0 | 1 => 340.0,
        2..=4 => 210.0,
        _ => 170.0,
    }
}

fn drawable_marker(curves: &Curves) -> Option<&Marker> {
    curves.marker.as_ref().filter(|marker| is_drawable(marker.x))
}

/// From the first to the last point or marker, or from zero if the first is close to it.
fn x_axis(plots: &[Plot], curves: &Curves, pixels: Interval) -> Axis {
    let values = plots.iter().flat_map(Plot::x_values).chain(drawable_marker(curves).map(|marker| marker.x));
    let values = extent(values).unwrap_or(Interval::UNIT);
    let near_zero = values.start > 0.0 && values.start < 0.1 * values.end;
    Axis::linear(Interval::new(if near_zero { 0.0 } else { values.start }, values.end), pixels)
}

impl Column<'_> {
    fn sections(&self) -> impl Iterator<Item = (f64, &str)> {
        let sections = self.curves.sections.iter().filter(|section| is_drawable(section.x));
        let placed = sections.map(|section| (self.x_axis.pixel(section.x), section.label.as_str()));
        placed.filter(|(x, _)| *x >= self.across.start && *x <= self.across.end)
    }

    /// A panel in its frame, with the name of its upright axis centered on `title`.
    fn panel(&self, plot: &Plot, frame: &Frame, title: Point) -> Block {
        let mut elements = plot.grid(frame, &self.x_axis, self.curves.whole_x);
        elements.push(AXIS_TITLE.upward_line(title, &plot.panel.y_label).set("fill", FAINT_TEXT));
        elements.extend(self.sections().map(|(x, _)| section_line(x, frame)));
        elements.extend(drawable_marker(self.curves).map(|marker| marker_line(self.x_axis.pixel(marker.x), frame)));
        elements.extend(plot.curves(frame, &self.x_axis));
        Block { elements, right: frame.right, bottom: frame.bottom }
    }

    /// The numbers, the names of the sections and the name of the axis below the last panel.
    fn axis(&self, top: f64) -> Block {
        let mut elements = Vec::new();
        let ticks = if self.curves.whole_x { self.x_axis.whole_ticks(7) } else { self.x_axis.ticks(7) };
        let numbers = ticks.iter().map(|tick| (self.x_axis.pixel(tick.value), tick.label.as_str()));
        elements.extend(labels(numbers, top + 14.0));
        let sections = labels(self.sections(), top + 30.0);
        let y = top + if sections.is_empty() { 36.0 } else { 52.0 };
        elements.extend(sections);
        let title = Point::new(self.across.middle(), y);
        elements.push(AXIS_TITLE.centered_line(title, Anchor::Middle, &self.curves.x_label).set("fill", FAINT_TEXT));
        Block { elements, right: self.across.end, bottom: title.y + AXIS_TITLE.half_letter() }
    }
}

/// Texts that are centered on their positions, without those that would touch the one before.
fn labels<'a>(texts: impl Iterator<Item = (f64, &'a str)>, y: f64) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut free = f64::NEG_INFINITY;
    for (x, text) in texts {
        let half = TICK.width(text) / 2.0;
        if x - half >= free {
            elements.push(TICK.centered_line(Point::new(x, y), Anchor::Middle, text).set("fill", FAINT_TEXT));
            free = x + half + 8.0;
        }
    }
    elements
}

/// The label above the first panel, centered on its line as far as the edges allow.
fn marker_label(marker: &Marker, column: &Column, top: f64) -> Block {
    let Column { across, x_axis, .. } = column;
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

fn section_line(x: f64, frame: &Frame) -> Element {
    let line = line(Point::new(x, frame.top), Point::new(x, frame.bottom + 5.0)).set("stroke", REFERENCE);
    line.number("stroke-width", 1.0).set("stroke-dasharray", "1 3")
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
    fn steps_are_whole_and_epochs_are_marked() {
        let mut figure = figure(vec![panel("Loss", vec![(0.0, 1.0), (3.0, 2.0)])]);
        figure.whole_x = true;
        figure.sections =
            (1..=40).map(|epoch| Marker { x: f64::from(epoch) / 10.0, label: format!("epoch {epoch}") }).collect();
        let svg = curves(&figure);
        assert_text_is_readable(&svg);
        let texts = texts(&svg);
        assert!(["0", "1", "2", "3", "epoch 1"].iter().all(|text| texts.contains(&(*text).to_owned())), "{texts:?}");
        assert!(!texts.contains(&"0.5".to_owned()) && !texts.contains(&"epoch 2".to_owned()), "{texts:?}");
        assert_eq!(svg.matches("stroke-dasharray=\"1 3\"").count(), 30, "what is beyond the axis has no line");
    }

    #[test]
    fn the_picture_is_wider_than_high() {
        for n_panels in 1..=4 {
            let svg = curves(&figure(vec![panel("Loss", vec![(0.0, 1.0), (5.0, 2.0)]); n_panels]));
            let size = crate::drawing::raster::parse(&svg).unwrap().size();
            assert!(size.width() > 1.4 * size.height(), "{n_panels}: {size:?}");
        }
    }

    #[test]
    fn the_best_run_has_the_color_of_what_is_highlighted() {
        let mut panel = panel("Loss", vec![(0.0, 1.0), (5.0, 2.0)]);
        panel.series.push(Series { name: "best".to_owned(), style: Style::Highlight, ..panel.series[0].clone() });
        panel.series[0].style = Style::Background;
        let svg = curves(&figure(vec![panel]));
        assert!(svg.contains("stroke=\"#d55e00\"") && svg.contains("stroke=\"#8a949e\"") && !svg.contains("#0072b2"));
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
