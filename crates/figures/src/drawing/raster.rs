//! PNG: an SVG rendered to pixels.
//!
//! The only fonts are the embedded ones and no other file is read, so the same SVG gives the same bytes on every
//! machine.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, ImageHrefResolver, Options, Tree, fontdb};

/// Far above any slide, and far below what memory holds: 64 MB of pixels.
const MAX_PIXELS: f32 = 16e6;
/// A side of more is drawn smaller, too.
const MAX_SIDE: f32 = 16_384.0;

/// Why an SVG could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// It is not SVG.
    #[error("the SVG cannot be read")]
    Parse(#[source] usvg::Error),
    /// The picture would be empty.
    #[error("a picture of {width} x {height} pixels cannot be drawn: each side has to be at least 1")]
    Size {
        /// Scaled width in pixels.
        width: f32,
        /// Scaled height in pixels.
        height: f32,
    },
    /// The PNG could not be written.
    #[error("the PNG cannot be encoded")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Renders `svg` as a PNG with `scale` pixels for each of its own, or with fewer if it would have more than 16 million.
///
/// # Errors
/// When `svg` is not SVG, or when a side of the picture is shorter than a pixel.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, FigureError> {
    let tree = parse(svg).map_err(FigureError::Parse)?;
    let scale = scale.min(largest_scale(tree.size().width(), tree.size().height()));
    let mut pixmap = blank(tree.size().width() * scale, tree.size().height() * scale)?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| FigureError::Encode(error.into()))
}

fn largest_scale(width: f32, height: f32) -> f32 {
    (MAX_PIXELS / (width * height)).sqrt().min(MAX_SIDE / width.max(height))
}

fn blank(width: f32, height: f32) -> Result<Pixmap, FigureError> {
    let drawable = |side: f32| (1.0..=MAX_SIDE + 1.0).contains(&side);
    let size = (drawable(width) && drawable(height)).then_some((width.ceil() as u32, height.ceil() as u32));
    size.and_then(|(width, height)| Pixmap::new(width, height)).ok_or(FigureError::Size { width, height })
}

/// Parses and lays out an SVG with the embedded fonts.
pub(crate) fn parse(svg: &str) -> Result<Tree, usvg::Error> {
    let options = Options {
        font_family: "DejaVu Sans".to_owned(),
        fontdb: Arc::clone(&FONTS),
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    Tree::from_str(svg, &options)
}

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for font in [dejavu::sans::regular(), dejavu::sans::bold()] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
    }
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><text y="9">a</text></svg>"#;

    #[test]
    fn a_png_has_the_scaled_size() {
        let png = png(SQUARE, 2.5).unwrap();
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
        assert_eq!(png[16..20], 50_u32.to_be_bytes());
        assert_eq!(png[20..24], 25_u32.to_be_bytes());
    }

    #[test]
    fn equal_pictures_have_equal_bytes() {
        assert_eq!(png(SQUARE, 3.0).unwrap(), png(SQUARE, 3.0).unwrap());
    }

    #[test]
    fn errors_say_what_is_wrong() {
        assert!(matches!(png("no picture", 1.0), Err(FigureError::Parse(_))));
        for scale in [0.0, -1.0, f32::NEG_INFINITY] {
            assert!(matches!(png(SQUARE, scale), Err(FigureError::Size { .. })));
        }
        assert_eq!(
            png(SQUARE, 0.0625).unwrap_err().to_string(),
            "a picture of 1.25 x 0.625 pixels cannot be drawn: each side has to be at least 1"
        );
    }

    #[test]
    fn what_is_too_large_is_drawn_smaller() {
        let size = |svg: &str, scale| {
            let png = png(svg, scale).unwrap();
            [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
        };
        let [width, height] = size(SQUARE, 1000.0);
        assert!((5655..=5658).contains(&width) && (2827..=2830).contains(&height), "{width} x {height}");
        let ribbon = r#"<svg xmlns="http://www.w3.org/2000/svg" width="100000" height="100"/>"#;
        assert_eq!(size(ribbon, 2.0), [16_384, 17]);
    }
}
