//! Histogram: counts of bins as bars, those of several series on top of each other.

use crate::drawing::axis::is_drawable;
use crate::drawing::color;
use crate::drawing::geometry::{Interval, Point, Size, extent};
use crate::drawing::legend::{Entry, Swatch, legend};
use crate::drawing::plot::{Numbers, Plot, Ruler};
use crate::drawing::svg::{Element, document, rect};
use crate::drawing::title::{MARGIN, title_block};

const SIZE: Size = Size::new(680.0, 320.0);

/// Numbers of rows by bin.
#[derive(Clone, Copy, Debug)]
pub struct Histogram<'a> {
    /// May be empty.
    pub title: &'a str,
    /// May be empty.
    pub subtitle: &'a str,
    /// What is binned.
    pub x_label: &'a str,
    /// The edges of the bins in ascending order, `n_bins + 1` of them.
    pub edges: &'a [f64],
    /// From the bottom to the top.
    pub series: &'a [HistogramSeries<'a>],
}

/// The counts of some of the rows.
#[derive(Clone, Copy, Debug)]
pub struct HistogramSeries<'a> {
    /// In the legend, which a single one does not need.
    pub name: &'a str,
    /// Length `n_bins`.
    pub counts: &'a [u64],
}

/// Draws a histogram as SVG.
#[must_use]
pub fn histogram(chart: &Histogram) -> String {
    let count = |series: &HistogramSeries, bin: usize| series.counts.get(bin).copied().unwrap_or(0);
    let n_bins = chart.edges.len().saturating_sub(1);
    let totals = (0..n_bins).map(|bin| chart.series.iter().map(|series| count(series, bin)).sum::<u64>());
    let highest = totals.max().unwrap_or(0).max(1) as f64;
    let across = extent(chart.edges.iter().copied().filter(|&edge| is_drawable(edge))).unwrap_or(Interval::UNIT);
    let x = Ruler { values: across, numbers: Numbers::Plain, title: chart.x_label };
    let y = Ruler { values: Interval::new(0.0, 1.06 * highest), numbers: Numbers::Whole, title: "Rows" };

    let left = MARGIN + y.left_width();
    let mut page = title_block(chart.title, chart.subtitle, SIZE.width + left - MARGIN);
    if chart.series.len() > 1 {
        let entry = |(index, series): (usize, &HistogramSeries<'_>)| (color::series(index), series.name.to_owned());
        let names: Vec<(&str, String)> = chart.series.iter().enumerate().map(entry).collect();
        let entries: Vec<Entry> =
            names.iter().map(|(color, name)| Entry { name, color, swatch: Swatch::Square }).collect();
        page.append(legend(&entries, Point::new(left, page.bottom - 6.0), left + SIZE.width));
        page.bottom += 8.0;
    }
    let plot = Plot::new(Point::new(left, page.bottom), SIZE, x, y);
    page.append(plot.draw());
    for bin in 0..n_bins {
        let mut floor = 0;
        for (index, series) in chart.series.iter().enumerate() {
            let ceiling = floor + count(series, bin);
            page.elements.extend(bar(&plot, (chart.edges[bin], chart.edges[bin + 1]), (floor, ceiling), index));
            floor = ceiling;
        }
    }
    document(Size::new(page.right + MARGIN, page.bottom + MARGIN), chart.title, page.elements)
}

fn bar(plot: &Plot, edges: (f64, f64), counts: (u64, u64), series: usize) -> Option<Element> {
    let is_drawn = counts.1 > counts.0 && is_drawable(edges.0) && is_drawable(edges.1);
    let (left, right) = (plot.x.pixel(edges.0), plot.x.pixel(edges.1));
    let (bottom, top) = (plot.y.pixel(counts.0 as f64), plot.y.pixel(counts.1 as f64));
    let gap = if right - left > 4.0 { 1.0 } else { 0.0 };
    let size = Size::new((right - left - gap).max(0.5), bottom - top);
    is_drawn.then(|| rect(Point::new(left, top), size).set("fill", color::series(series)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn draw(edges: &[f64], series: &[HistogramSeries]) -> String {
        histogram(&Histogram { title: "Lengths", subtitle: "", x_label: "word pieces", edges, series })
    }

    #[test]
    fn bars_stand_on_each_other() {
        let right = HistogramSeries { name: "right", counts: &[3, 0, 9] };
        let wrong = HistogramSeries { name: "wrong", counts: &[1, 0] };
        let svg = draw(&[0.0, 0.5, 0.75, 1.0], &[right, wrong]);
        assert_text_is_readable(&svg);
        assert_eq!(svg.matches("fill=\"#0072b2\"").count(), 3, "two bars and a swatch");
        assert_eq!(svg.matches("fill=\"#d55e00\"").count(), 2);
        assert!(["right", "wrong", "Rows", "word pieces"].iter().all(|text| texts(&svg).contains(&(*text).to_owned())));
    }

    #[test]
    fn nothing_is_a_picture_too() {
        for edges in [&[][..], &[1.0], &[1.0, 1.0], &[f64::NAN, 1.0]] {
            let svg = draw(edges, &[HistogramSeries { name: "", counts: &[7] }]);
            assert_text_is_readable(&svg);
            assert!(!svg.contains("NaN"));
        }
    }
}
