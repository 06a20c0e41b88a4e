//! HTML pages: charts, tables and text in one file that opens by double click and asks for nothing else.
//!
//! Without its script a page shows all that it holds, every row of a table in order; with it, tables sort, filter,
//! search and turn their pages. A page of plain parts has none. All text is escaped. The content security policy of the page forbids every request.

mod escape;
mod cell;
mod data_table;
mod tile;
mod chart;

use std::fmt::{self, Display, Write};

pub use self::cell::{Cell, Emphasis, Token};
pub use self::chart::Chart;
pub use self::data_table::{Column, DataTable};
pub use self::tile::Tile;

use self::chart::Svg;
use self::data_table::PlainTable;
use self::escape::Escaped;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
/// Fewer sections than this fit on a screen.
const MIN_NAVIGATION: usize = 3;

/// A title and the parts below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Of the document, and its first heading.
    pub title: String,
    /// From the top to the bottom. With three or more headings the page has a navigation.
    pub parts: Vec<Part>,
}

/// A part of a page. All text is escaped.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// The heading of a section, up to the next; the navigation links to it.
    Heading(String),
    /// A heading within a section.
    Subheading(String),
    /// A paragraph.
    Text(String),
    /// A paragraph that must not be missed.
    Notice {
        /// How it is set off.
        emphasis: Emphasis,
        /// What it says.
        text: String,
    },
    /// The figures that come first.
    Tiles(Vec<Tile>),
    /// A chart of this crate that needs no words; the heading above it is its name.
    Svg(String),
    /// A chart with its caption.
    Chart(Chart),
    /// A table: the cells of its head and of its rows.
    Table {
        /// The name of each column.
        head: Vec<String>,
        /// A cell for each column.
        rows: Vec<Vec<String>>,
    },
    /// A table that sorts, filters and searches.
    DataTable(DataTable),
    /// Names and what they stand for, such as the provenance of a file.
    Definitions(Vec<(String, String)>),
    /// Preformatted text, with a button that copies it.
    Code(String),
    /// Parts that a click opens.
    Details {
        /// What is always seen.
        summary: String,
        /// What is seen once it is open, and in print.
        parts: Vec<Part>,
    },
}

/// Writes the page as HTML.
#[must_use]
pub fn html(page: &Page) -> String {
    let title = Escaped(&page.title);
    let mut body = String::new();
    // Writing to a string cannot fail.
    let _ = write_body(&mut body, &page.parts);
    let navigation = navigation(&page.parts);
    let script = if needs_script(&page.parts) { format!("<script>\n{SCRIPT}</script>\n") } else { String::new() };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header><h1><bdi>{title}</bdi></h1></header>\n\
         {navigation}<main id=\"main\">\n{body}</main>\n{script}</body>\n</html>\n"
    )
}

fn needs_script(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::DataTable(_) | Part::Code(_) | Part::Details { .. } => true,
        Part::Heading(_) | Part::Subheading(_) | Part::Text(_) | Part::Notice { .. } | Part::Tiles(_) => false,
        Part::Svg(_) | Part::Chart(_) | Part::Table { .. } | Part::Definitions(_) => false,
    })
}

fn navigation(parts: &[Part]) -> String {
    let names = parts.iter().filter_map(|part| if let Part::Heading(text) = part { Some(text) } else { None });
    let links: Vec<String> = names
        .enumerate()
        .map(|(index, name)| format!("<li><a href=\"#section-{}\">{}</a></li>\n", index + 1, Escaped(name)))
        .collect();
    if links.len() < MIN_NAVIGATION {
        return String::new();
    }
    format!("<nav aria-label=\"Sections\"><ul>\n{}</ul></nav>\n", links.concat())
}

/// The parts, in a section from each heading on.
fn write_body(out: &mut String, parts: &[Part]) -> fmt::Result {
    let mut n_sections = 0;
    let mut name = "";
    for part in parts {
        if let Part::Heading(text) = part {
            if n_sections > 0 {
                out.write_str("</section>\n")?;
            }
            n_sections += 1;
            name = text;
            let id = format!("section-{n_sections}");
            writeln!(out, "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>", Escaped(text))?;
        } else {
            writeln!(out, "{}", Placed { part, section: name })?;
        }
    }
    if n_sections > 0 {
        out.write_str("</section>\n")?;
    }
    Ok(())
}

/// A part below a heading, whose text names what has no name of its own.
struct Placed<'a> {
    part: &'a Part,
    section: &'a str,
}

