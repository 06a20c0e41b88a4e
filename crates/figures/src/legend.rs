//! Which colour is which series.

use crate::font::{Anchor, Font};
use crate::svg::{Block, Element, circle, line, rect};

/// Height of a row of entries.
pub(crate) const ROW_HEIGHT: f64 = 20.0;

const NAME: Font = Font::regular(12.0);
const GAP: f64 = 18.0;

/// Of a faint line.
pub(crate) const FAINT_OPACITY: f64 = 0.4;

/// One series, as it is drawn.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) color: &'static str,
    pub(crate) swatch: Swatch,
}

/// The sample of a series beside its name.
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

/// Rows of entries from `(left, top)`, each as long as `right` allows.
pub(crate) fn legend(entries: &[Entry], (left, top): (f64, f64), right: f64) -> Block {
    let mut block = Block { elements: Vec::new(), right: left, bottom: top };
    let mut x = left;
    let mut y = top + ROW_HEIGHT / 2.0;
    for entry in entries {
        let indent = entry.swatch.width() + 6.0;
        let width = indent + NAME.width(entry.name);
        if x > left && x + width > right {
            x = left;
            y += ROW_HEIGHT;
        }
        block.elements.extend(entry.sample((x, y)));
        block.elements.push(NAME.centered_line((x + indent, y), Anchor::Start, entry.name));
        block.right = block.right.max(x + width);
        block.bottom = y + ROW_HEIGHT / 2.0;
        x += width + GAP;
    }
    block
}

impl Entry<'_> {
    fn sample(&self, (x, y): (f64, f64)) -> Vec<Element> {
        let width = self.swatch.width();
        let stroke = line((x, y), (x + width, y)).set("stroke", self.color).number("stroke-width", 2.0);
        match self.swatch {
            Swatch::Line => vec![stroke],
            Swatch::FaintLine => vec![stroke.number("stroke-opacity", FAINT_OPACITY)],
            Swatch::Markers => vec![stroke, circle((x + width / 2.0, y), 3.5).set("fill", self.color)],
            Swatch::Square => vec![rect((x, y - width / 2.0), (width, width)).set("fill", self.color)],
        }
    }
}
