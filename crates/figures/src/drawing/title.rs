//! Title and subtitle above every picture, and the margin of the picture.

use super::color::{FAINT_TEXT, TEXT};
use super::font::{Anchor, Font};
use super::geometry::Point;
use super::svg::Block;

/// White space around a picture.
pub(crate) const MARGIN: f64 = 28.0;

const MAX_LINES: usize = 4;
const TITLE: Font = Font::bold(20.0);
const SUBTITLE: Font = Font::regular(13.0);

/// Title and subtitle from the upper left, in at most four lines each of at most `width` pixels. The
/// chart begins at the lower edge of the block.
pub(crate) fn title_block(title: &str, subtitle: &str, width: f64) -> Block {
    let title = TITLE.wrap_shortened(title, width, MAX_LINES).into_iter().map(|line| (TITLE, TEXT, line));
    let subtitle =
        SUBTITLE.wrap_shortened(subtitle, width, MAX_LINES).into_iter().map(|line| (SUBTITLE, FAINT_TEXT, line));

    let mut block = Block { elements: Vec::new(), right: MARGIN, bottom: MARGIN };
    for (font, color, line) in title.chain(subtitle) {
        let baseline = Point::new(MARGIN, block.bottom + font.size * 0.8);
        block.elements.push(font.line(baseline, Anchor::Start, &line).set("fill", color));
        block.right = block.right.max(MARGIN + font.width(&line));
        block.bottom += font.line_height();
    }
    if !block.elements.is_empty() {
        block.bottom += 14.0;
    }
    block
}
