//! Fonts: the width of text, its line breaks, and its alignment.
//!
//! A width is found by laying the text out as for drawing, kerning included, and not from a table that could disagree.

use super::color::TEXT;
use super::geometry::Point;
use super::glyphs;
use super::raster;
use super::svg::Element;

/// A size and weight of DejaVu Sans.
#[derive(Clone, Copy)]
pub(crate) struct Font {
    /// Size in pixels.
    pub(crate) size: f64,
    weight: &'static str,
}

/// Which point of a line is at the given position, as in SVG's `text-anchor`.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Font {
    pub(crate) const fn regular(size: f64) -> Self {
        Self { size, weight: "400" }
    }

    pub(crate) const fn bold(size: f64) -> Self {
        Self { size, weight: "700" }
    }

    /// Distance between the baselines of two lines.
    pub(crate) fn line_height(self) -> f64 {
        self.size * 1.3
    }

    /// Width of one line in pixels.
    pub(crate) fn width(self, line: &str) -> f64 {
        let text = self.line(Point::new(0.0, 0.0), Anchor::Start, &glyphs::with_stand_ins(line));
        let sample = Element::new("svg").set("xmlns", "http://www.w3.org/2000/svg").children([text]);
        match raster::parse(&sample.to_string()) {
            Ok(tree) => f64::from(tree.root().abs_bounding_box().width()),
            Err(_) => 0.0,
        }
    }

    /// The width of the widest line; 0 when there is none.
    pub(crate) fn widest<'a>(self, lines: impl IntoIterator<Item = &'a String>) -> f64 {
        lines.into_iter().map(|line| self.width(line)).fold(0.0, f64::max)
    }

    /// Breaks text into lines of at most `max_width` where a space, hyphen, underscore or slash allows it; a longer
    /// word has a line of its own.
    pub(crate) fn wrap(self, text: &str, max_width: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_inclusive([' ', '-', '_', '/']) {
            match lines.last_mut() {
                Some(line) if self.width(format!("{line}{word}").trim_end()) <= max_width => line.push_str(word),
                _ => lines.push(word.to_owned()),
            }
        }
        lines.iter().map(|line| line.trim().to_owned()).collect()
    }

    /// The text if it fits in `max_width`, else its beginning and an ellipsis.
    pub(crate) fn shortened(self, text: &str, max_width: f64) -> String {
        let most = self.most_characters(max_width);
        let ends: Vec<usize> = text.char_indices().map(|(start, _)| start).take(most + 1).skip(1).collect();
        if ends.len() < most && self.width(text) <= max_width {
            return text.to_owned();
        }
        let shortened = |end: usize| format!("{}…", text[..end].trim_end());
        let n_fitting = ends.partition_point(|&end| self.width(&shortened(end)) <= max_width);
        n_fitting.checked_sub(1).map_or("…".to_owned(), |last| shortened(ends[last]))
    }

    /// The text if it fits in `max_width`, else its beginning and its end with an ellipsis between them.
    pub(crate) fn shortened_inside(self, text: &str, max_width: f64) -> String {
        let most = self.most_characters(max_width);
        let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).take(most + 1).collect();
        if starts.len() <= most && self.width(text) <= max_width {
            return text.to_owned();
        }
        let ends: Vec<usize> = text.char_indices().rev().map(|(start, _)| start).take(starts.len()).collect();
        // With `n` characters, of which the beginning has one more where they are odd.
        let shortened = |n: usize| {
            let end = ends[..n / 2].last().map_or("", |&start| text[start..].trim_start());
            format!("{}…{end}", text[..starts[n.div_ceil(2)]].trim_end())
        };
        let lengths: Vec<usize> = (1..starts.len()).collect();
        let n_fitting = lengths.partition_point(|&n| self.width(&shortened(n)) <= max_width);
        n_fitting.checked_sub(1).map_or("…".to_owned(), |last| shortened(lengths[last]))
    }

    /// No character is narrower than a tenth of the size; the rest of a text of any length is never laid out.
    fn most_characters(self, max_width: f64) -> usize {
        (10.0 * max_width.max(0.0) / self.size) as usize + 1
    }

    /// At most `max_lines` lines of at most `max_width`; where something is left out, an ellipsis says so.
    pub(crate) fn wrap_shortened(self, text: &str, max_width: f64, max_lines: usize) -> Vec<String> {
        let most = self.most_characters(max_width) * max_lines;
        let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
        let mut lines = self.wrap(&text[..end], max_width);
        if lines.len() > max_lines {
            let rest = lines.split_off(max_lines.saturating_sub(1));
            lines.push(rest.join(" "));
        }
        lines.iter().map(|line| self.shortened(line, max_width)).collect()
    }

    /// A line whose baseline passes through `position`.
    pub(crate) fn line(self, position: Point, anchor: Anchor, line: &str) -> Element {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        Element::new("text")
            .number("x", position.x)
            .number("y", position.y)
            .number("font-size", self.size)
            .set("font-weight", self.weight)
            .set("text-anchor", anchor)
            .set("fill", TEXT)
            .text(line)
    }

    /// A line whose letters are centered vertically on `position`.
    pub(crate) fn centered_line(self, position: Point, anchor: Anchor, line: &str) -> Element {
        self.line(Point::new(position.x, position.y + self.half_letter()), anchor, line)
    }

    /// Lines that are centered vertically on `position` as a block.
    pub(crate) fn centered_lines(self, position: Point, anchor: Anchor, lines: &[String]) -> Vec<Element> {
        let first = position.y - self.line_height() * lines.len().saturating_sub(1) as f64 / 2.0;
        let baselines = (0..lines.len()).map(|index| first + self.line_height() * index as f64);
        baselines.zip(lines).map(|(y, line)| self.centered_line(Point::new(position.x, y), anchor, line)).collect()
    }

    /// A line that reads upwards and is centered on `center`, for vertical axes.
    pub(crate) fn upward_line(self, center: Point, line: &str) -> Element {
        let rotation = format!("rotate(-90 {:.2} {:.2})", center.x, center.y);
        self.centered_line(center, Anchor::Middle, line).set("transform", rotation)
    }

    /// How far the baseline lies below the middle of a capital letter.
    pub(crate) fn half_letter(self) -> f64 {
        self.size * 0.36
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // Digits of DejaVu Sans are 1303 of 2048 units wide, and of its bold face 1425.
        assert!((Font::regular(20.0).width("0000") - 4.0 * 20.0 * 1303.0 / 2048.0).abs() < 0.01);
        assert!((Font::bold(20.0).width("0000") - 4.0 * 20.0 * 1425.0 / 2048.0).abs() < 0.01);
        assert_eq!(Font::regular(20.0).width(""), 0.0);
        assert!((Font::regular(20.0).width("肯定") - 40.0).abs() < 0.5, "{}", Font::regular(20.0).width("肯定"));
    }

    #[test]
    fn lines_break_between_words_only() {
        let font = Font::regular(10.0);
        assert_eq!(font.wrap("very negative", 60.0), ["very", "negative"]);
        assert_eq!(font.wrap("very_negative", 60.0), ["very_", "negative"]);
        assert_eq!(font.wrap("very negative", 600.0), ["very negative"]);
        assert_eq!(font.wrap("indivisible", 5.0), ["indivisible"]);
        assert_eq!(font.wrap("", 5.0), [""; 0]);
    }

    #[test]
    fn what_does_not_fit_is_shortened() {
        let font = Font::regular(10.0);
        assert_eq!(font.shortened("very negative", 600.0), "very negative");
        assert_eq!(font.shortened("very negative", 45.0), "very n…");
        assert_eq!(font.shortened("very negative", 38.0), "very…", "no space before the ellipsis");
        assert_eq!(font.shortened("very negative", 1.0), "…");
        assert_eq!(font.shortened("", 1.0), "");
        assert_eq!(font.shortened_inside("very negative", 600.0), "very negative");
        assert_eq!(font.shortened_inside("very negative", 45.0), "ver…ive");
        assert_eq!(font.shortened_inside("very negative", 1.0), "…");
        let long = font.shortened_inside(&"ä".repeat(1_000_000), 100.0);
        assert!(font.width(&long) <= 100.0 && font.width(&long) > 90.0, "{long}");
        let long = font.shortened(&"ä".repeat(1_000_000), 100.0);
        assert!(font.width(&long) <= 100.0 && font.width(&long) > 90.0, "{long}");
        assert_eq!(font.wrap_shortened("very very negative", 60.0, 2), ["very very", "negative"]);
        assert_eq!(font.wrap_shortened("very very negative or not", 60.0, 2), ["very very", "negative…"]);
        assert_eq!(font.wrap_shortened(&"x".repeat(1_000_000), 60.0, 2).len(), 1);
    }
}
