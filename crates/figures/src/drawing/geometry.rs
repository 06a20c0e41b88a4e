//! Points, sizes and intervals. Lengths are pixels, with the origin at the upper left of the picture.

/// A point of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl Point {
    pub(crate) const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// The size of a rectangle or of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Size {
    pub(crate) const fn new(width: f64, height: f64) -> Self {
        Self { width, height }
    }

    pub(crate) const fn square(side: f64) -> Self {
        Self { width: side, height: side }
    }
}

/// From one number to another: values of an axis, or the pixels that they are drawn on. On an upright axis the pixels
/// run upwards, and `end` is the smaller number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) start: f64,
    pub(crate) end: f64,
}

impl Interval {
    pub(crate) const UNIT: Self = Self::new(0.0, 1.0);

    pub(crate) const fn new(start: f64, end: f64) -> Self {
        Self { start, end }
    }

    pub(crate) fn length(self) -> f64 {
        self.end - self.start
    }

    pub(crate) fn middle(self) -> f64 {
        f64::midpoint(self.start, self.end)
    }
}

/// The smallest and the largest value; `None` when there are none.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<Interval> {
    let single = values.into_iter().map(|value| Interval::new(value, value));
    single.reduce(|extent, value| Interval::new(extent.start.min(value.start), extent.end.max(value.end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extent_of_nothing_is_none() {
        assert_eq!(extent([]), None);
        assert_eq!(extent([2.0, -1.0, 0.5]), Some(Interval::new(-1.0, 2.0)));
    }
}
