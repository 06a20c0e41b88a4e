//! The charts, one file each: a struct that holds the numbers and names, and a function that draws it as SVG.
//!
//! To add one, write its file and name it here twice. Its test draws long names, no data and values that are not
//! finite, and hands the picture to `assert_text_is_readable`, which fails where texts overlap or leave the canvas.

mod curves;
mod confusion_matrix;
mod class_bars;
mod slices;
mod rates;
mod reliability;
mod coverage;
mod regression;
mod bar_chart;
mod scatter;
mod parallel_coordinates;
mod rows;
mod estimate;

pub use bar_chart::{Bar, BarChart, BarGroup, bar_chart};
pub use class_bars::{ClassBar, ClassBars, class_bars};
pub use confusion_matrix::{Confusion, MAX_WITH_NAMES, confusion_matrix};
pub use coverage::{Coverage, CoverageMark, CoveragePoint, coverage};
pub use curves::{Curves, Marker, Panel, Series, Style, curves};
pub use estimate::Estimate;
pub use parallel_coordinates::{ParallelAxis, ParallelCoordinates, ParallelLine, parallel_coordinates};
pub use rates::{RateCurve, RateCurves, RateKind, rate_curves};
pub use regression::{Scores, scores};
pub use reliability::{Reliability, ReliabilityBin, ReliabilitySeries, reliability};
pub use scatter::{Scatter, ScatterPanel, scatter};
pub use slices::{Slice, Slices, slices};
