//! Estimate: a value with its interval, and the whisker that shows the interval.

use crate::drawing::axis::is_drawable;
use crate::drawing::geometry::Point;
use crate::drawing::svg::{Element, line};

/// A value, with an interval of confidence where there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// One that is not finite is shown as a dash.
    pub value: f64,
    /// From the lower to the upper bound.
    pub interval: Option<(f64, f64)>,
}

impl Estimate {
    /// What an axis has to span to show it.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        let bounds = self.bounds().into_iter().flat_map(|(low, high)| [low, high]);
        [self.value].into_iter().chain(bounds).filter(|&value| is_drawable(value))
    }

    /// The interval if both of its bounds can be drawn.
    pub(crate) fn bounds(&self) -> Option<(f64, f64)> {
        self.interval.filter(|&(low, high)| is_drawable(low) && is_drawable(high))
    }
}

/// A line between two points with a bar across each end, dark on a white edge that is seen on bars and dots alike.
pub(crate) fn whisker(from: Point, to: Point) -> Vec<Element> {
    const CAP: f64 = 3.5;
    let (dx, dy) = if from.y == to.y { (0.0, CAP) } else { (CAP, 0.0) };
    let cap = |at: Point| (Point::new(at.x - dx, at.y - dy), Point::new(at.x + dx, at.y + dy));
    let strokes = [(from, to), cap(from), cap(to)];
    let drawn = |color: &'static str, width: f64| {
        strokes.map(|(start, end)| line(start, end).set("stroke", color).number("stroke-width", width))
    };
    drawn("#ffffff", 3.4).into_iter().chain(drawn("#1c2733", 1.4)).collect()
}
