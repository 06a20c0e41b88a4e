//! The charts, one file each: a struct that holds the numbers and names, and a function that draws it as SVG.
//!
//! To add one, write its file and name it here twice. Its test draws long names, no data and values that are not
//! finite, and hands the picture to `assert_text_is_readable`, which fails where texts overlap or leave the canvas.

mod curves;
mod confusion_matrix;
mod bar_chart;
mod scatter;
mod parallel_coordinates;

pub use bar_chart::{Bar, BarChart, BarGroup, bar_chart};
pub use confusion_matrix::{Confusion, confusion_matrix};
pub use curves::{Curves, Marker, Panel, Series, Style, curves};
pub use parallel_coordinates::{ParallelAxis, ParallelCoordinates, ParallelLine, parallel_coordinates};
pub use scatter::{Scatter, ScatterPanel, scatter};
