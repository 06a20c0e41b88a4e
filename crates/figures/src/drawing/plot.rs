//! Plot: a frame between two axes with their grid lines, numbers and titles, which charts of points draw into.

use super::axis::Axis;
use super::color::FAINT_TEXT;
use super::font::{Anchor, Font};
use super::frame::{Frame, TICK};
use super::geometry::{Interval, Point, Size};
use super::svg::{Block, Element};
use super::ticks::Tick;

const AXIS_TITLE: Font = Font::regular(12.0);
const NO_DATA: Font = Font::bold(14.0);
const N_TICKS: usize = 5;
const X_TICK_GAP: f64 = 14.0;

/// How the numbers of an axis read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    Plain,
    Whole,
    /// Fractions as percentages.
    Percent,
    /// None: they stand at another plot that shares the axis.
    Hidden,
}

/// The values that an axis spans, and its words.
#[derive(Clone, Copy)]
pub(crate) struct Ruler<'a> {
    pub(crate) values: Interval,
    pub(crate) numbers: Numbers,
    /// May be empty.
    pub(crate) title: &'a str,
}

impl Ruler<'_> {
    fn ticks(&self, axis: &Axis) -> Vec<Tick> {
        match self.numbers {
            Numbers::Plain | Numbers::Hidden => axis.ticks(N_TICKS),
            Numbers::Whole => axis.whole_ticks(N_TICKS),
            Numbers::Percent => axis.percent_ticks(N_TICKS),
        }
    }

    /// The pixels that its title and its numbers take left of the frame.
    pub(crate) fn left_width(&self) -> f64 {
        let axis = Axis::linear(self.values, Interval::UNIT);
        let numbers = TICK.widest(self.ticks(&axis).iter().map(|tick| &tick.label));
        AXIS_TITLE.line_height() + numbers + 16.0
    }
}

/// The frame and its axes.
pub(crate) struct Plot<'a> {
    pub(crate) frame: Frame,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    rulers: (Ruler<'a>, Ruler<'a>),
}

impl<'a> Plot<'a> {
    /// A frame of a size with its upper left corner at a point; what is left of it is `y.left_width()` wide.
    pub(crate) fn new(corner: Point, size: Size, x: Ruler<'a>, y: Ruler<'a>) -> Self {
        let (right, bottom) = (corner.x + size.width, corner.y + size.height);
        let frame = Frame { left: corner.x, right, top: corner.y, bottom };
        let (x_axis, y_axis) = (Axis::linear(x.values, frame.across()), Axis::linear(y.values, frame.upwards()));
        Self { frame, x: x_axis, y: y_axis, rulers: (x, y) }
    }

    /// The pixel of a point.
    pub(crate) fn at(&self, x: f64, y: f64) -> Point {
        Point::new(self.x.pixel(x), self.y.pixel(y))
    }

    /// What an empty frame says.
    pub(crate) fn no_data(&self) -> Element {
        NO_DATA.centered_line(self.frame.center(), Anchor::Middle, "no data").set("fill", FAINT_TEXT)
    }

    /// Lines and numbers at the ticks, the border, and the titles of both axes. The lower edge is below all of them.
    pub(crate) fn draw(&self) -> Block {
        let Self { frame, x, y, rulers: (x_ruler, y_ruler) } = self;
        let mut elements = Vec::new();
        let mut last = f64::NEG_INFINITY;
        for tick in x_ruler.ticks(x) {
            let position = x.pixel(tick.value);
            elements.push(frame.line_at_x(position));
            let half = TICK.width(&tick.label) / 2.0;
            if x_ruler.numbers != Numbers::Hidden && position - half > last {
                let center = Point::new(position, frame.bottom + X_TICK_GAP);
                elements.push(TICK.centered_line(center, Anchor::Middle, &tick.label).set("fill", FAINT_TEXT));
                last = position + half + 6.0;
            }
        }
        for tick in y_ruler.ticks(y) {
            let position = y.pixel(tick.value);
            elements.push(frame.line_at_y(position));
            elements.extend((y_ruler.numbers != Numbers::Hidden).then(|| frame.y_label(position, &tick.label)));
        }
        elements.push(frame.border());
        let left = frame.left - y_ruler.left_width() + AXIS_TITLE.size / 2.0;
        elements.extend(title(Point::new(left, frame.center().y), frame.bottom - frame.top, y_ruler.title, true));

        let mut bottom = frame.bottom + if x_ruler.numbers == Numbers::Hidden { 0.0 } else { X_TICK_GAP + 8.0 };
        if !x_ruler.title.is_empty() {
            let center = Point::new(frame.center().x, bottom + 12.0);
            elements.extend(title(center, frame.right - frame.left, x_ruler.title, false));
            bottom = center.y + AXIS_TITLE.half_letter();
        }
        Block { elements, right: frame.right + TICK.width("100 %") / 2.0, bottom }
    }
}

fn title(center: Point, length: f64, text: &str, upward: bool) -> Option<Element> {
    let text = AXIS_TITLE.shortened(text, length);
    let line = if upward {
        AXIS_TITLE.upward_line(center, &text)
    } else {
        AXIS_TITLE.centered_line(center, Anchor::Middle, &text)
    };
    (!text.is_empty()).then(|| line.set("fill", FAINT_TEXT))
}
