//! The scale of colours to the right of a matrix, with its ticks.

use super::Grid;
use crate::color::{self, FAINT_INK};
use crate::font::{Anchor, Font};
use crate::svg::{Element, line, rect};

const TICK: Font = Font::regular(11.0);
const GAP: f64 = 26.0;
const WIDTH: f64 = 14.0;

/// The scale of colours on the right of the grid, with its ticks.
pub(super) fn draw(grid: &Grid) -> Vec<Element> {
    let left = grid.right() + GAP;
    let right = left + WIDTH;
    let mut elements =
        vec![gradient(), rect((left, grid.top + 1.0), (WIDTH, (grid.side - 2.0).max(0.0))).set("fill", "url(#share)")];
    for percent in [0.0, 25.0, 50.0, 75.0, 100.0] {
        let y = grid.bottom() - 1.0 - (grid.side - 2.0) * percent / 100.0;
        elements.push(line((right, y), (right + 4.0, y)).set("stroke", FAINT_INK));
        let label = format!("{percent} %");
        elements.push(TICK.centered_line((right + 8.0, y), Anchor::Start, &label).set("fill", FAINT_INK));
    }
    let title = (grid.right() + width() - TICK.size / 2.0, grid.top + grid.side / 2.0);
    elements.push(TICK.upward_line(title, "Share of true label").set("fill", FAINT_INK));
    elements
}

/// What the bar takes to the right of the grid, with its gap and its texts.
pub(super) fn width() -> f64 {
    GAP + WIDTH + 8.0 + TICK.width("100 %") + 8.0 + TICK.size
}

/// The colours of all shares from the bottom to the top; stops are dense because SVG mixes between them in sRGB.
fn gradient() -> Element {
    let stops = (0..=20).map(|step| {
        let share = f64::from(step) / 20.0;
        Element::new("stop").number("offset", share).set("stop-color", color::share(share).hex())
    });
    let gradient = Element::new("linearGradient").set("id", "share").number("x1", 0.0).number("y1", 1.0);
    Element::new("defs").children([gradient.number("x2", 0.0).number("y2", 0.0).children(stops)])
}
