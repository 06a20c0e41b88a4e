//! SVG writer: elements with attributes, and text that is escaped.
//!
//! Numbers are rounded to hundredths of a pixel, which no eye can see and which keeps files small.

use std::fmt::{self, Display, Write};

use super::geometry::{Point, Size};

/// Verdana has the widths of DejaVu Sans, so that a browser without the latter keeps the layout.
const FONT_FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// An SVG element and its children.
pub(crate) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), children: Vec::new(), text: String::new() }
    }

    /// Sets an attribute to a word, such as a color, replacing its former value.
    pub(crate) fn set(mut self, name: &'static str, value: impl Display) -> Self {
        self.attributes.retain(|(other, _)| *other != name);
        self.attributes.push((name, value.to_string()));
        self
    }

    /// Sets an attribute to a number.
    pub(crate) fn number(self, name: &'static str, value: f64) -> Self {
        self.set(name, rounded(value))
    }

    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children);
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }
}

/// A part of a picture, and its right and lower edge.
pub(crate) struct Block {
    pub(crate) elements: Vec<Element>,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Block {
    /// Adds a part, and moves the edges out to include it.
    pub(crate) fn append(&mut self, part: Self) {
        self.elements.extend(part.elements);
        self.right = self.right.max(part.right);
        self.bottom = self.bottom.max(part.bottom);
    }
}

/// A rectangle by its upper left corner and size.
pub(crate) fn rect(corner: Point, size: Size) -> Element {
    let element = Element::new("rect").number("x", corner.x).number("y", corner.y);
    element.number("width", size.width).number("height", size.height)
}

/// A straight line between two points; the caller sets its stroke.
pub(crate) fn line(from: Point, to: Point) -> Element {
    let start = Element::new("line").number("x1", from.x).number("y1", from.y);
    start.number("x2", to.x).number("y2", to.y)
}

/// A line through all points; the caller sets its stroke.
pub(crate) fn polyline(points: &[Point]) -> Element {
    let points: Vec<String> = points.iter().map(|point| format!("{},{}", rounded(point.x), rounded(point.y))).collect();
    Element::new("polyline").set("fill", "none").set("points", points.join(" "))
}

/// A filled circle.
pub(crate) fn circle(center: Point, radius: f64) -> Element {
    Element::new("circle").number("cx", center.x).number("cy", center.y).number("r", radius)
}

/// A closed area; the caller sets its color.
pub(crate) fn polygon(points: &[Point]) -> Element {
    let points: Vec<String> = points.iter().map(|point| format!("{},{}", rounded(point.x), rounded(point.y))).collect();
    Element::new("polygon").set("points", points.join(" "))
}

/// The whole picture on white, with a title for screen readers; one without a title gets its name from what it is in.
pub(crate) fn document(size: Size, title: &str, elements: Vec<Element>) -> String {
    let (width, height) = (size.width.ceil(), size.height.ceil());
    let root = Element::new("svg")
        .set("xmlns", "http://www.w3.org/2000/svg")
        .number("width", width)
        .number("height", height)
        .set("viewBox", format!("0 0 {width} {height}"))
        .set("font-family", FONT_FAMILY)
        .set("role", "img")
        .children((!title.is_empty()).then(|| Element::new("title").text(title)))
        .children([rect(Point::new(0.0, 0.0), Size::new(width, height)).set("fill", "#ffffff")])
        .children(elements);
    format!("{root}\n")
}

impl Display for Element {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(out, " {name}=\"")?;
            escape(value, out)?;
            out.write_char('"')?;
        }
        if self.children.is_empty() && self.text.is_empty() {
            return out.write_str("/>");
        }
        out.write_char('>')?;
        escape(&self.text, out)?;
        for child in &self.children {
            write!(out, "\n{child}")?;
        }
        if !self.children.is_empty() {
            out.write_char('\n')?;
        }
        write!(out, "</{}>", self.name)
    }
}

fn escape(text: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    for character in text.chars() {
        match character {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            // XML cannot hold these, not even escaped.
            '\u{fffe}' | '\u{ffff}' => out.write_char('\u{fffd}')?,
            _ if character.is_control() => out.write_char('\u{fffd}')?,
            _ => out.write_char(character)?,
        }
    }
    Ok(())
}

fn rounded(value: f64) -> f64 {
    // The sum turns a negative zero into zero.
    (value * 100.0).round() / 100.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_nest_and_numbers_are_short() {
        let group = Element::new("g")
            .children([line(Point::new(0.0, -0.001), Point::new(1.0 / 3.0, 2.5)).set("stroke", "red")]);
        assert_eq!(group.to_string(), "<g>\n<line x1=\"0\" y1=\"0\" x2=\"0.33\" y2=\"2.5\" stroke=\"red\"/>\n</g>");
    }

    #[test]
    fn text_and_attributes_are_escaped() {
        let element = Element::new("text").set("id", "a\"b").text("<R&D>\u{0}");
        assert_eq!(element.to_string(), "<text id=\"a&quot;b\">&lt;R&amp;D&gt;\u{fffd}</text>");
    }
}
