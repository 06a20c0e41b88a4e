//! Class names beside the rows and below the columns of a confusion matrix, with the titles of both axes.

use super::grid::Grid;
use crate::drawing::font::{Anchor, Font};
use crate::drawing::geometry::Point;
use crate::drawing::names::{distinct_lines, distinct_names};
use crate::drawing::svg::{Block, Element};

/// Pixels from the names to the center of an axis title.
pub(super) const AXIS_TITLE_GAP: f64 = 20.0;
/// Pixels between names and cells.
pub(super) const NAME_GAP: f64 = 10.0;

const AXIS_TITLE: Font = Font::bold(13.0);
/// Pixels that the names below the columns take downwards, and those beside the rows to the left.
const MAX_WIDTH: f64 = 180.0;

/// The font of the names: 13 pixels, or what a cell is high enough for.
fn name_font(cell: f64) -> Font {
    Font::regular((0.75 * cell).min(13.0))
}

/// The names left of the rows, wrapped where they are long.
pub(super) struct RowNames {
    font: Font,
    names: Vec<Vec<String>>,
    pub(super) width: f64,
}

impl RowNames {
    pub(super) fn new(names: &[String], cell: f64) -> Self {
        let font = name_font(cell);
        let max_lines = (cell / font.line_height()).floor().max(1.0) as usize;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let lines = |name: &str| font.wrap_shortened(name, MAX_WIDTH, max_lines);
        let names = distinct_lines(font, &names, MAX_WIDTH, lines);
        let width = font.widest(names.iter().flatten());
        Self { font, names, width }
    }

    pub(super) fn draw(&self, grid: &Grid) -> Vec<Element> {
        let right = grid.left - NAME_GAP;
        let name = |(row, lines): (usize, &Vec<String>)| {
            self.font.centered_lines(Point::new(right, grid.row_center(row)), Anchor::End, lines)
        };
        let mut elements: Vec<Element> = self.names.iter().enumerate().flat_map(name).collect();
        let x = right - self.width - AXIS_TITLE_GAP + AXIS_TITLE.size / 2.0;
        let title = Point::new(x, grid.top + grid.side / 2.0);
        elements.push(AXIS_TITLE.upward_line(title, "True label"));
        elements
    }
}

/// The names below the columns.
pub(super) struct ColumnNames {
    font: Font,
    names: Vec<Vec<String>>,
    slanted: bool,
    /// Height below the grid.
    height: f64,
    /// How far a slanted name reaches out of the grid to the left.
    pub(super) overhang: f64,
}

impl ColumnNames {
    const MAX_LINES: usize = 3;

    pub(super) fn new(names: &[String], cell: f64) -> Self {
        let font = name_font(cell);
        let max_width = cell - 10.0;
        let shortened = distinct_names(font, names.iter().map(String::as_str), MAX_WIDTH);
        let wrapped: Vec<Vec<String>> = shortened.iter().map(|name| font.wrap(name, max_width)).collect();
        let n_lines = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        if n_lines <= Self::MAX_LINES && font.widest(wrapped.iter().flatten()) <= max_width {
            let height = n_lines as f64 * font.line_height();
            return Self { font, names: wrapped, slanted: false, height, overhang: 0.0 };
        }
        // A name at 45 degrees is as wide as it is high.
        let diagonal = |name: &String| (font.width(name) + font.size) * std::f64::consts::FRAC_1_SQRT_2;
        let overhangs = shortened.iter().enumerate();
        let overhangs = overhangs.map(|(column, name)| diagonal(name) - cell * (column as f64 + 0.5));
        Self {
            font,
            slanted: true,
            height: shortened.iter().map(diagonal).fold(0.0, f64::max),
            overhang: overhangs.fold(0.0, f64::max),
            names: shortened.into_iter().map(|name| vec![name]).collect(),
        }
    }

    pub(super) fn draw(&self, grid: &Grid) -> Block {
        let top = grid.bottom() + NAME_GAP;
        let mut elements = Vec::new();
        for (column, lines) in self.names.iter().enumerate() {
            let x = grid.column_center(column);
            if self.slanted {
                let names = lines.iter().map(|name| self.slanted_line(Point::new(x, top), name));
                elements.extend(names);
            } else {
                let center = top + lines.len() as f64 * self.font.line_height() / 2.0;
                elements.extend(self.font.centered_lines(Point::new(x, center), Anchor::Middle, lines));
            }
        }
        let title = Point::new(grid.left + grid.side / 2.0, top + self.height + AXIS_TITLE_GAP);
        elements.push(AXIS_TITLE.centered_line(title, Anchor::Middle, "Predicted label"));
        Block { elements, right: grid.right(), bottom: title.y + AXIS_TITLE.half_letter() }
    }

    /// A name that rises to its end.
    fn slanted_line(&self, end: Point, name: &str) -> Element {
        let rotation = format!("rotate(-45 {:.2} {:.2})", end.x, end.y);
        self.font.centered_line(end, Anchor::End, name).set("transform", rotation)
    }
}
