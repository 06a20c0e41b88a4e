//! Windows: rows that are read and predicted together, sorted by length inside, and answered in their order.
//!
//! The last bits of a text's logits may depend on which others are computed beside it. So a window of files begins at a
//! fixed row and ends by the rows themselves: the same input gives the same bytes, whenever and wherever it is read.

use std::mem;

/// A row of the input.
#[derive(Debug)]
pub(crate) struct InputRow {
    /// The text, or why there is none.
    pub(crate) text: Result<String, String>,
    /// The values of the columns that go along; none at all where the row could not be read.
    pub(crate) kept: Vec<Option<String>>,
}

/// When a window is full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowSize {
    pub(crate) rows: usize,
    /// Bytes of texts.
    pub(crate) bytes: usize,
}

/// A part of the output: rows of one file that are answered in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Part {
    /// Counted over all files, from 0.
    pub(crate) number: u64,
    /// Which of the files, from 0.
    pub(crate) file: usize,
    /// The first of its rows in the file, from 1.
    pub(crate) first_row: u64,
}

/// Rows that are predicted together.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The part that they belong to, where the output has parts.
    pub(crate) part: Part,
    pub(crate) rows: Vec<InputRow>,
}

/// Collects rows for a window.
#[derive(Debug)]
pub(super) struct WindowBuilder {
    size: WindowSize,
    window: Window,
    bytes: usize,
}

impl WindowBuilder {
    pub(super) fn new(size: WindowSize) -> Self {
        Self { size, window: Window::default(), bytes: 0 }
    }

    pub(super) fn push(&mut self, row: InputRow) {
        self.bytes += row.text.as_ref().map_or(0, String::len);
        self.window.rows.push(row);
    }

    /// Adds a row of a part; the rows before it are of the same one.
    pub(super) fn push_of(&mut self, part: Part, row: InputRow) {
        self.window.part = part;
        self.push(row);
    }

    pub(super) fn is_full(&self) -> bool {
        self.window.rows.len() >= self.size.rows || self.bytes >= self.size.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.window.rows.is_empty()
    }

    /// The part of the rows that are there.
    pub(super) fn part(&self) -> Option<Part> {
        (!self.is_empty()).then_some(self.window.part)
    }

    /// The window so far.
    pub(super) fn take(&mut self) -> Window {
        self.bytes = 0;
        mem::take(&mut self.window)
    }
}
