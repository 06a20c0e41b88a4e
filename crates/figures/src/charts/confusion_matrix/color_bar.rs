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
pub(super) fn draw(grid: &Grid) -> Vec<Element> {
    let left = grid.right() + GAP;
    let right = left + WIDTH;
    let bar = rect(Point::new(left, grid.top + 1.0), Size::new(WIDTH, (grid.side - 2.0).max(0.0)));
    let mut elements = vec![gradient(), bar.set("fill", "url(#share)")];
    for percent in [0.0, 25.0, 50.0, 75.0, 100.0] {
        let y = grid.bottom() - 1.0 - (grid.side - 2.0) * percent / 100.0;
        elements.push(line(Point::new(right, y), Point::new(right + 4.0, y)).set("stroke", FAINT_TEXT));
        let label = format!("{percent} %");
        elements.push(TICK.centered_line(Point::new(right + 8.0, y), Anchor::Start, &label).set("fill", FAINT_TEXT));
    }
    let title = Point::new(grid.right() + width() - TICK.size / 2.0, grid.top + grid.side / 2.0);
    elements.push(TICK.upward_line(title, "Share of true label").set("fill", FAINT_TEXT));
    elements
}

/// Pixels that the bar needs to the right of the grid, with its gap and its texts.
pub(super) fn width() -> f64 {
    GAP + WIDTH + 8.0 + TICK.width("100 %") + 8.0 + TICK.size
}

/// The color map from the bottom to the top; stops are dense because SVG interpolates between them in sRGB.
fn gradient() -> Element {
    let stops = (0..=20).map(|step| {
        let fraction = f64::from(step) / 20.0;
        Element::new("stop").number("offset", fraction).set("stop-color", color::sequential(fraction).hex())
    });
    let gradient = Element::new("linearGradient").set("id", "share").number("x1", 0.0).number("y1", 1.0);
    Element::new("defs").children([gradient.number("x2", 0.0).number("y2", 0.0).children(stops)])
}
