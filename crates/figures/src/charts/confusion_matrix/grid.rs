//! Grid of a confusion matrix: the pixels of its rows and columns.

/// The square of cells: its corner, and the lengths of a cell and of the whole in pixels.
pub(super) struct Grid {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) cell: f64,
    pub(super) side: f64,
}

impl Grid {
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.side
    }

    pub(super) fn right(&self) -> f64 {
        self.left + self.side
    }

    /// The x of a column's center.
    pub(super) fn column_center(&self, column: usize) -> f64 {
        self.left + self.cell * (column as f64 + 0.5)
    }

    /// The y of a row's center.
    pub(super) fn row_center(&self, row: usize) -> f64 {
        self.top + self.cell * (row as f64 + 0.5)
    }
}
