//! What all charts share, from the largest part of a picture down to its pixels.

pub(crate) mod title;
pub(crate) mod legend;
pub(crate) mod plot;
pub(crate) mod frame;
pub(crate) mod scale;
pub(crate) mod axis;
pub(crate) mod ticks;
pub(crate) mod downsample;
pub(crate) mod names;
pub(crate) mod font;
pub(crate) mod glyphs;
pub(crate) mod color;
pub(crate) mod svg;
pub(crate) mod geometry;
pub(crate) mod raster;
