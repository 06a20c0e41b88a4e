//! Plot frame: the area that points and curves are drawn in, its border and the lines at its ticks.

use super::axis::Axis;
use super::color::FAINT_TEXT;
use super::font::{Anchor, Font};
use super::geometry::{Interval, Point, Size};
use super::svg::{Element, line, rect};

/// The font of the numbers at the ticks.
pub(crate) const TICK: Font = Font::regular(11.0);

const GRID_LINE: &str = "#e6eaee";
const BORDER: &str = "#aab3bc";

/// The area between the axes.
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Frame {
    /// The pixels of a horizontal axis.
    pub(crate) fn across(&self) -> Interval {
        Interval::new(self.left, self.right)
    }

    /// The pixels of an upright axis, from the bottom to the top.
    pub(crate) fn upwards(&self) -> Interval {
        Interval::new(self.bottom, self.top)
    }

    pub(crate) fn center(&self) -> Point {
        Point::new(self.across().middle(), self.upwards().middle())
    }

    pub(crate) fn border(&self) -> Element {
        let size = Size::new(self.right - self.left, self.bottom - self.top);
        rect(Point::new(self.left, self.top), size).set("fill", "none").set("stroke", BORDER)
    }

    /// An upright line at a tick of the horizontal axis.
    pub(crate) fn line_at_x(&self, x: f64) -> Element {
        line(Point::new(x, self.top), Point::new(x, self.bottom)).set("stroke", GRID_LINE)
    }

    /// A line across at a tick of the upright axis.
    pub(crate) fn line_at_y(&self, y: f64) -> Element {
        line(Point::new(self.left, y), Point::new(self.right, y)).set("stroke", GRID_LINE)
    }

    /// The number of a tick, left of the frame.
    pub(crate) fn y_label(&self, y: f64, label: &str) -> Element {
        TICK.centered_line(Point::new(self.left - 8.0, y), Anchor::End, label).set("fill", FAINT_TEXT)
    }
}

/// Width in pixels of the widest of about `n` tick labels.
pub(crate) fn widest_label(axis: &Axis, n: usize) -> f64 {
    TICK.widest(axis.ticks(n).iter().map(|tick| &tick.label))
}
