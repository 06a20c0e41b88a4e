//! The pictures of a report: numbers go in, a self-contained SVG comes out, and a PNG of it on request.
//!
//! The crate knows numbers and names, not stages or files. Every picture has a white background, as on a slide, and
//! colours that colour-blind readers can tell apart. Text is measured with the fonts of the DejaVu family, which are
//! embedded; the layout therefore does not depend on the machine, nothing is ever clipped, and equal input gives equal
//! bytes.
//!
//! - [`confusion_matrix`] of a [`Confusion`]: true against predicted classes.
//! - [`curves`] of [`Curves`]: quantities over training steps, in stacked panels.
//! - [`bar_chart`] of [`Bars`]: grouped horizontal bars, as for benchmarks.
//! - [`parallel_coordinates`] of [`Parallel`] and [`scatter`] of [`Scatter`]: observations of many quantities.
//! - [`html`] of a [`Page`]: pictures, tables and text in one file.
//! - [`png`]: any SVG as pixels; its only errors are [`FigureError`]s.

mod axis;
mod bars;
mod color;
mod curves;
mod font;
mod header;
mod legend;
mod matrix;
mod page;
mod parallel;
mod plot;
mod raster;
mod scale;
mod scatter;
mod svg;
#[cfg(test)]
mod testing;
mod thin;
mod ticks;

pub use bars::{Bars, bar_chart};
pub use curves::{Curves, Panel, Series, Style, curves};
pub use matrix::{Confusion, confusion_matrix};
pub use page::{Page, Part, html};
pub use parallel::{Parallel, ParallelAxis, parallel_coordinates};
pub use raster::{FigureError, png};
pub use scale::Scale;
pub use scatter::{Scatter, ScatterPanel, scatter};
