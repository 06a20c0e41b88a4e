//! Confusion matrix: counts and class names in, a heat map out, with counts and shares in its cells.
//!
//! Cells are colored by their share of the row, so that the diagonal shows recall and rare classes are as visible as
//! frequent ones. A cell without rows is blank. Beyond 12 classes colors alone are shown,
//! and beyond 40 the most confused pairs as a list, with a small map of all. Long names are shortened, so that the size
//! of the picture is bounded, whatever the number of classes and the length of their names.

mod counts;
mod grid;
mod class_names;
mod color_bar;
mod map;
mod pairs;

pub use counts::Confusion;

use self::class_names::{AXIS_TITLE_GAP, ColumnNames, NAME_GAP, RowNames};
use self::counts::fraction;
use self::grid::Grid;
use crate::drawing::color::{self, Rgb};
use crate::drawing::font::{Anchor, Font};
use crate::drawing::geometry::{Point, Size};
use crate::drawing::svg::{Element, document, rect};
use crate::drawing::ticks::group_thousands;
use crate::drawing::title::{MARGIN, title_block};

/// Beyond so many classes a cell is too small for numbers.
const MAX_WITH_NUMBERS: usize = 12;
/// Beyond so many classes names are too small to be read, and a confusion matrix becomes a list of pairs with a map.
pub const MAX_WITH_NAMES: usize = 40;

/// Draws a confusion matrix as SVG: a row for each true label, a column for each predicted label.
#[must_use]
pub fn confusion_matrix(confusion: &Confusion) -> String {
    if confusion.label_names.len() > MAX_WITH_NAMES {
        return pairs::draw(confusion);
    }
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
    elements.extend(color_bar::draw(&grid, "Share of true label"));
    document(size, confusion.title, elements)
}

/// Large cells for few classes, and never so small that a count does not fit.
fn cell_size(confusion: &Confusion) -> f64 {
    let n_classes = confusion.label_names.len().max(1);
    if n_classes > MAX_WITH_NUMBERS {
        return (640.0 / n_classes as f64).clamp(16.0, 46.0);
    }
    let preferred = (560.0 / n_classes as f64).clamp(46.0, 130.0);
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
    let share_font = Font::regular((grid.cell * 0.12).clamp(9.0, 13.0));
    let gap = if grid.cell > 30.0 { 2.0 } else { 1.0 };

    let mut elements = Vec::new();
    for (row, counts) in confusion.counts.iter().enumerate() {
        let n: u64 = counts.iter().sum();
        for (column, &count) in counts.iter().enumerate() {
            let share = fraction(count, n);
            let color = share.map_or(Rgb::BLANK, color::sequential);
            let (x, y) = (grid.column_center(column), grid.row_center(row));
            elements.push(
                rect(Point::new(x - grid.cell / 2.0, y - grid.cell / 2.0), Size::square(grid.cell))
                    .set("fill", color.hex())
                    .set("stroke", "#ffffff")
                    .number("stroke-width", gap),
            );
            if count == 0 || confusion.label_names.len() > MAX_WITH_NUMBERS {
                continue;
            }
            let percent = format!("{:.1} %", 100.0 * share.unwrap_or(0.0));
            let lines = [(count_font, group_thousands(&count.to_string())), (share_font, percent)];
            let mut top = y - lines.iter().map(|(font, _)| font.line_height()).sum::<f64>() / 2.0;
            for (font, text) in lines {
                let center = Point::new(x, top + font.line_height() / 2.0);
                let text = font.centered_line(center, Anchor::Middle, &text);
                elements.push(text.set("fill", color.text_color().hex()));
                top += font.line_height();
            }
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
    fn a_cell_without_rows_is_blank() {
        let svg = draw(&["a", "b"], &[vec![3, 1], vec![0, 0]]);
        assert_eq!(texts(&svg)[2..7], ["3", "75.0 %", "1", "25.0 %", "a"]);
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
        for n_classes in [1, 2, 5, 12, 13, 40, 41] {
            for name in [short, "very negative", "very_negative", phrase, word] {
                let counts = vec![vec![1_234_567; n_classes]; n_classes];
                assert_text_is_readable(&draw(&vec![name; n_classes], &counts));
            }
        }
    }

    #[test]
    fn the_picture_is_bounded() {
        let size = |svg: &str| {
            let tree = crate::drawing::raster::parse(svg).unwrap();
            (tree.size().width(), tree.size().height(), svg.len())
        };
        for (n_classes, length) in [(2, 4000), (40, 4000), (174, 20), (1000, 4000)] {
            let names: Vec<String> = (0..n_classes).map(|class| format!("{class}{}", "x".repeat(length))).collect();
            let counts: Vec<Vec<u64>> =
                (0..n_classes).map(|row| (0..n_classes).map(|column| (row * column) as u64).collect()).collect();
            let (width, height, bytes) = size(&draw(&names.iter().map(String::as_str).collect::<Vec<_>>(), &counts));
            assert!(width < 1200.0 && height < 1200.0 && bytes < 1_000_000, "{n_classes}: {width} x {height}, {bytes}");
        }
    }

    #[test]
    fn beyond_twelve_classes_only_colors_are_shown() {
        let names: Vec<String> = (0..13).map(|class| format!("class {class}")).collect();
        let svg = draw(&names.iter().map(String::as_str).collect::<Vec<_>>(), &vec![vec![777; 13]; 13]);
        assert!(!texts(&svg).contains(&"777".to_owned()) && texts(&svg).contains(&"class 12".to_owned()));
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
