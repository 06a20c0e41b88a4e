//! For tests: the text of a picture, and whether all of it is readable.

use resvg::usvg::{Group, Node, Rect, Tree};

use crate::drawing::raster;

/// The text elements of a picture in the order in which they are drawn.
pub(crate) fn texts(svg: &str) -> Vec<String> {
    placed_texts(&parse(svg)).into_iter().map(|placed| placed.text).collect()
}

/// Fails when a text leaves the canvas or touches another.
#[track_caller]
pub(crate) fn assert_text_is_readable(svg: &str) {
    let tree = parse(svg);
    let texts = placed_texts(&tree);
    assert!(!texts.is_empty());
    for (index, placed) in texts.iter().enumerate() {
        let (area, size) = (placed.area, tree.size());
        let inside =
            area.left() >= 0.0 && area.top() >= 0.0 && area.right() <= size.width() && area.bottom() <= size.height();
        assert!(inside, "{:?} at {area:?} leaves the canvas of {size:?}", placed.text);
        let others = texts[..index].iter().filter(|other| !other.slanted && !placed.slanted);
        for other in others {
            let apart = area.intersect(&other.area).is_none();
            assert!(apart, "{:?} at {area:?} touches {:?} at {:?}", placed.text, other.text, other.area);
        }
    }
}

struct Placed {
    text: String,
    area: Rect,
    /// Neither level nor upright: its area is that of a much larger box.
    slanted: bool,
}

#[track_caller]
fn parse(svg: &str) -> Tree {
    raster::parse(svg).expect("the picture is SVG")
}

fn placed_texts(tree: &Tree) -> Vec<Placed> {
    let mut texts = Vec::new();
    collect(tree.root(), &mut texts);
    texts
}

fn collect(group: &Group, texts: &mut Vec<Placed>) {
    for node in group.children() {
        match node {
            Node::Group(group) => collect(group, texts),
            Node::Text(text) => texts.push(Placed {
                text: text.chunks().iter().map(|chunk| chunk.text()).collect(),
                area: text.abs_bounding_box(),
                slanted: text.abs_transform().kx != 0.0 && text.abs_transform().sx.abs() > 1e-3,
            }),
            Node::Path(_) | Node::Image(_) => (),
        }
    }
}
