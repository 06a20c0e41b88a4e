//! One panel of curves: its heading, its grid, and its series.

use crate::axis::{Axis, extent, is_drawable};
use crate::color::{self, FAINT_INK};
use crate::curves::{Panel, Series, Style};
use crate::font::{Anchor, Font};
use crate::legend::{Entry, FAINT_OPACITY, Swatch, legend};
use crate::svg::{Block, Element, circle, line, polyline, rect};
use crate::thin::thin;

/// Of the numbers at the ticks.
pub(crate) const TICK: Font = Font::regular(11.0);

const TITLE: Font = Font::bold(14.0);
pub(crate) const GRID: &str = "#e6eaee";
pub(crate) const FRAME: &str = "#aab3bc";

/// A panel and the points of it that are drawn.
pub(crate) struct Plot<'a> {
    pub(crate) panel: &'a Panel,
    /// By series.
    pub(crate) points: Vec<Vec<(f64, f64)>>,
}

/// The area that curves are drawn in.
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl<'a> Plot<'a> {
    pub(crate) fn new(panel: &'a Panel) -> Self {
        let is_shown = |&(x, y): &(f64, f64)| is_drawable(x) && is_drawable(y) && (y > 0.0 || !panel.log_y);
        let shown = |series: &Series| thin(series.points.iter().copied().filter(is_shown).collect());
        Self { panel, points: panel.series.iter().map(shown).collect() }
    }

    /// Width of the widest number at the vertical axis.
    pub(crate) fn tick_width(&self) -> f64 {
        let axis = self.y_axis((0.0, 1.0));
        let ticks = axis.map(|axis| axis.ticks(Self::N_TICKS)).unwrap_or_default();
        TICK.widest(ticks.iter().map(|tick| &tick.label))
    }

    /// The title, and the legend beside it or, where there is too little room, below it.
    pub(crate) fn heading(&self, (left, top): (f64, f64), right: f64) -> Block {
        let mut block = Block { elements: Vec::new(), right, bottom: top };
        let lines = TITLE.wrap(&self.panel.title, right - left);
        for line in &lines {
            let center = (left, block.bottom + 10.0);
            block.elements.push(TITLE.centered_line(center, Anchor::Start, line));
            block.bottom += 20.0;
        }
        let title_width = TITLE.widest(&lines);
        let beside = lines.len() <= 1 && title_width < 0.4 * (right - left);
        let corner = if beside { (left + title_width + 24.0, top) } else { (left, block.bottom) };
        block.append(legend(&self.entries(), corner, right));
        block
    }

    /// Lines at the ticks of both axes, the numbers of the vertical one, and the frame around them.
    pub(crate) fn grid(&self, frame: &Frame, x_axis: &Axis) -> Vec<Element> {
        let mut elements = Vec::new();
        for tick in x_axis.ticks(8) {
            let x = x_axis.place(tick.value);
            elements.push(line((x, frame.top), (x, frame.bottom)).set("stroke", GRID));
        }
        if let Some(y_axis) = self.y_axis((frame.bottom, frame.top)) {
            for tick in y_axis.ticks(Self::N_TICKS) {
                let y = y_axis.place(tick.value);
                let number = TICK.centered_line((frame.left - 8.0, y), Anchor::End, &tick.label);
                elements.push(line((frame.left, y), (frame.right, y)).set("stroke", GRID));
                elements.push(number.set("fill", FAINT_INK));
            }
        }
        let size = (frame.right - frame.left, frame.bottom - frame.top);
        elements.push(rect((frame.left, frame.top), size).set("fill", "none").set("stroke", FRAME));
        elements
    }

    /// The series, later ones over earlier ones.
    pub(crate) fn curves(&self, frame: &Frame, x_axis: &Axis) -> Vec<Element> {
        let Some(y_axis) = self.y_axis((frame.bottom, frame.top)) else {
            let center = (f64::midpoint(frame.left, frame.right), f64::midpoint(frame.top, frame.bottom));
            return vec![TITLE.centered_line(center, Anchor::Middle, "no data").set("fill", FAINT_INK)];
        };
        let place = |&(x, y): &(f64, f64)| (x_axis.place(x), y_axis.place(y));
        let mut elements = Vec::new();
        for (index, (series, points)) in self.panel.series.iter().zip(&self.points).enumerate() {
            let places: Vec<(f64, f64)> = points.iter().map(place).collect();
            elements.extend(curve(&places, series.style, color::series(index)));
        }
        elements
    }

    const N_TICKS: usize = 6;

    /// `None` without points.
    fn y_axis(&self, pixels: (f64, f64)) -> Option<Axis> {
        let values = extent(self.points.iter().flatten().map(|point| point.1))?;
        Some(if self.panel.log_y { Axis::logarithmic(values, pixels) } else { Axis::roomy(values, pixels) })
    }

    /// One entry for each series with a name; none for a series that the title already names.
    fn entries(&self) -> Vec<Entry<'_>> {
        if let [only] = self.panel.series.as_slice()
            && only.name.eq_ignore_ascii_case(&self.panel.title)
        {
            return Vec::new();
        }
        let entry = |(index, series): (usize, &'a Series)| Entry {
            name: &series.name,
            color: color::series(index),
            swatch: match series.style {
                Style::Line => Swatch::Line,
                Style::Faint => Swatch::FaintLine,
                Style::Markers => Swatch::Markers,
            },
        };
        self.panel.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty()).map(entry).collect()
    }
}

/// A line through the places, and dots at them where asked for or where a line would have no length.
fn curve(places: &[(f64, f64)], style: Style, color: &str) -> Vec<Element> {
    let (width, opacity) = if style == Style::Faint { (1.0, FAINT_OPACITY) } else { (1.7, 1.0) };
    let line = polyline(places).set("stroke", color).number("stroke-width", width);
    let line = line.set("stroke-linejoin", "round").number("stroke-opacity", opacity);
    if style != Style::Markers && places.len() > 1 {
        return vec![line];
    }
    let dots = places.iter().map(|&place| circle(place, 3.5).set("fill", color).set("stroke", "#ffffff"));
    [line].into_iter().chain(dots).collect()
}
