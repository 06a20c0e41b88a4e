//! Map of a confusion matrix of many classes: its cells as shades, one path for each shade, so that the file stays small.

use std::fmt::Write;

use crate::drawing::color;
use crate::drawing::geometry::{Point, Size};
use crate::drawing::svg::{Element, rect};

/// More classes share cells.
const MAX_CELLS: usize = 160;
const N_SHADES: usize = 16;
/// The palest cell that is not empty has to be seen on white.
const PALEST: f64 = 0.15;

/// The cells that are not empty in a square, darker the larger their share of their row.
pub(super) fn draw(counts: &[Vec<u64>], corner: Point, side: f64) -> Vec<Element> {
    let classes_per_cell = counts.len().div_ceil(MAX_CELLS).max(1);
    let n_cells = counts.len().div_ceil(classes_per_cell).max(1);
    let cell = side / n_cells as f64;
    let mut paths = vec![String::new(); N_SHADES];
    for (row, classes) in counts.chunks(classes_per_cell).enumerate() {
        let mut sums = vec![0_u64; n_cells];
        for (column, &count) in classes.iter().flat_map(|counts| counts.iter().enumerate()) {
            if let Some(sum) = sums.get_mut(column / classes_per_cell) {
                *sum += count;
            }
        }
        let n: u64 = sums.iter().sum();
        let shade =
            |count: u64| (count > 0).then(|| ((N_SHADES - 1) as f64 * count as f64 / n as f64).round() as usize);
        let shades: Vec<Option<usize>> = sums.into_iter().map(shade).collect();
        let mut column = 0;
        for run in shades.chunk_by(|left, right| left == right) {
            if let Some(shade) = run[0] {
                let (x, y) = (corner.x + cell * column as f64, corner.y + cell * row as f64);
                let width = cell * run.len() as f64;
                // Writing to a string cannot fail.
                let _ = write!(paths[shade], "M{x:.1} {y:.1}h{width:.2}v{cell:.2}h-{width:.2}z");
            }
            column += run.len();
        }
    }
    let shaded = paths.into_iter().enumerate().filter(|(_, path)| !path.is_empty()).map(|(shade, path)| {
        let fraction = PALEST + (1.0 - PALEST) * shade as f64 / (N_SHADES - 1) as f64;
        Element::new("path").set("fill", color::sequential(fraction).hex()).set("d", path)
    });
    let border = rect(corner, Size::square(side)).set("fill", "none").set("stroke", color::FAINT_TEXT);
    shaded.chain([border]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_neighbors_are_one_shape_and_empty_cells_none() {
        let counts = [vec![0, 0, 0, 0], vec![1, 1, 0, 2], vec![0, 0, 4, 0], vec![0, 0, 0, 4]];
        let elements = draw(&counts, Point::new(0.0, 0.0), 400.0);
        let paths: Vec<String> = elements.iter().map(ToString::to_string).collect();
        assert_eq!(paths.iter().map(|path| path.matches('M').count()).sum::<usize>(), 4, "{paths:?}");
        assert!(paths[0].contains("M0.0 100.0h200.00v100.00h-200.00z"), "{paths:?}");
    }

    #[test]
    fn more_classes_than_cells_share_them() {
        let mut counts = vec![vec![0; 1000]; 1000];
        counts[999][0] = 7;
        let elements = draw(&counts, Point::new(0.0, 0.0), 143.0);
        assert!(elements[0].to_string().contains("M0.0 142.0h1.00v1.00"), "{}", elements[0]);
    }
}
