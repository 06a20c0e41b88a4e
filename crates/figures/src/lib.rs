//! Charts as SVG: numbers go in, a self-contained picture comes out, with PNG and HTML on request.
//!
//! ```text
//! page                HTML pages that hold charts, tables and text
//! charts/             one file a kind of chart: its input as a struct, its picture as a function
//! drawing/            what all charts share: axes, ticks, legends, text, colors, SVG and its pixels
//! ```
//!
//! The crate knows numbers and names, not stages or files. Every picture has a white background, as on a slide, and
//! colors that color-blind readers can tell apart. Text is measured with the fonts of the DejaVu family, which are
//! embedded; the layout therefore does not depend on the machine, nothing is ever clipped, and equal input gives equal
//! bytes.
//!
//! - [`confusion_matrix`] of a [`Confusion`]: true against predicted classes, of any number of classes; of more than
//!   [`MAX_WITH_NAMES`] the most confused pairs.
//! - [`rate_curves`] of [`RateCurves`]: ROC and precision-recall curves.
//! - [`reliability`] of [`Reliability`] and [`coverage`] of [`Coverage`]: what a confidence is worth.
//! - [`class_bars`] of [`ClassBars`] and [`slices`] of [`Slices`]: figures with their intervals, by class and by slice.
//! - [`scores`] of [`Scores`]: predicted against true scores, and the residuals.
//! - [`curves`] of [`Curves`]: quantities over training steps.
//! - [`bar_chart`] of a [`BarChart`]: grouped horizontal bars, as for benchmarks.
//! - [`scatter`] of [`Scatter`] and [`parallel_coordinates`] of [`ParallelCoordinates`]: many quantities, such as
//!   hyper-parameters, of many observations.
//! - [`html`] of a [`Page`]: charts, tables, tiles and text in one file that needs no network.
//! - [`png`]: any SVG as pixels; its only errors are [`FigureError`]s. [`missing_glyphs`] are boxes there.
//!
//! To add a chart, write one file in `charts/` with its tests, and name it in `charts.rs`.

mod page;
mod charts;
mod drawing;
#[cfg(test)]
mod testing;

pub use charts::*;
pub use drawing::glyphs::missing_glyphs;
pub use drawing::raster::{FigureError, png};
pub use drawing::scale::Scale;
pub use page::{Cell, Chart, Column, DataTable, Emphasis, Page, Part, Tile, Token, html};
