//! Rows of estimates: a name, a number of rows, and one or more columns of bars or dots with their intervals.

use super::estimate::{Estimate, whisker};
use crate::drawing::axis::{Axis, is_drawable};
use crate::drawing::color::{self, FAINT_TEXT, HIGHLIGHT};
use crate::drawing::font::{Anchor, Font};
use crate::drawing::frame::{Frame, TICK};
use crate::drawing::geometry::{Interval, Point, Size};
use crate::drawing::names::distinct_names;
use crate::drawing::svg::{Block, Element, circle, line, polygon, rect};
use crate::drawing::ticks::group_thousands;
use crate::drawing::title::MARGIN;

/// More rows than this cannot be read on a slide.
pub(super) const MAX_ROWS: usize = 40;

const NAME: Font = Font::regular(12.0);
const NAME_WIDTH: f64 = 250.0;
const HEAD: Font = Font::bold(12.0);
const VALUE: Font = Font::regular(11.0);
const ROW_HEIGHT: f64 = 24.0;
const BAR_HEIGHT: f64 = 14.0;
const PLOTS_WIDTH: f64 = 500.0;
const GAP: f64 = 14.0;

/// A row of the picture.
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    pub(super) n: u64,
    /// One for each column.
    pub(super) estimates: Vec<Estimate>,
    pub(super) is_marked: bool,
}

/// A quantity, whose values stand right of its plot.
pub(super) struct Column<'a> {
    pub(super) title: &'a str,
    pub(super) values: Interval,
    pub(super) mark: Mark,
    /// The value of all rows, as an upright line.
    pub(super) overall: Option<f64>,
    pub(super) is_percent: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Bar,
    Dot,
}

impl Column<'_> {
    fn text(&self, value: f64) -> String {
        match (is_drawable(value), self.is_percent) {
            (false, _) => "–".to_owned(),
            (true, true) => format!("{:.1} %", 100.0 * value).replace('-', "−"),
            (true, false) => format!("{value:.3}").replace('-', "−"),
        }
    }
}

/// Draws the rows below `top`.
pub(super) fn draw(rows: &[Row], columns: &[Column], top: f64) -> Block {
    let names = distinct_names(NAME, rows.iter().map(|row| row.name), NAME_WIDTH);
    let counts: Vec<String> = rows.iter().map(|row| group_thousands(&row.n.to_string())).collect();
    let name_right = MARGIN + NAME.widest(&names).max(60.0);
    let count_right = name_right + GAP + VALUE.widest(&counts).max(HEAD.width("n"));
    let first = top + HEAD.line_height() + 10.0;
    let row_center = |index: usize| first + ROW_HEIGHT * (index as f64 + 0.5);
    let bottom = first + ROW_HEIGHT * rows.len() as f64;

    let mut block = Block { elements: Vec::new(), right: count_right, bottom };
    let head = Point::new(count_right, top + HEAD.size);
    block.elements.push(HEAD.line(head, Anchor::End, "n").set("fill", FAINT_TEXT));
    for (index, (name, count)) in names.iter().zip(&counts).enumerate() {
        let y = row_center(index);
        block.elements.push(NAME.centered_line(Point::new(name_right, y), Anchor::End, name));
        let count = VALUE.centered_line(Point::new(count_right, y), Anchor::End, count);
        block.elements.push(count.set("fill", FAINT_TEXT));
    }
    let width = PLOTS_WIDTH / columns.len().max(1) as f64;
    for (index, column) in columns.iter().enumerate() {
        let left = block.right + GAP + 4.0;
        let frame = Frame { left, right: left + width, top: first, bottom };
        let heading = HEAD.line(Point::new(left, top + HEAD.size), Anchor::Start, &column_title(column, width));
        block.elements.push(heading);
        let axis = Axis::linear(column.values, frame.across());
        block.append(ruler(column, &axis, &frame));
        let mut value_width: f64 = VALUE.width("100.0 %");
        for (number, row) in rows.iter().enumerate() {
            let Some(estimate) = row.estimates.get(index) else { continue };
            let color = if row.is_marked { HIGHLIGHT } else { color::series(index) };
            let y = row_center(number);
            block.elements.extend(mark(column, row, &axis, Sketch { estimate, y, color }));
            let text = column.text(estimate.value);
            let font = if row.is_marked { Font::bold(VALUE.size) } else { VALUE };
            value_width = value_width.max(font.width(&text));
            block.elements.push(font.centered_line(Point::new(frame.right + 8.0, y), Anchor::Start, &text));
        }
        block.right = frame.right + 8.0 + value_width;
    }
    block
}

fn column_title(column: &Column, width: f64) -> String {
    let overall = column.overall.map_or(String::new(), |value| format!(" (all: {})", column.text(value)));
    HEAD.shortened(&format!("{}{overall}", column.title), width + 40.0)
}

/// Lines at the ticks with their numbers below, and the line of all rows.
fn ruler(column: &Column, axis: &Axis, frame: &Frame) -> Block {
    let mut elements = vec![];
    let n = if frame.right - frame.left > 300.0 { 5 } else { 2 };
    let ticks = if column.is_percent { axis.percent_ticks(n) } else { axis.ticks(n) };
    for tick in ticks {
        let x = axis.pixel(tick.value);
        elements.push(frame.line_at_x(x));
        let center = Point::new(x, frame.bottom + 12.0);
        elements.push(TICK.centered_line(center, Anchor::Middle, &tick.label).set("fill", FAINT_TEXT));
    }
    elements.push(frame.border());
    if let Some(overall) = column.overall.filter(|&value| is_drawable(value)) {
        let x = axis.pixel(overall);
        let line = line(Point::new(x, frame.top), Point::new(x, frame.bottom)).set("stroke", FAINT_TEXT);
        elements.push(line.number("stroke-width", 1.4).set("stroke-dasharray", "5 3"));
    }
    Block { elements, right: frame.right, bottom: frame.bottom + 20.0 }
}

/// How an estimate is drawn.
struct Sketch<'a> {
    estimate: &'a Estimate,
    y: f64,
    color: &'a str,
}

/// A bar or a dot, or a diamond in a marked row, and its whisker.
fn mark(column: &Column, row: &Row, axis: &Axis, sketch: Sketch) -> Vec<Element> {
    let Sketch { estimate, y, color } = sketch;
    let at = |value: f64| Point::new(axis.pixel(value.clamp(column.values.start, column.values.end)), y);
    let mut elements = Vec::new();
    let is_drawn = is_drawable(estimate.value);
    if is_drawn && column.mark == Mark::Bar {
        let corner = Point::new(at(0.0).x, y - BAR_HEIGHT / 2.0);
        elements.push(rect(corner, Size::new(at(estimate.value).x - corner.x, BAR_HEIGHT)).set("fill", color));
    }
    let bounds = estimate.bounds().filter(|_| is_drawn);
    elements.extend(bounds.into_iter().flat_map(|(low, high)| whisker(at(low), at(high))));
    if is_drawn && column.mark == Mark::Dot {
        let Point { x, y } = at(estimate.value);
        let corners = [(0.0, -6.5), (6.5, 0.0), (0.0, 6.5), (-6.5, 0.0)].map(|(dx, dy)| Point::new(x + dx, y + dy));
        let shape = if row.is_marked { polygon(&corners) } else { circle(Point::new(x, y), 4.5) };
        elements.push(shape.set("fill", color).set("stroke", "#ffffff"));
    }
    elements
}
