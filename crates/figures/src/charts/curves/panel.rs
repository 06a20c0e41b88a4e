//! One panel of curves: its title and legend, its grid, and its series.

use crate::drawing::axis::{Axis, is_drawable};
use crate::drawing::color::{self, FAINT_TEXT};
use crate::drawing::downsample::downsample;
use crate::drawing::font::{Anchor, Font};
use crate::drawing::frame::{Frame, widest_label};
use crate::drawing::geometry::{Interval, Point, extent};
use crate::drawing::legend::{Entry, FAINT_OPACITY, Swatch, legend};
use crate::drawing::svg::{Block, Element, circle, polyline};

const TITLE: Font = Font::bold(14.0);
const N_TICKS: usize = 6;

/// One quantity, of one or more series.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What the panel shows.
    pub title: String,
    /// The name of the vertical axis, with its unit.
    pub y_label: String,
    /// Each in a color of its own, later ones over earlier ones. A single one that has the name of the panel needs no
    /// legend.
    pub series: Vec<Series>,
    /// Whether the vertical axis is logarithmic.
    pub log_y: bool,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend; one without a name is not in the legend.
    pub name: String,
    /// `(x, y)` in ascending order of `x`; many are downsampled for drawing.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub style: Style,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A line, for many points.
    Line,
    /// A thin and pale line, for noise behind the series that smooths it.
    Faint,
    /// A line with a dot at every point; of more than 60 points without.
    Markers,
    /// A thin gray line, for one of many that another stands out from.
    Background,
    /// A line in the color of what is highlighted, with dots as those of `Markers`.
    Highlight,
}

impl Style {
    fn color(self, index: usize) -> &'static str {
        match self {
            Self::Line | Self::Faint | Self::Markers => color::series(index),
            Self::Background => color::REFERENCE,
            Self::Highlight => color::HIGHLIGHT,
        }
    }

    fn is_pale(self) -> bool {
        matches!(self, Self::Faint | Self::Background)
    }

    fn has_dots(self) -> bool {
        matches!(self, Self::Markers | Self::Highlight)
    }
}

/// A panel and the points of it that are drawn.
pub(super) struct Plot<'a> {
    pub(super) panel: &'a Panel,
    /// By series.
    points: Vec<Vec<(f64, f64)>>,
}

impl<'a> Plot<'a> {
    pub(super) fn new(panel: &'a Panel) -> Self {
        let is_shown = |&(x, y): &(f64, f64)| is_drawable(x) && is_drawable(y) && (y > 0.0 || !panel.log_y);
        let shown = |series: &Series| downsample(series.points.iter().copied().filter(is_shown).collect());
        Self { panel, points: panel.series.iter().map(shown).collect() }
    }

