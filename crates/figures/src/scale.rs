//! What the values of an axis are: numbers, numbers over decades, or names.

use crate::axis::{Axis, extent, is_drawable};
use crate::ticks::Tick;

/// How values are laid along an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Numbers, evenly.
    Linear,
    /// Positive numbers, each decade as long as the next.
    Logarithmic,
    /// Names at equal distances; a value is the index of one.
    Names(Vec<String>),
}

impl Scale {
    /// Whether a value has a place here.
    pub(crate) fn shows(&self, value: f64) -> bool {
        let fits = match self {
            Self::Linear => true,
            Self::Logarithmic => value > 0.0,
            Self::Names(names) => value >= 0.0 && value < names.len() as f64,
        };
        fits && is_drawable(value)
    }

    /// An axis with room for all of the values that have a place.
    pub(crate) fn axis(&self, values: impl Iterator<Item = f64>, pixels: (f64, f64)) -> Axis {
        let shown = extent(values.filter(|&value| self.shows(value)));
        match self {
            Self::Names(names) => Axis::linear((-0.5, names.len().max(1) as f64 - 0.5), pixels),
            Self::Linear => Axis::roomy(shown.unwrap_or((0.0, 1.0)), pixels),
            Self::Logarithmic => Axis::logarithmic(shown.unwrap_or((0.1, 1.0)), pixels),
        }
    }

    /// The ticks of such an axis, of which each label leaves `gap` pixels to the one before.
    ///
    /// `length` is what a label takes along the axis; those without room are left out.
    pub(crate) fn ticks(&self, axis: &Axis, gap: f64, length: impl Fn(&str) -> f64) -> Vec<Tick> {
        let ticks = match self {
            Self::Names(names) => {
                let tick = |(index, name): (usize, &String)| Tick { value: index as f64, label: name.clone() };
                names.iter().enumerate().map(tick).collect()
            }
            Self::Linear | Self::Logarithmic => axis.ticks(4),
        };
        let mut kept: Vec<Tick> = Vec::new();
        for tick in ticks {
            let room = |last: &Tick| (axis.place(tick.value) - axis.place(last.value)).abs();
            let needed = |last: &Tick| (length(&tick.label) + length(&last.label)) / 2.0 + gap;
            if kept.last().is_none_or(|last| room(last) >= needed(last)) {
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
        let axis = names.axis([].into_iter(), (0.0, 100.0));
        assert_eq!((axis.place(0.0), axis.place(1.0)), (25.0, 75.0));
    }

    #[test]
    fn labels_without_room_are_left_out() {
        let names = Scale::Names(["a", "b", "c", "d", "e"].map(str::to_owned).to_vec());
        let axis = names.axis([].into_iter(), (0.0, 100.0));
        let labels = |length: f64| -> Vec<String> {
            names.ticks(&axis, 4.0, |_| length).into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(labels(16.0), ["a", "b", "c", "d", "e"]);
        assert_eq!(labels(17.0), ["a", "c", "e"]);
    }
}
