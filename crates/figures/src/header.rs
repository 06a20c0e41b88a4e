//! The title and subtitle above every picture.

use crate::color::{FAINT_INK, INK};
use crate::font::{Anchor, Font};
use crate::svg::Block;

/// White space around a picture.
pub(crate) const MARGIN: f64 = 28.0;

const TITLE: Font = Font::bold(20.0);
const SUBTITLE: Font = Font::regular(13.0);

/// Title and subtitle from the upper left, in lines of `width`, which only a longer word exceeds. The block ends where
/// the picture may begin.
pub(crate) fn header(title: &str, subtitle: &str, width: f64) -> Block {
    let title = TITLE.wrap(title, width).into_iter().map(|line| (TITLE, INK, line));
    let subtitle = SUBTITLE.wrap(subtitle, width).into_iter().map(|line| (SUBTITLE, FAINT_INK, line));

    let mut block = Block { elements: Vec::new(), right: MARGIN, bottom: MARGIN };
    for (font, color, line) in title.chain(subtitle) {
        let baseline = (MARGIN, block.bottom + font.size * 0.8);
        block.elements.push(font.line(baseline, Anchor::Start, &line).set("fill", color));
        block.right = block.right.max(MARGIN + font.width(&line));
        block.bottom += font.line_height();
    }
    if !block.elements.is_empty() {
        block.bottom += 14.0;
    }
    block
}