impl Display for Placed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Heading(text) | Part::Subheading(text) => write!(out, "<h3>{}</h3>", Escaped(text)),
            Part::Text(text) => write!(out, "<p>{}</p>", Escaped(text)),
            Part::Notice { emphasis, text } => {
                let (class, name) = (emphasis.class(), emphasis.name());
                write!(out, "<p class=\"notice {class}\" role=\"note\"><strong>{name}</strong> {}</p>", Escaped(text))
            }
            Part::Tiles(tiles) => {
                out.write_str("<dl class=\"tiles\">")?;
                tiles.iter().try_for_each(|tile| write!(out, "\n{tile}"))?;
                out.write_str("\n</dl>")
            }
            Part::Svg(svg) => write!(out, "<figure class=\"chart\">{}</figure>", Svg { svg, label: self.section }),
            Part::Chart(chart) => write!(out, "{chart}"),
            Part::Table { head, rows } => write!(out, "{}", PlainTable { name: self.section, head, rows }),
            Part::DataTable(table) => write!(out, "{table}"),
            Part::Definitions(entries) => {
                out.write_str("<dl class=\"facts\">")?;
                for (name, value) in entries {
                    write!(out, "\n<dt>{}</dt><dd><bdi>{}</bdi></dd>", Escaped(name), Escaped(value))?;
                }
                out.write_str("\n</dl>")
            }
            Part::Code(text) => write!(out, "<div class=\"code\"><pre tabindex=\"0\">{}</pre></div>", Escaped(text)),
            Part::Details { summary, parts } => {
                write!(out, "<details>\n<summary>{}</summary>", Escaped(summary))?;
                parts.iter().try_for_each(|part| write!(out, "\n{}", Placed { part, section: summary }))?;
                out.write_str("\n</details>")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(parts: Vec<Part>) -> String {
        let html = html(&Page { title: "<script>".to_owned(), parts });
        let body = html.split_once("<body>\n").unwrap().1;
        let end = body.find("</main>\n").unwrap() + "</main>\n".len();
        body[..end].to_owned()
    }

    #[test]
    fn text_is_escaped() {
        let parts = vec![
            Part::Heading("a & b".to_owned()),
            Part::Table { head: vec!["<th>".to_owned()], rows: vec![vec!["1 < 2".to_owned()]] },
            Part::Code("[finetune]\nseed = '1'".to_owned()),
            Part::Definitions(vec![("\u{0}".to_owned(), "</dd>".to_owned())]),
        ];
        let expected = "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
            <header><h1><bdi>&lt;script&gt;</bdi></h1></header>\n<main id=\"main\">\n\
            <section aria-labelledby=\"section-1\">\n<h2 id=\"section-1\">a &amp; b</h2>\n\
            <div class=\"scroll\" role=\"group\" aria-label=\"a &amp; b\" tabindex=\"0\"><table>\n<thead>\n\
            <tr><th scope=\"col\">&lt;th&gt;</th></tr>\n</thead>\n<tbody>\n<tr><td><bdi>1 &lt; 2</bdi></td></tr>\n\
            </tbody>\n</table></div>\n<div class=\"code\"><pre tabindex=\"0\">[finetune]\nseed = &#39;1&#39;</pre></div>\n\
            <dl class=\"facts\">\n<dt>\u{fffd}</dt><dd><bdi>&lt;/dd&gt;</bdi></dd>\n</dl>\n</section>\n</main>\n";
        assert_eq!(body(parts), expected);
    }

    #[test]
    fn a_page_refers_to_no_other_file() {
        let svg = crate::charts::curves(&crate::charts::Curves::default());
        let html = html(&Page { title: String::new(), parts: vec![Part::Svg(svg)] });
        let references = ["src=", "url(", "@import", "fetch(", "XMLHttpRequest", "import("];
        assert!(references.iter().all(|reference| !html.contains(reference)));
        let links: Vec<&str> = html.split("href=\"").skip(1).collect();
        assert!(links.iter().all(|link| link.starts_with('#')), "{links:?}");
        assert_eq!(html.matches("http").count(), 2, "the policy and the name space of SVG");
    }

    #[test]
    fn a_page_of_plain_parts_has_no_script() {
        let html = |part| html(&Page { title: String::new(), parts: vec![part] });
        assert!(!html(Part::Table { head: Vec::new(), rows: Vec::new() }).contains("<script"));
        assert!(html(Part::DataTable(DataTable::default())).contains("<script"));
    }

    #[test]
    fn sections_are_named_and_linked_from_the_third_on() {
        let heading = |name: &str| Part::Heading(name.to_owned());
        let text = Part::Text("first".to_owned());
        assert!(!body(vec![heading("a"), heading("b")]).contains("<nav"));
        let three = body(vec![text, heading("a"), heading("b"), heading("<c>")]);
        assert!(three.contains("<li><a href=\"#section-3\">&lt;c&gt;</a></li>"));
        assert!(three.contains("<main id=\"main\">\n<p>first</p>\n<section aria-labelledby=\"section-1\">"));
        assert_eq!((three.matches("<section").count(), three.matches("</section>").count()), (3, 3));
    }

    #[test]
    fn what_is_in_details_is_named_by_their_summary() {
        let svg = "<svg role=\"img\"></svg>".to_owned();
        let parts = vec![Part::Heading("inner".to_owned()), Part::Svg(svg)];
        let body = body(vec![Part::Details { summary: "More".to_owned(), parts }]);
        let expected = "<details>\n<summary>More</summary>\n<h3>inner</h3>\n\
            <figure class=\"chart\"><svg aria-label=\"More\" role=\"img\"></svg></figure>\n</details>\n";
        assert!(body.contains(expected), "{body}");
    }
}
