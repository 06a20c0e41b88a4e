//! Reliability diagram: how often predictions of a confidence are right, with the interval of each bin, over a histogram
//! of the confidences (Niculescu-Mizil and Caruana, 2005).

use super::estimate::{Estimate, whisker};
use crate::drawing::axis::is_drawable;
use crate::drawing::color::{self, REFERENCE};
use crate::drawing::geometry::{Interval, Point, Size, extent};
use crate::drawing::legend::{Entry, Swatch, legend};
use crate::drawing::plot::{Numbers, Plot, Ruler};
use crate::drawing::svg::{Element, circle, document, line, polyline, rect};
use crate::drawing::title::{MARGIN, title_block};

const SIDE: Size = Size::new(560.0, 380.0);
const HISTOGRAM_HEIGHT: f64 = 110.0;
/// Two sets of bins are told apart by color, by shape and by a shift of so many pixels.
const SHIFT: f64 = 5.0;

/// One or two sets of bins, such as before and after a temperature.
#[derive(Clone, Copy, Debug)]
pub struct Reliability<'a> {
    /// May be empty.
    pub title: &'a str,
    /// Such as "expected calibration error 0.021"; may be empty.
    pub subtitle: &'a str,
    /// Each with the name in the legend.
    pub series: &'a [ReliabilitySeries<'a>],
}

/// The bins of one set of probabilities.
#[derive(Clone, Copy, Debug)]
pub struct ReliabilitySeries<'a> {
    /// In the legend, which a single one does not need.
    pub name: &'a str,
    /// In ascending order.
    pub bins: &'a [ReliabilityBin],
}

/// The predictions whose confidence is in an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// The lower and the upper edge, from 0 to 1.
    pub edges: (f64, f64),
    /// How many predictions; one without any is only a gap in the histogram.
    pub n: u64,
    /// The mean of their confidences.
    pub confidence: f64,
    /// The fraction of them that is right.
    pub accuracy: Estimate,
}

/// Draws a reliability diagram as SVG.
#[must_use]
pub fn reliability(chart: &Reliability) -> String {
    let bins = || chart.series.iter().flat_map(|series| series.bins).filter(|bin| bin.n > 0);
    let edges = bins().flat_map(|bin| [bin.edges.0, bin.edges.1]).filter(|edge| (0.0..=1.0).contains(edge));
    let start = extent(edges).map_or(0.0, |edges| edges.start);
    let across = Interval::new(if start < 1.0 { start } else { 0.0 }, 1.0);
    let most = bins().map(|bin| bin.n).max().unwrap_or(1) as f64;
    let x = Ruler { values: across, numbers: Numbers::Hidden, title: "" };
    let y = Ruler { values: Interval::UNIT, numbers: Numbers::Plain, title: "Accuracy" };
    let counts = Ruler { values: Interval::new(0.0, 1.08 * most), numbers: Numbers::Whole, title: "Rows" };

    let left = MARGIN + y.left_width().max(counts.left_width());
    let right = left + SIDE.width;
    let mut page = title_block(chart.title, chart.subtitle, right - MARGIN);
    if chart.series.len() > 1 {
        page.append(legend(&entries(chart), Point::new(left, page.bottom - 6.0), right));
        page.bottom += 8.0;
    }
    let upper = Plot::new(Point::new(left, page.bottom), SIDE, x, y);
    page.append(upper.draw());
    let diagonal = line(upper.at(across.start, across.start), upper.at(1.0, 1.0)).set("stroke", REFERENCE);
    page.elements.push(diagonal.number("stroke-width", 1.4).set("stroke-dasharray", "4 4"));
    page.elements.extend(bins().next().is_none().then(|| upper.no_data()));
    for (index, series) in chart.series.iter().enumerate() {
        page.elements.extend(points(series, index, chart.series.len(), &upper));
    }

    let x = Ruler { values: across, numbers: Numbers::Plain, title: "Confidence" };
    let corner = Point::new(left, page.bottom + 16.0);
    let lower = Plot::new(corner, Size::new(SIDE.width, HISTOGRAM_HEIGHT), x, counts);
    page.append(lower.draw());
    page.elements.extend(histogram(chart, &lower));
    document(Size::new(page.right.max(right) + MARGIN, page.bottom + MARGIN), chart.title, page.elements)
}

fn entries<'a>(chart: &Reliability<'a>) -> Vec<Entry<'a>> {
    let entry = |(index, series): (usize, &ReliabilitySeries<'a>)| Entry {
        name: series.name,
        color: color::series(index),
        swatch: if index == 0 { Swatch::Markers } else { Swatch::Square },
    };
    chart.series.iter().enumerate().map(entry).collect()
}

