//! P-values as readers see them: what is smaller than the digits shown is said to be smaller, and never zero.

use figures::Cell;

/// A difference with a p-value below this, corrected for the number of tests, is more than chance.
pub(crate) const LEVEL: f64 = 0.05;
const SMALLEST: f64 = 1e-4;

/// Four digits after the point.
pub(crate) fn shown(p: f64) -> String {
    if p < SMALLEST { format!("< {SMALLEST}") } else { format!("{p:.4}") }
}

/// A cell that sorts by the value; empty where there is none.
pub(crate) fn cell(p: Option<f64>) -> Cell {
    p.map_or(Cell::Empty, |p| Cell::Number { value: p, text: shown(p) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_p_value_is_shown_as_zero() {
        assert_eq!([0.0, 9e-5, 1e-4, 0.04999].map(shown), ["< 0.0001", "< 0.0001", "0.0001", "0.0500"]);
    }
}
