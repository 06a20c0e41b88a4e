//! An axis: which values it spans, and where a value lies on the picture.

use crate::ticks::{self, Tick};

/// A span of values along a span of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    /// Pixel positions of `low` and `high`; upwards the second is the smaller.
    pixels: (f64, f64),
    logarithmic: bool,
}

impl Axis {
    /// An axis over exactly these values, and over one more if they are equal.
    pub(crate) fn linear((low, high): (f64, f64), pixels: (f64, f64)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { low, high, pixels, logarithmic: false }
    }

    /// An axis that leaves some room around the values, but none below zero if no value is there.
    pub(crate) fn roomy((low, high): (f64, f64), pixels: (f64, f64)) -> Self {
        let room = match high - low {
            0.0 if low == 0.0 => 1.0,
            0.0 => 0.5 * low.abs(),
            span => 0.06 * span,
        };
        let floor = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        Self::linear(((low - room).max(floor), high + room), pixels)
    }

    /// A logarithmic axis that leaves some room around the values, which are positive.
    pub(crate) fn logarithmic((low, high): (f64, f64), pixels: (f64, f64)) -> Self {
        let factor = if high > low { (high / low).powf(0.06) } else { 1.5 };
        Self { low: low / factor, high: high * factor, pixels, logarithmic: true }
    }

    /// The pixel position of a value.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }

    /// About `n` ticks.
    pub(crate) fn ticks(&self, n: usize) -> Vec<Tick> {
        if self.logarithmic {
            return ticks::logarithmic(self.low, self.high);
        }
        ticks::linear(self.low, self.high, n)
    }
}

/// Whether an axis can show the value: it is finite, and so are its square and its inverse.
pub(crate) fn is_drawable(value: f64) -> bool {
    value == 0.0 || (1e-100..1e100).contains(&value.abs())
}

/// The smallest and the largest value; `None` when there are none.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let pairs = values.into_iter().map(|value| (value, value));
    pairs.reduce(|extent, value| (extent.0.min(value.0), extent.1.max(value.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_placed_in_proportion() {
        assert_eq!(Axis::linear((0.0, 10.0), (100.0, 200.0)).place(2.5), 125.0);
        assert_eq!(Axis::linear((3.0, 3.0), (0.0, 100.0)).place(3.5), 50.0);
        let middle = Axis::logarithmic((0.01, 1.0), (100.0, 0.0)).place(0.1);
        assert!((middle - 50.0).abs() < 1e-9);
    }

    #[test]
    fn room_does_not_reach_below_zero() {
        assert_eq!(Axis::roomy((0.0, 1.0), (0.0, 1.0)).low, 0.0);
        assert!(Axis::roomy((-1.0, 1.0), (0.0, 1.0)).low < -1.0);
        assert_eq!(Axis::roomy((0.0, 0.0), (0.0, 1.0)).high, 1.0);
        assert_eq!(Axis::roomy((4.0, 4.0), (0.0, 1.0)).low, 2.0);
    }

    #[test]
    fn what_an_axis_cannot_show_is_known() {
        assert!([0.0, -0.5, 1e-9, 1e9].into_iter().all(is_drawable));
        assert!(![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 1e-310].into_iter().any(is_drawable));
    }

    #[test]
    fn the_extent_of_nothing_is_none() {
        assert_eq!(extent([]), None);
        assert_eq!(extent([2.0, -1.0, 0.5]), Some((-1.0, 2.0)));
    }
}
