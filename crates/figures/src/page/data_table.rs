//! Tables: one of any texts, and one whose rows sort, filter and search.

use std::fmt::{self, Display};

use super::cell::{Cell, is_long};
use super::escape::Escaped;

/// How the colors of word pieces read.
const ABOUT_TOKENS: &str = "<p class=\"legend\">Words: <span class=\"tokens\"><span class=\"p5\">strongly for</span> \
    <span class=\"p2\">for</span> <span class=\"n2\">against</span> <span class=\"n5\">strongly against</span></span> the \
    predicted class; the value of each is in its tooltip.</p>";

/// A table that its reader can sort by every column, filter, search and turn the pages of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataTable {
    /// What its rows are, such as "Errors"; names the table for screen readers.
    pub name: String,
    /// From the left to the right.
    pub columns: Vec<Column>,
    /// In the order in which they are shown at first, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a [`DataTable`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it means, as a tooltip; may be empty.
    pub note: String,
    /// Whether the rows can be filtered by its values; for few of them, such as classes.
    pub filter: bool,
    /// Whether it holds sentences and gets the more of the width.
    pub wide: bool,
}

impl Column {
    /// A column without a filter.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A column by whose values the rows can be filtered.
    #[must_use]
    pub fn filtered(name: impl Into<String>) -> Self {
        Self { filter: true, ..Self::new(name) }
    }

    /// A column of sentences.
    #[must_use]
    pub fn wide(name: impl Into<String>) -> Self {
        Self { wide: true, ..Self::new(name) }
    }
}

impl Display for DataTable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, columns, rows } = self;
        if rows.iter().flatten().any(|cell| matches!(cell, Cell::Tokens(_))) {
            writeln!(out, "{ABOUT_TOKENS}")?;
        }
        begin(name, "<table class=\"data\">", out)?;
        for (index, column) in columns.iter().enumerate() {
            let cells = || rows.iter().filter_map(|row| row.get(index)).filter(|cell| **cell != Cell::Empty);
            let is_numeric = cells().next().is_some() && cells().all(Cell::is_number);
            let is_long = column.name.split_whitespace().any(is_long);
            let classes = [("n", is_numeric), ("wide", column.wide), ("filter", column.filter), ("long", is_long)];
            let classes: Vec<&str> = classes.into_iter().filter(|(_, holds)| *holds).map(|(class, _)| class).collect();
            out.write_str("<th scope=\"col\"")?;
            if !classes.is_empty() {
                write!(out, " class=\"{}\"", classes.join(" "))?;
            }
            if !column.note.is_empty() {
                write!(out, " title=\"{}\"", Escaped(&column.note))?;
            }
            write!(out, ">{}</th>", Escaped(&column.name))?;
        }
        out.write_str("</tr>\n</thead>\n<tbody>\n")?;
        for row in rows {
            out.write_str("<tr>")?;
            row.iter().take(columns.len()).try_for_each(|cell| write!(out, "{cell}"))?;
            // A row of fewer cells than columns would move what is sorted by.
            (row.len()..columns.len()).try_for_each(|_| write!(out, "{}", Cell::Empty))?;
            out.write_str("</tr>\n")?;
        }
        out.write_str("</tbody>\n</table></div>")
    }
}

/// A table of texts as they are, a column of numbers aligned to the right.
pub(super) struct PlainTable<'a> {
    pub(super) name: &'a str,
    pub(super) head: &'a [String],
    pub(super) rows: &'a [Vec<String>],
}

impl Display for PlainTable<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numeric: Vec<bool> = (0..self.head.len()).map(|index| self.is_numeric(index)).collect();
        let class = |index: usize| if numeric.get(index) == Some(&true) { " class=\"n\"" } else { "" };
        begin(self.name, "<table>", out)?;
        for (index, name) in self.head.iter().enumerate() {
            let class = if name.split_whitespace().any(is_long) { " class=\"long\"" } else { class(index) };
            write!(out, "<th scope=\"col\"{class}>{}</th>", Escaped(name))?;
        }
        out.write_str("</tr>\n</thead>\n<tbody>\n")?;
        for row in self.rows {
            out.write_str("<tr>")?;
            for (index, text) in row.iter().enumerate() {
                let long = if text.split_whitespace().any(is_long) { " class=\"long\"" } else { class(index) };
                write!(out, "<td{long}><bdi>{}</bdi></td>", Escaped(text))?;
            }
            out.write_str("</tr>\n")?;
        }
        out.write_str("</tbody>\n</table></div>")
    }
}

impl PlainTable<'_> {
    /// Whether all texts of a column are numbers, percentages, dashes or empty, and one of them is a number.
    fn is_numeric(&self, index: usize) -> bool {
        let number =
            |text: &str| text.trim_end_matches([' ', '%']).replace('−', "-").replace(',', "").parse::<f64>().is_ok();
        let mut texts =
            self.rows.iter().filter_map(|row| row.get(index)).filter(|text| !matches!(text.as_str(), "" | "-" | "–"));
        texts.clone().next().is_some() && texts.all(|text| number(text))
    }
}

/// A table is wider than a narrow screen: its frame scrolls, also by keyboard, and the page does not.
fn begin(name: &str, table: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = if name.is_empty() { "Table" } else { name };
    write!(out, "<div class=\"scroll\" role=\"group\" aria-label=\"{}\" tabindex=\"0\">", Escaped(name))?;
    write!(out, "{table}\n<thead>\n<tr>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_say_what_they_hold() {
        let columns = vec![
            Column { note: "the source's".to_owned(), ..Column::new("id") },
            Column::filtered("label"),
            Column::wide("text"),
        ];
        let rows =
            vec![vec![Cell::count(7), "good".into()], vec![Cell::Empty, "<b>".into(), "x".into(), "left out".into()]];
        let html = DataTable { name: "Errors".to_owned(), columns, rows }.to_string();
        let expected = "<div class=\"scroll\" role=\"group\" aria-label=\"Errors\" tabindex=\"0\"><table class=\"data\">\n\
            <thead>\n<tr><th scope=\"col\" class=\"n\" title=\"the source&#39;s\">id</th>\
            <th scope=\"col\" class=\"filter\">label</th><th scope=\"col\" class=\"wide\">text</th></tr>\n</thead>\n<tbody>\n\
            <tr><td class=\"n\" data-v=\"7\">7</td><td><bdi>good</bdi></td><td></td></tr>\n\
            <tr><td></td><td><bdi>&lt;b&gt;</bdi></td><td><bdi>x</bdi></td></tr>\n</tbody>\n</table></div>";
        assert_eq!(html, expected);
    }

    #[test]
    fn colors_are_explained_where_there_are_any() {
        let table =
            |cell| DataTable { columns: vec![Column::wide("text")], rows: vec![vec![cell]], ..DataTable::default() };
        assert!(table(Cell::Tokens(Vec::new())).to_string().starts_with("<p class=\"legend\">"));
        assert!(!table("text".into()).to_string().contains("legend"));
    }

    #[test]
    fn a_column_of_numbers_is_one_without_words() {
        let texts = [["1,234", "1", "-"], ["−5.5 %", "a", "–"], ["-", "2", ""]];
        let rows: Vec<Vec<String>> = texts.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        let table = PlainTable { name: "", head: &[], rows: &rows };
        assert_eq!([0, 1, 2, 3].map(|index| table.is_numeric(index)), [true, false, false, false]);
    }
}