/// A line through the bins, with a whisker and a dot or a square at each.
fn points(series: &ReliabilitySeries, index: usize, n_series: usize, plot: &Plot) -> Vec<Element> {
    let shift = if n_series > 1 { SHIFT * (index as f64 - (n_series - 1) as f64 / 2.0) } else { 0.0 };
    let at = |x: f64, y: f64| {
        let point = plot.at(x, y.clamp(0.0, 1.0));
        Point::new(point.x + shift, point.y)
    };
    let is_shown = |bin: &&ReliabilityBin| bin.n > 0 && is_drawable(bin.confidence) && is_drawable(bin.accuracy.value);
    let shown: Vec<&ReliabilityBin> = series.bins.iter().filter(is_shown).collect();
    let color = color::series(index);
    let positions: Vec<Point> = shown.iter().map(|bin| at(bin.confidence, bin.accuracy.value)).collect();
    let mut elements = vec![polyline(&positions).set("stroke", color).number("stroke-width", 1.6)];
    for (bin, &position) in shown.iter().zip(&positions) {
        let bounds = bin.accuracy.bounds();
        elements.extend(
            bounds.into_iter().flat_map(|(low, high)| whisker(at(bin.confidence, low), at(bin.confidence, high))),
        );
        let shape = if index == 0 {
            circle(position, 4.5)
        } else {
            rect(Point::new(position.x - 4.0, position.y - 4.0), Size::square(8.0))
        };
        elements.push(shape.set("fill", color).set("stroke", "#ffffff"));
    }
    elements
}

/// The bars of each bin, one for each series.
fn histogram(chart: &Reliability, plot: &Plot) -> Vec<Element> {
    let mut elements = Vec::new();
    for (index, series) in chart.series.iter().enumerate() {
        for bin in series.bins.iter().filter(|bin| bin.n > 0 && is_drawable(bin.edges.0) && is_drawable(bin.edges.1)) {
            let (left, right) = (plot.x.pixel(bin.edges.0) + 1.0, plot.x.pixel(bin.edges.1) - 1.0);
            let width = ((right - left) / chart.series.len() as f64).max(0.5);
            let top = plot.y.pixel(bin.n as f64);
            let corner = Point::new(left + width * index as f64, top);
            let bar = rect(corner, Size::new(width, plot.frame.bottom - top));
            elements.push(bar.set("fill", color::series(index)));
        }
    }
    elements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn bin(index: u32, n: u64) -> ReliabilityBin {
        let middle = 0.55 + f64::from(index) / 10.0;
        let accuracy = Estimate { value: middle - 0.05, interval: Some((middle - 0.2, middle + 0.04)) };
        ReliabilityBin { edges: (middle - 0.05, middle + 0.05), n, confidence: middle, accuracy }
    }

    fn draw(series: &[ReliabilitySeries]) -> String {
        reliability(&Reliability { title: "Reliability", subtitle: "", series })
    }

    #[test]
    fn a_bin_with_rows_has_a_dot_and_a_bar() {
        let bins: Vec<ReliabilityBin> =
            [40, 0, 90, 300, 12_345].into_iter().enumerate().map(|(index, n)| bin(index as u32, n)).collect();
        let svg = draw(&[ReliabilitySeries { name: "", bins: &bins }]);
        assert_text_is_readable(&svg);
        assert_eq!(svg.matches("<circle").count(), 4);
        assert!(
            ["Accuracy", "Rows", "Confidence", "10,000", "0.5", "1.0"]
                .iter()
                .all(|text| texts(&svg).contains(&(*text).to_owned()))
        );
    }

    #[test]
    fn two_sets_are_named_and_nothing_is_drawn_of_none() {
        let bins = [bin(0, 1)];
        let series = |name| ReliabilitySeries { name, bins: &bins };
        let svg = draw(&[series("as trained"), series("temperature 1.31")]);
        assert_text_is_readable(&svg);
        assert!(texts(&svg).contains(&"temperature 1.31".to_owned()));
        assert_text_is_readable(&draw(&[]));
        assert!(texts(&draw(&[])).contains(&"no data".to_owned()));
        let nan = ReliabilityBin { confidence: f64::NAN, edges: (f64::NAN, 1.0), ..bin(0, 1) };
        assert!(!draw(&[ReliabilitySeries { name: "", bins: &[nan] }]).contains("NaN"));
    }
}
