//! Color bar to the right of a confusion matrix: which color is which percentage.

use super::grid::Grid;
use crate::drawing::color::{self, FAINT_TEXT};
use crate::drawing::font::{Anchor, Font};
use crate::drawing::geometry::{Point, Size};
use crate::drawing::svg::{Element, line, rect};

const TICK: Font = Font::regular(11.0);
const GAP: f64 = 26.0;
const WIDTH: f64 = 14.0;

/// The bar with its ticks and its title.
pub(super) fn draw(grid: &Grid, title: &str) -> Vec<Element> {
    let left = grid.right() + GAP;
    let right = left + WIDTH;
    let mut elements: Vec<Element> = steps(left, grid).collect();
    for percent in [0.0, 25.0, 50.0, 75.0, 100.0] {
        let y = grid.bottom() - 1.0 - (grid.side - 2.0) * percent / 100.0;
        elements.push(line(Point::new(right, y), Point::new(right + 4.0, y)).set("stroke", FAINT_TEXT));
        let label = format!("{percent} %");
        elements.push(TICK.centered_line(Point::new(right + 8.0, y), Anchor::Start, &label).set("fill", FAINT_TEXT));
    }
    let center = Point::new(grid.right() + width() - TICK.size / 2.0, grid.top + grid.side / 2.0);
    elements.push(TICK.upward_line(center, title).set("fill", FAINT_TEXT));
    elements
}

/// Pixels that the bar needs to the right of the grid, with its gap and its texts.
pub(super) fn width() -> f64 {
    GAP + WIDTH + 8.0 + TICK.width("100 %") + 8.0 + TICK.size
}

/// The color map from the bottom to the top, in steps: a gradient needs an identifier, which two pictures of a page would
/// share. A step reaches under the next, so that no seam shows.
fn steps(left: f64, grid: &Grid) -> impl Iterator<Item = Element> {
    const N_STEPS: u32 = 64;
    let (bottom, height) = (grid.bottom() - 1.0, (grid.side - 2.0).max(0.0));
    (0..N_STEPS).map(move |step| {
        let fraction = f64::from(step) / f64::from(N_STEPS - 1);
        let top = bottom - height * f64::from(step + 1) / f64::from(N_STEPS);
        let overlap = if step == 0 { 0.0 } else { 1.0 };
        let size = Size::new(WIDTH, height / f64::from(N_STEPS) + overlap);
        rect(Point::new(left, top), size).set("fill", color::sequential(fraction).hex())
    })
}
