//! The confusion matrix as a picture.
//!
//! Cells are coloured by their share of the row, so that the diagonal shows recall and rare classes are as visible as
//! frequent ones. The size of the picture follows from its text: names of columns wrap or slant when they are longer than
//! a cell is wide, and margins grow until every name fits.

mod color_bar;
mod names;

use self::names::{AXIS_TITLE_GAP, ColumnNames, NAME_GAP, RowNames};
use crate::color::{self, Rgb};
use crate::font::{Anchor, Font};
use crate::header::{MARGIN, header};
use crate::svg::{Element, document, rect};
use crate::ticks::grouped;

/// The counts of a confusion matrix and what is written around them.
#[derive(Clone, Copy, Debug)]
pub struct Confusion<'a> {
    /// What the matrix is of; may be empty.
    pub title: &'a str,
    /// What is to be known about it, such as "n = 1821 · accuracy 88.6 %"; may be empty.
    pub subtitle: &'a str,
    /// The name of each class. Length `n_classes`.
    pub label_names: &'a [String],
    /// Numbers of rows by true class (outer) and predicted class (inner), `(n_classes, n_classes)`.
    pub counts: &'a [Vec<u64>],
}

/// Draws a confusion matrix as SVG: true labels downwards, predicted labels across, in every cell the count and its
/// share of the row.
#[must_use]
pub fn confusion_matrix(confusion: &Confusion) -> String {
    let names = confusion.label_names;
    let cell = cell_size(confusion);
    let row_names = RowNames::new(names, cell);
    let column_names = ColumnNames::new(names, cell);

    let left = MARGIN + column_names.overhang.max(AXIS_TITLE_GAP + row_names.width + NAME_GAP);
    let side = cell * names.len() as f64;
    let right = left + side + color_bar::width();
    let header = header(confusion.title, confusion.subtitle, (right - MARGIN).max(440.0));
    let grid = Grid { left, top: header.bottom, cell, side };

    let columns = column_names.draw(&grid);
    let width = right.max(header.right) + MARGIN;
    let height = columns.bottom + MARGIN;
    let mut elements = header.elements;
    elements.extend(cells(confusion, &grid));
    elements.extend(row_names.draw(&grid));
    elements.extend(columns.elements);
    elements.extend(color_bar::draw(&grid));
    document((width, height), confusion.title, elements)
}

/// Where the square of cells is.
struct Grid {
    left: f64,
    top: f64,
    cell: f64,
    side: f64,
}

impl Grid {
    fn bottom(&self) -> f64 {
        self.top + self.side
    }

    fn right(&self) -> f64 {
        self.left + self.side
    }

    fn column_center(&self, column: usize) -> f64 {
        self.left + self.cell * (column as f64 + 0.5)
    }

    fn row_center(&self, row: usize) -> f64 {
        self.top + self.cell * (row as f64 + 0.5)
    }
}

/// Large cells for few classes, and never so small that a count does not fit.
fn cell_size(confusion: &Confusion) -> f64 {
    let for_slide = (560.0 / confusion.label_names.len().max(1) as f64).clamp(46.0, 130.0);
    for_slide.max(widest_count(confusion, Font::regular(10.0)) + 8.0)
}

fn widest_count(confusion: &Confusion, font: Font) -> f64 {
    let largest = confusion.counts.iter().flatten().max();
    largest.map_or(0.0, |count| font.width(&grouped(&count.to_string())))
}

