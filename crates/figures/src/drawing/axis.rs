//! Axis: which values it spans, and at which pixel a value is drawn.

use super::geometry::Interval;
use super::ticks::{self, Tick};

/// An interval of values along an interval of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    values: Interval,
    pixels: Interval,
    logarithmic: bool,
}

impl Axis {
    /// An axis over exactly these values, and over one more if they are equal.
    pub(crate) fn linear(values: Interval, pixels: Interval) -> Self {
        let end = if values.end > values.start { values.end } else { values.start + 1.0 };
        Self { values: Interval::new(values.start, end), pixels, logarithmic: false }
    }

    /// An axis with a margin on both sides of the values, but none below zero if no value is negative.
    pub(crate) fn padded(values: Interval, pixels: Interval) -> Self {
        let margin = match values.length() {
            0.0 if values.start == 0.0 => 1.0,
            0.0 => 0.5 * values.start.abs(),
            length => 0.06 * length,
        };
        let floor = if values.start >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        Self::linear(Interval::new((values.start - margin).max(floor), values.end + margin), pixels)
    }

    /// A logarithmic axis with a margin on both sides of the values, which are positive.
    pub(crate) fn logarithmic(values: Interval, pixels: Interval) -> Self {
        let factor = if values.end > values.start { (values.end / values.start).powf(0.06) } else { 1.5 };
        Self { values: Interval::new(values.start / factor, values.end * factor), pixels, logarithmic: true }
    }

    /// The pixel of a value.
    pub(crate) fn pixel(&self, value: f64) -> f64 {
        let Interval { start, end } = self.values;
        let fraction =
            if self.logarithmic { (value / start).ln() / (end / start).ln() } else { (value - start) / (end - start) };
        self.pixels.start + fraction * self.pixels.length()
    }

    /// About `n` ticks.
    pub(crate) fn ticks(&self, n: usize) -> Vec<Tick> {
        if self.logarithmic {
            return ticks::logarithmic(self.values);
        }
        ticks::linear(self.values, n)
    }

    /// About `n` ticks at whole numbers.
    pub(crate) fn whole_ticks(&self, n: usize) -> Vec<Tick> {
        ticks::whole(self.values, n)
    }

    /// About `n` ticks at whole percentages of fractions.
    pub(crate) fn percent_ticks(&self, n: usize) -> Vec<Tick> {
        ticks::percent(self.values, n)
    }
}

/// Whether an axis can show the value: it is finite, and so are its square and its inverse.
pub(crate) fn is_drawable(value: f64) -> bool {
    value == 0.0 || (1e-100..1e100).contains(&value.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_in_proportion_to_values() {
        assert_eq!(Axis::linear(Interval::new(0.0, 10.0), Interval::new(100.0, 200.0)).pixel(2.5), 125.0);
        assert_eq!(Axis::linear(Interval::new(3.0, 3.0), Interval::new(0.0, 100.0)).pixel(3.5), 50.0);
        let middle = Axis::logarithmic(Interval::new(0.01, 1.0), Interval::new(100.0, 0.0)).pixel(0.1);
        assert!((middle - 50.0).abs() < 1e-9);
    }

    #[test]
    fn the_margin_does_not_reach_below_zero() {
        let padded = |start, end| Axis::padded(Interval::new(start, end), Interval::UNIT).values;
        assert_eq!(padded(0.0, 1.0).start, 0.0);
        assert!(padded(-1.0, 1.0).start < -1.0);
        assert_eq!(padded(0.0, 0.0).end, 1.0);
        assert_eq!(padded(4.0, 4.0).start, 2.0);
    }

    #[test]
    fn what_an_axis_cannot_show_is_known() {
        assert!([0.0, -0.5, 1e-9, 1e9].into_iter().all(is_drawable));
        assert!(![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 1e-310].into_iter().any(is_drawable));
    }
}
