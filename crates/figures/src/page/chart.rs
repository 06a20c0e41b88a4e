//! Charts within a page: a light card, since pictures have a white background, with a caption and a text alternative.

use std::fmt::{self, Display};

use super::escape::Escaped;

/// On a narrow screen a picture is not made smaller than this many pixels; its card scrolls.
const MIN_WIDTH: f64 = 560.0;

/// A chart of this crate with its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// The picture.
    pub svg: String,
    /// What it shows, below it; may be empty.
    pub caption: String,
    /// What a reader sees who does not see it, in a sentence or two.
    pub alternative: String,
}

impl Display for Chart {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = if self.alternative.is_empty() { &self.caption } else { &self.alternative };
        write!(out, "<figure class=\"chart\">{}", Svg { svg: &self.svg, label })?;
        if !self.caption.is_empty() {
            write!(out, "<figcaption>{}</figcaption>", Escaped(&self.caption))?;
        }
        out.write_str("</figure>")
    }
}

/// A picture with a name for screen readers. One that is wider than a phone scrolls in a frame of its own.
pub(super) struct Svg<'a> {
    pub(super) svg: &'a str,
    pub(super) label: &'a str,
}

impl Display for Svg<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(rest) = self.svg.trim().strip_prefix("<svg") else {
            return write!(out, "<p>{}</p>", Escaped("There is no picture."));
        };
        let label = if self.label.is_empty() { "Chart" } else { self.label };
        let width = width(rest);
        let frame = width.is_some_and(|width| width > 240.0);
        if frame {
            write!(
                out,
                "<div class=\"scroll\" role=\"group\" aria-label=\"{}\" tabindex=\"0\">",
                Escaped("Picture, scrolls")
            )?;
        }
        write!(out, "<svg aria-label=\"{}\"", Escaped(label))?;
        if let Some(width) = width {
            write!(out, " style=\"min-width:{}px\"", width.min(MIN_WIDTH))?;
        }
        out.write_str(rest)?;
        if frame { out.write_str("</div>") } else { Ok(()) }
    }
}

/// The `width` of the outermost element.
fn width(svg: &str) -> Option<f64> {
    let tag = svg.split_once('>')?.0;
    tag.split_once(" width=\"")?.1.split_once('"')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_words() {
        let svg = "<svg width=\"900\"></svg>\n".to_owned();
        let chart = Chart { svg, caption: "a < b".to_owned(), alternative: "\"up\"".to_owned() };
        assert_eq!(
            chart.to_string(),
            "<figure class=\"chart\"><div class=\"scroll\" role=\"group\" aria-label=\"Picture, scrolls\" tabindex=\"0\">\
             <svg aria-label=\"&quot;up&quot;\" style=\"min-width:560px\" width=\"900\"></svg></div>\
             <figcaption>a &lt; b</figcaption></figure>"
        );
        let none = Chart { svg: "<script>".to_owned(), ..Chart::default() };
        assert_eq!(none.to_string(), "<figure class=\"chart\"><p>There is no picture.</p></figure>");
    }
}
