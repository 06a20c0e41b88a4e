//! Legend: which color is which series.

use super::font::{Anchor, Font};
use super::geometry::{Point, Size};
use super::svg::{Block, Element, circle, line, rect};

/// Height of a row of entries.
pub(crate) const ROW_HEIGHT: f64 = 20.0;

const NAME: Font = Font::regular(12.0);
const GAP: f64 = 18.0;

/// Opacity of a faint line, here and in the chart.
pub(crate) const FAINT_OPACITY: f64 = 0.4;

/// A series of the chart.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) color: &'static str,
    pub(crate) swatch: Swatch,
}

/// The sign of a series beside its name.
#[derive(Clone, Copy)]
pub(crate) enum Swatch {
    Line,
    FaintLine,
    Markers,
    Square,
}

impl Swatch {
    fn width(self) -> f64 {
        match self {
            Self::Line | Self::FaintLine | Self::Markers => 20.0,
            Self::Square => 13.0,
        }
    }
}

/// Rows of entries from the upper left corner, each up to the pixel column `right`.
pub(crate) fn legend(entries: &[Entry], corner: Point, right: f64) -> Block {
    let mut block = Block { elements: Vec::new(), right: corner.x, bottom: corner.y };
    let mut x = corner.x;
    let mut y = corner.y + ROW_HEIGHT / 2.0;
    for entry in entries {
        let indent = entry.swatch.width() + 6.0;
        let name = NAME.shortened(entry.name, right - corner.x - indent);
        let width = indent + NAME.width(&name);
        if x > corner.x && x + width > right {
            x = corner.x;
            y += ROW_HEIGHT;
        }
        block.elements.extend(entry.sample(Point::new(x, y)));
        block.elements.push(NAME.centered_line(Point::new(x + indent, y), Anchor::Start, &name));
        block.right = block.right.max(x + width);
        block.bottom = y + ROW_HEIGHT / 2.0;
        x += width + GAP;
    }
    block
}

impl Entry<'_> {
    /// The swatch, whose left edge is centered on `left`.
    fn sample(&self, left: Point) -> Vec<Element> {
        let width = self.swatch.width();
        let Point { x, y } = left;
        let stroke = line(left, Point::new(x + width, y)).set("stroke", self.color).number("stroke-width", 2.0);
        match self.swatch {
            Swatch::Line => vec![stroke],
            Swatch::FaintLine => vec![stroke.number("stroke-opacity", FAINT_OPACITY)],
            Swatch::Markers => vec![stroke, circle(Point::new(x + width / 2.0, y), 3.5).set("fill", self.color)],
            Swatch::Square => vec![rect(Point::new(x, y - width / 2.0), Size::square(width)).set("fill", self.color)],
        }
    }
}
