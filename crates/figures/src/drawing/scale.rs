//! Scale of an axis: linear, logarithmic or categorical.

use super::axis::{Axis, is_drawable};
use super::geometry::{Interval, extent};
use super::ticks::Tick;

/// How values are spread along an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Numbers, evenly spread.
    Linear,
    /// Whole numbers, evenly spread.
    Whole,
    /// Positive numbers, each power of ten as long as the next.
    Logarithmic,
    /// Categories at equal distances; a value is the index of a name.
    Names(Vec<String>),
}

impl Scale {
    /// Whether a value can be shown on this scale.
    pub(crate) fn shows(&self, value: f64) -> bool {
        let fits = match self {
            Self::Linear | Self::Whole => true,
            Self::Logarithmic => value > 0.0,
            Self::Names(names) => value >= 0.0 && value < names.len() as f64,
        };
        fits && is_drawable(value)
    }

    /// An axis over all of the values that can be shown.
    pub(crate) fn axis(&self, values: impl Iterator<Item = f64>, pixels: Interval) -> Axis {
        let shown = extent(values.filter(|&value| self.shows(value)));
        match self {
            Self::Names(names) => Axis::linear(Interval::new(-0.5, names.len().max(1) as f64 - 0.5), pixels),
            Self::Linear | Self::Whole => Axis::padded(shown.unwrap_or(Interval::UNIT), pixels),
            Self::Logarithmic => Axis::logarithmic(shown.unwrap_or(Interval::new(0.1, 1.0)), pixels),
        }
    }

    /// The ticks of such an axis, of which each label is at least `gap` pixels from the one before.
    ///
    /// `length` is what a label takes along the axis; labels that would overlap are left out.
    pub(crate) fn ticks(&self, axis: &Axis, gap: f64, length: impl Fn(&Tick) -> f64) -> Vec<Tick> {
        let ticks = match self {
            Self::Names(names) => {
                let tick = |(index, name): (usize, &String)| Tick { value: index as f64, label: name.clone() };
                names.iter().enumerate().map(tick).collect()
            }
            Self::Whole => axis.whole_ticks(4),
            Self::Linear | Self::Logarithmic => axis.ticks(4),
        };
        let mut kept: Vec<Tick> = Vec::new();
        for tick in ticks {
            let distance = |last: &Tick| (axis.pixel(tick.value) - axis.pixel(last.value)).abs();
            let needed = |last: &Tick| (length(&tick) + length(last)) / 2.0 + gap;
            if kept.last().is_none_or(|last| distance(last) >= needed(last)) {
                kept.push(tick);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scale_knows_what_it_can_show() {
        let names = Scale::Names(vec!["linear".to_owned(), "cosine".to_owned()]);
        assert!(names.shows(1.0) && !names.shows(2.0) && !names.shows(-1.0));
        assert!(Scale::Linear.shows(-1.0) && !Scale::Linear.shows(f64::NAN));
        assert!(Scale::Logarithmic.shows(1e-5) && !Scale::Logarithmic.shows(0.0));
        let axis = names.axis([].into_iter(), Interval::new(0.0, 100.0));
        assert_eq!((axis.pixel(0.0), axis.pixel(1.0)), (25.0, 75.0));
    }

    #[test]
    fn labels_that_would_overlap_are_left_out() {
        let names = Scale::Names(["a", "b", "c", "d", "e"].map(str::to_owned).to_vec());
        let axis = names.axis([].into_iter(), Interval::new(0.0, 100.0));
        let labels = |length: f64| -> Vec<String> {
            names.ticks(&axis, 4.0, |_| length).into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(labels(16.0), ["a", "b", "c", "d", "e"]);
        assert_eq!(labels(17.0), ["a", "c", "e"]);
    }
}
