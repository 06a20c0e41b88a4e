//! Confusion matrix: counts and class names in, a heat map out, with the count and its percentage of the row in each
//! cell.
//!
//! Cells are colored by their fraction of the row, so that the diagonal shows recall and rare classes are as visible as
//! frequent ones. The size of the picture follows from its text: names of columns wrap or slant when they are longer
//! than a cell is wide, and margins grow until every name fits.

mod class_names;
mod color_bar;
mod grid;

use self::class_names::{AXIS_TITLE_GAP, ColumnNames, NAME_GAP, RowNames};
use self::grid::Grid;
use crate::drawing::color::{self, Rgb};
use crate::drawing::font::{Anchor, Font};
use crate::drawing::geometry::{Point, Size};
use crate::drawing::svg::{Element, document, rect};
use crate::drawing::ticks::group_thousands;
use crate::drawing::title::{MARGIN, title_block};

/// The counts of a confusion matrix, with its title and class names.
#[derive(Clone, Copy, Debug)]
pub struct Confusion<'a> {
    /// May be empty.
    pub title: &'a str,
    /// Such as "n = 1821 · accuracy 88.6 %"; may be empty.
    pub subtitle: &'a str,
    /// The name of each class. Length `n_classes`.
    pub label_names: &'a [String],
    /// Numbers of rows by true class (outer) and predicted class (inner), `(n_classes, n_classes)`.
    pub counts: &'a [Vec<u64>],
}

/// Draws a confusion matrix as SVG: a row for each true label, a column for each predicted label.
#[must_use]
pub fn confusion_matrix(confusion: &Confusion) -> String {
    let names = confusion.label_names;
    let cell = cell_size(confusion);
    let row_names = RowNames::new(names, cell);
    let column_names = ColumnNames::new(names, cell);

    let left = MARGIN + column_names.overhang.max(AXIS_TITLE_GAP + row_names.width + NAME_GAP);
    let side = cell * names.len() as f64;
    let right = left + side + color_bar::width();
    let title = title_block(confusion.title, confusion.subtitle, (right - MARGIN).max(440.0));
    let grid = Grid { left, top: title.bottom, cell, side };

    let columns = column_names.draw(&grid);
    let size = Size::new(right.max(title.right) + MARGIN, columns.bottom + MARGIN);
    let mut elements = title.elements;
    elements.extend(cells(confusion, &grid));
    elements.extend(row_names.draw(&grid));
    elements.extend(columns.elements);
    elements.extend(color_bar::draw(&grid));
    document(size, confusion.title, elements)
}

/// Large cells for few classes, and never so small that a count does not fit.
fn cell_size(confusion: &Confusion) -> f64 {
    let preferred = (560.0 / confusion.label_names.len().max(1) as f64).clamp(46.0, 130.0);
    preferred.max(widest_count(confusion, Font::regular(10.0)) + 8.0)
}

fn widest_count(confusion: &Confusion, font: Font) -> f64 {
    let largest = confusion.counts.iter().flatten().max();
    largest.map_or(0.0, |count| font.width(&group_thousands(&count.to_string())))
}

fn cells(confusion: &Confusion, grid: &Grid) -> Vec<Element> {
    let preferred = Font::regular((grid.cell * 0.22).clamp(11.0, 25.0));
    let shrink = (grid.cell - 8.0) / widest_count(confusion, preferred).max(1.0);
    let count_font = Font::regular(preferred.size * shrink.min(1.0));
    let percent_font = Font::regular((grid.cell * 0.12).clamp(9.0, 13.0));

    let mut elements = Vec::new();
    for (row, counts) in confusion.counts.iter().enumerate() {
        let n: u64 = counts.iter().sum();
        for (column, &count) in counts.iter().enumerate() {
            let fraction = (n > 0).then(|| count as f64 / n as f64);
            let color = fraction.map_or(Rgb::BLANK, color::sequential);
            let percent = fraction.map_or("–".to_owned(), |fraction| format!("{:.1} %", 100.0 * fraction));
            let (x, y) = (grid.column_center(column), grid.row_center(row));
            let text = |font: Font, y, text: &str| {
                font.centered_line(Point::new(x, y), Anchor::Middle, text).set("fill", color.text_color().hex())
            };
            elements.push(
                rect(Point::new(x - grid.cell / 2.0, y - grid.cell / 2.0), Size::square(grid.cell))
                    .set("fill", color.hex())
                    .set("stroke", "#ffffff")
                    .number("stroke-width", 2.0),
            );
            elements.push(text(count_font, y - percent_font.size * 0.6, &group_thousands(&count.to_string())));
            elements.push(text(percent_font, y + count_font.size * 0.6, &percent));
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
    fn counts_percentages_and_names_are_written() {
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
    fn a_class_without_rows_has_no_percentages() {
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
    fn any_number_of_classes_and_any_names_fit() {
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