    /// The values on the horizontal axis.
    pub(super) fn x_values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().flatten().map(|point| point.0)
    }

    /// Width in pixels of the widest number at the vertical axis.
    pub(super) fn tick_width(&self) -> f64 {
        self.y_axis(Interval::UNIT).map_or(0.0, |axis| widest_label(&axis, N_TICKS))
    }

    /// The title, and the legend beside it or, where both do not fit in a line, below it.
    pub(super) fn heading(&self, corner: Point, right: f64) -> Block {
        let width = right - corner.x;
        let mut block = Block { elements: Vec::new(), right, bottom: corner.y };
        let lines = TITLE.wrap_shortened(&self.panel.title, width, 3);
        for line in &lines {
            let center = Point::new(corner.x, block.bottom + 10.0);
            block.elements.push(TITLE.centered_line(center, Anchor::Start, line));
            block.bottom += 20.0;
        }
        let title_width = TITLE.widest(&lines);
        let beside = lines.len() <= 1 && title_width < 0.4 * width;
        let legend_corner = if beside {
            Point::new(corner.x + title_width + 24.0, corner.y)
        } else {
            Point::new(corner.x, block.bottom)
        };
        block.append(legend(&self.legend_entries(), legend_corner, right));
        block
    }

    /// Lines at the ticks of both axes, the numbers of the vertical one, and the border.
    pub(super) fn grid(&self, frame: &Frame, x_axis: &Axis, whole_x: bool) -> Vec<Element> {
        let mut elements = Vec::new();
        for tick in if whole_x { x_axis.whole_ticks(7) } else { x_axis.ticks(7) } {
            elements.push(frame.line_at_x(x_axis.pixel(tick.value)));
        }
        if let Some(y_axis) = self.y_axis(frame.upwards()) {
            for tick in y_axis.ticks(N_TICKS) {
                let y = y_axis.pixel(tick.value);
                elements.extend([frame.line_at_y(y), frame.y_label(y, &tick.label)]);
            }
        }
        elements.push(frame.border());
        elements
    }

    /// The series, later ones over earlier ones.
    pub(super) fn curves(&self, frame: &Frame, x_axis: &Axis) -> Vec<Element> {
        let Some(y_axis) = self.y_axis(frame.upwards()) else {
            return vec![TITLE.centered_line(frame.center(), Anchor::Middle, "no data").set("fill", FAINT_TEXT)];
        };
        let position = |&(x, y): &(f64, f64)| Point::new(x_axis.pixel(x), y_axis.pixel(y));
        let mut elements = Vec::new();
        for (index, (series, points)) in self.panel.series.iter().zip(&self.points).enumerate() {
            let positions: Vec<Point> = points.iter().map(position).collect();
            elements.extend(curve(&positions, series.style, series.style.color(index)));
        }
        elements
    }

    /// `None` without points.
    fn y_axis(&self, pixels: Interval) -> Option<Axis> {
        let values = extent(self.points.iter().flatten().map(|point| point.1))?;
        Some(if self.panel.log_y { Axis::logarithmic(values, pixels) } else { Axis::padded(values, pixels) })
    }

    /// One entry for each series with a name; none for a series that the title already names.
    fn legend_entries(&self) -> Vec<Entry<'_>> {
        if let [only] = self.panel.series.as_slice()
            && only.name.eq_ignore_ascii_case(&self.panel.title)
        {
            return Vec::new();
        }
        let entry = |(index, series): (usize, &'a Series)| Entry {
            name: &series.name,
            color: series.style.color(index),
            swatch: match series.style {
                Style::Line => Swatch::Line,
                Style::Faint | Style::Background => Swatch::FaintLine,
                Style::Markers | Style::Highlight => Swatch::Markers,
            },
        };
        self.panel.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty()).map(entry).collect()
    }
}

/// More dots of a line would cover it, and what is beside it.
const MOST_DOTS: usize = 60;

/// A line through the points, with dots where the style has them or where a line would have no length.
fn curve(points: &[Point], style: Style, color: &str) -> Vec<Element> {
    let (width, opacity) = if style.is_pale() { (1.0, FAINT_OPACITY) } else { (1.7, 1.0) };
    let line = polyline(points).set("stroke", color).number("stroke-width", width);
    let line = line.set("stroke-linejoin", "round").number("stroke-opacity", opacity);
    let too_many = points.len() > MOST_DOTS;
    if (!style.has_dots() || too_many) && points.len() > 1 {
        return vec![line];
    }
    let dots = points.iter().map(|&point| circle(point, 3.5).set("fill", color).set("stroke", "#ffffff"));
    [line].into_iter().chain(dots).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_points_have_no_dots_and_one_alone_has_one() {
        let n_elements = |n: u32, style| {
            let points: Vec<Point> = (0..n).map(|x| Point::new(f64::from(x), 0.0)).collect();
            curve(&points, style, "#000000").len()
        };
        assert_eq!((n_elements(60, Style::Markers), n_elements(61, Style::Markers)), (61, 1));
        assert_eq!((n_elements(2, Style::Line), n_elements(1, Style::Line)), (1, 2));
    }
}
