//! HTML report page: charts, tables and text in one file that needs no network and no script.

use std::fmt::{self, Display, Write};

const STYLE: &str = "body{font:15px/1.5 'DejaVu Sans',Verdana,sans-serif;color:#1c2733;max-width:960px;margin:2em auto;\
padding:0 1em}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}svg{max-width:100%;height:auto}\
table{border-collapse:collapse;font-size:13px;display:block;overflow-x:auto}th,td{padding:.25em .7em;text-align:left;\
border-bottom:1px solid #e6eaee}th{color:#5b6773}pre{background:#f1f3f5;padding:1em;overflow-x:auto;font-size:13px}";

/// A title and the parts below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Of the document, and its first heading.
    pub title: String,
    /// From the top to the bottom.
    pub parts: Vec<Part>,
}

/// A part of a page. All text is escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A chart of this crate.
    Svg(String),
    /// A table: the cells of its head and of its rows.
    Table {
        /// The name of each column.
        head: Vec<String>,
        /// A cell for each column.
        rows: Vec<Vec<String>>,
    },
    /// Preformatted text.
    Code(String),
}

/// Writes the page as HTML.
#[must_use]
pub fn html(page: &Page) -> String {
    let title = Escaped(&page.title);
    let parts: String = page.parts.iter().map(|part| format!("{part}\n")).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{parts}</body>\n</html>\n"
    )
}

impl Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Heading(text) => write!(out, "<h2>{}</h2>", Escaped(text)),
            Self::Text(text) => write!(out, "<p>{}</p>", Escaped(text)),
            Self::Svg(svg) => write!(out, "{}", svg.trim_end()),
            Self::Code(text) => write!(out, "<pre>{}</pre>", Escaped(text)),
            Self::Table { head, rows } => {
                write!(out, "<table>\n<tr>{}</tr>", cells("th", head))?;
                rows.iter().try_for_each(|row| write!(out, "\n<tr>{}</tr>", cells("td", row)))?;
                out.write_str("\n</table>")
            }
        }
    }
}

fn cells(name: &str, texts: &[String]) -> String {
    texts.iter().map(|text| format!("<{name}>{}</{name}>", Escaped(text))).collect()
}

/// Text with the characters escaped that HTML gives a meaning.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            _ => out.write_char(character),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let parts = vec![
            Part::Heading("a & b".to_owned()),
            Part::Table { head: vec!["<th>".to_owned()], rows: vec![vec!["1 < 2".to_owned(), String::new()]] },
            Part::Code("[finetune]\nseed = 1".to_owned()),
        ];
        let html = html(&Page { title: "<script>".to_owned(), parts });
        let body = html.split_once("<body>\n").unwrap().1;
        let expected = "<h1>&lt;script&gt;</h1>\n<h2>a &amp; b</h2>\n<table>\n<tr><th>&lt;th&gt;</th></tr>\n\
            <tr><td>1 &lt; 2</td><td></td></tr>\n</table>\n<pre>[finetune]\nseed = 1</pre>\n</body>\n</html>\n";
        assert_eq!(body, expected);
    }

    #[test]
    fn a_page_refers_to_no_other_file() {
        let svg = crate::charts::curves(&crate::charts::Curves::default());
        let html = html(&Page { title: String::new(), parts: vec![Part::Svg(svg)] });
        assert!(["src=", "href=", "url(", "@import", "<script"].iter().all(|reference| !html.contains(reference)));
    }
}