fn cells(confusion: &Confusion, grid: &Grid) -> Vec<Element> {
    let preferred = Font::regular((grid.cell * 0.22).clamp(11.0, 25.0));
    let shrink = (grid.cell - 8.0) / widest_count(confusion, preferred).max(1.0);
    let count_font = Font::regular(preferred.size * shrink.min(1.0));
    let share_font = Font::regular((grid.cell * 0.12).clamp(9.0, 13.0));

    let mut elements = Vec::new();
    for (row, counts) in confusion.counts.iter().enumerate() {
        let n: u64 = counts.iter().sum();
        for (column, &count) in counts.iter().enumerate() {
            let share = (n > 0).then(|| count as f64 / n as f64);
            let color = share.map_or(Rgb::BLANK, color::share);
            let percent = share.map_or("–".to_owned(), |share| format!("{:.1} %", 100.0 * share));
            let (x, y) = (grid.column_center(column), grid.row_center(row));
            let text = |font: Font, y, text: &str| {
                font.centered_line((x, y), Anchor::Middle, text).set("fill", color.ink().hex())
            };
            elements.push(
                rect((x - grid.cell / 2.0, y - grid.cell / 2.0), (grid.cell, grid.cell))
                    .set("fill", color.hex())
                    .set("stroke", "#ffffff")
                    .number("stroke-width", 2.0),
            );
            elements.push(text(count_font, y - share_font.size * 0.6, &grouped(&count.to_string())));
            elements.push(text(share_font, y + count_font.size * 0.6, &percent));
        }
    }
    elements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn draw(label_names: &[&str], counts: &[Vec<u64>]) -> String {
        let label_names: Vec<String> = label_names.iter().map(ToString::to_string).collect();
        confusion_matrix(&Confusion { title: "Confusion", subtitle: "n = 1821", label_names: &label_names, counts })
    }

    #[test]
    fn counts_shares_and_names_are_written() {
        let svg = draw(&["negative", "positive"], &[vec![794, 118], vec![95, 814]]);
        assert_text_is_readable(&svg);
        assert_eq!(
            texts(&svg),
            [
                "Confusion",
                "n = 1821",
                "794",
                "87.1 %",
                "118",
                "12.9 %",
                "95",
                "10.5 %",
                "814",
                "89.5 %",
                "negative",
                "positive",
                "True label",
                "negative",
                "positive",
                "Predicted label",
                "0 %",
                "25 %",
                "50 %",
                "75 %",
                "100 %",
                "Share of true label"
            ]
        );
    }

    #[test]
    fn a_class_without_rows_has_no_shares() {
        let svg = draw(&["a", "b"], &[vec![3, 1], vec![0, 0]]);
        assert_eq!(texts(&svg)[2..10], ["3", "75.0 %", "1", "25.0 %", "0", "–", "0", "–"]);
    }

    #[test]
    fn names_are_escaped() {
        let svg = draw(&["<&>\"", "b"], &[vec![3, 1], vec![0, 7]]);
        assert!(svg.contains("&lt;&amp;&gt;&quot;"));
        assert!(texts(&svg).contains(&"<&>\"".to_owned()));
    }

    #[test]
    fn any_number_of_classes_and_any_names_find_room() {
        let short = "joy";
        let phrase = "neither positive nor negative, or both";
        let word = "pneumonoultramicroscopicsilicovolcanoconiosis";
        for n_classes in [1, 2, 3, 5, 20] {
            for name in [short, "very negative", "very_negative", phrase, word] {
                let counts = vec![vec![1_234_567; n_classes]; n_classes];
                assert_text_is_readable(&draw(&vec![name; n_classes], &counts));
            }
        }
    }

    #[test]
    fn no_classes_make_an_empty_matrix() {
        assert_eq!(texts(&draw(&[], &[]))[..2], ["Confusion", "n = 1821"]);
    }

    #[test]
    fn long_titles_break() {
        let title = "A title that says all that there is to say about a matrix, and then some more";
        let label_names = ["a".to_owned(), "b".to_owned()];
        let counts = [vec![1, 0], vec![0, 1]];
        let subtitle = &title.repeat(2);
        let svg = confusion_matrix(&Confusion { title, subtitle, label_names: &label_names, counts: &counts });
        assert_text_is_readable(&svg);
        assert!(texts(&svg)[0].len() < title.len());
    }
}
