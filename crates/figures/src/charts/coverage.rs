//! Coverage: the accuracy on the rows that are left when the least certain ones are set aside (El-Yaniv and Wiener, 2010).

use super::estimate::Estimate;
use crate::drawing::axis::is_drawable;
use crate::drawing::color;
use crate::drawing::downsample::downsample;
use crate::drawing::font::{Anchor, Font};
use crate::drawing::geometry::{Interval, Point, Size, extent};
use crate::drawing::plot::{Numbers, Plot, Ruler};
use crate::drawing::svg::{Element, circle, document, polygon, polyline};
use crate::drawing::title::{MARGIN, title_block};

const SIZE: Size = Size::new(680.0, 380.0);
const LABEL: Font = Font::bold(11.0);
const MAX_BAND: usize = 300;

/// Accuracy against coverage.
#[derive(Clone, Copy, Debug)]
pub struct Coverage<'a> {
    /// May be empty.
    pub title: &'a str,
    /// May be empty.
    pub subtitle: &'a str,
    /// In ascending order of coverage.
    pub points: &'a [CoveragePoint],
    /// Thresholds to point out.
    pub marks: &'a [CoverageMark<'a>],
}

/// The accuracy on a fraction of the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoveragePoint {
    /// The fraction that is left, from 0 to 1.
    pub coverage: f64,
    /// The accuracy on it.
    pub accuracy: Estimate,
}

/// A threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoverageMark<'a> {
    /// Where it is.
    pub coverage: f64,
    /// The accuracy there.
    pub accuracy: f64,
    /// Such as "confidence ≥ 0.93".
    pub label: &'a str,
}

/// Draws accuracy against coverage as SVG.
#[must_use]
pub fn coverage(chart: &Coverage) -> String {
    // The first few rows alone say nothing, and their intervals reach down to zero.
    let settled = chart.points.iter().filter(|point| point.coverage >= 0.05);
    let values = settled.flat_map(|point| point.accuracy.values());
    let values = extent(values.chain(chart.marks.iter().map(|mark| mark.accuracy).filter(|&value| is_drawable(value))));
    let lowest = values.map_or(0.0, |values| values.start).clamp(0.0, 0.95);
    let x =
        Ruler { values: Interval::UNIT, numbers: Numbers::Percent, title: "Coverage: share of rows that are answered" };
    let start = (lowest * 10.0 - 0.2).floor().max(0.0) / 10.0;
    let y = Ruler { values: Interval::new(start, 1.0), numbers: Numbers::Percent, title: "Accuracy on them" };
    let left = MARGIN + y.left_width();
    let mut page = title_block(chart.title, chart.subtitle, SIZE.width + left - MARGIN);
    let plot = Plot::new(Point::new(left, page.bottom), SIZE, x, y);
    page.append(plot.draw());
    let at = |coverage: f64, accuracy: f64| plot.at(coverage.clamp(0.0, 1.0), accuracy.clamp(start, 1.0));
    page.elements.extend(band(chart.points, &at));
    let points = chart.points.iter().map(|point| (point.coverage, point.accuracy.value));
    let points = points.filter(|&(x, y)| is_drawable(x) && is_drawable(y));
    let line: Vec<Point> = downsample(points.collect()).into_iter().map(|(x, y)| at(x, y)).collect();
    page.elements.extend(line.is_empty().then(|| plot.no_data()));
    // A line of one point is none.
    page.elements.extend((line.len() == 1).then(|| circle(line[0], 4.0).set("fill", color::series(0))));
    page.elements.push(polyline(&line).set("stroke", color::series(0)).number("stroke-width", 2.2));
    page.elements.extend(marks(chart.marks, &plot, &line, &at));
    document(Size::new(page.right + MARGIN, page.bottom + MARGIN), chart.title, page.elements)
}

/// The area between the bounds of the intervals.
fn band(points: &[CoveragePoint], at: &impl Fn(f64, f64) -> Point) -> Option<Element> {
    let bounds = |point: &CoveragePoint| {
        let bounds = point.accuracy.bounds().filter(|_| is_drawable(point.coverage));
        bounds.map(|(low, high)| (point.coverage, low, high))
    };
    let stride = points.len().div_ceil(MAX_BAND).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate().filter(|(index, _)| index % stride == 0 || *index == last);
    let kept: Vec<(f64, f64, f64)> = kept.filter_map(|(_, point)| bounds(point)).collect();
    let upper = kept.iter().map(|&(x, _, high)| at(x, high));
    let lower = kept.iter().rev().map(|&(x, low, _)| at(x, low));
    let outline: Vec<Point> = upper.chain(lower).collect();
    (kept.len() > 1).then(|| polygon(&outline).set("fill", color::series(0)).number("fill-opacity", 0.18))
}

/// A dot with its label below or above it, where the label touches no other and not the curve, and is inside the frame.
fn marks(marks: &[CoverageMark], plot: &Plot, curve: &[Point], at: &impl Fn(f64, f64) -> Point) -> Vec<Element> {
    const STEP: f64 = 16.0;
    let mut elements = Vec::new();
    let mut taken: Vec<(Interval, f64)> = Vec::new();
    let shown = marks.iter().filter(|mark| is_drawable(mark.coverage) && is_drawable(mark.accuracy));
    for mark in shown {
        let position = at(mark.coverage, mark.accuracy);
        elements.push(circle(position, 5.0).set("fill", color::HIGHLIGHT).set("stroke", "#ffffff"));
        let label = LABEL.shortened(mark.label, SIZE.width / 2.0);
        let width = LABEL.width(&label);
        let left = (position.x - width / 2.0).min(plot.frame.right - width - 6.0).max(plot.frame.left + 6.0);
        let span = Interval::new(left - 4.0, left + width + 4.0);
        let is_free = |&y: &f64| {
            let inside = y > plot.frame.top + 8.0 && y < plot.frame.bottom - 8.0;
            let touches = |(other, at): &(Interval, f64)| {
                other.start < span.end && span.start < other.end && (at - y).abs() < STEP - 1.0
            };
            inside && !taken.iter().any(touches) && !crosses(curve, span, y)
        };
        let below_and_above = (1..8).flat_map(|step| [STEP, -STEP].map(|side| position.y + side * f64::from(step)));
        if let Some(y) = below_and_above.into_iter().find(is_free) {
            taken.push((span, y));
            elements.push(LABEL.centered_line(Point::new(left, y), Anchor::Start, &label));
        }
    }
    elements
}

/// Whether the curve runs through a label around `y`.
fn crosses(curve: &[Point], label: Interval, y: f64) -> bool {
    curve.windows(2).any(|ends| {
        let beside = ends[0].x.max(ends[1].x) < label.start || ends[0].x.min(ends[1].x) > label.end;
        let away = ends[0].y.max(ends[1].y) < y - LABEL.size || ends[0].y.min(ends[1].y) > y + LABEL.size;
        !beside && !away
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn draw(points: &[CoveragePoint], marks: &[CoverageMark]) -> String {
        coverage(&Coverage { title: "Coverage", subtitle: "test", points, marks })
    }

    fn points(n: u32) -> Vec<CoveragePoint> {
        let point = |index| {
            let coverage = f64::from(index + 1) / f64::from(n);
            let value = 1.0 - 0.12 * coverage;
            CoveragePoint { coverage, accuracy: Estimate { value, interval: Some((value - 0.05, value + 0.02)) } }
        };
        (0..n).map(point).collect()
    }

    #[test]
    fn thresholds_are_named() {
        let mark = |label| CoverageMark { coverage: 0.99, accuracy: 0.9, label };
        let svg = draw(&points(50_000), &[mark("confidence ≥ 0.93"), mark("confidence ≥ 0.95")]);
        assert_text_is_readable(&svg);
        assert!(svg.len() < 60_000, "{}", svg.len());
        assert!(
            ["confidence ≥ 0.95", "80 %", "Accuracy on them"]
                .iter()
                .all(|text| texts(&svg).contains(&(*text).to_owned()))
        );
        assert_eq!(svg.matches("<polygon").count(), 1);
    }

    #[test]
    fn the_curve_does_not_run_through_a_label() {
        let curve = [Point::new(0.0, 10.0), Point::new(100.0, 60.0)];
        let label = Interval::new(40.0, 60.0);
        assert!(crosses(&curve, label, 35.0) && crosses(&curve, label, 25.0));
        assert!(!crosses(&curve, Interval::new(110.0, 130.0), 60.0) && !crosses(&curve, label, 90.0));
    }

    #[test]
    fn anything_is_a_picture() {
        assert!(texts(&draw(&[], &[])).contains(&"no data".to_owned()));
        let nan =
            CoveragePoint { coverage: 0.5, accuracy: Estimate { value: f64::NAN, interval: Some((0.0, f64::NAN)) } };
        assert!(!draw(&[nan], &[]).contains("NaN"));
        let long = "x".repeat(4000);
        let marks: Vec<CoverageMark> =
            (0..9).map(|_| CoverageMark { coverage: 0.0, accuracy: 0.4, label: &long }).collect();
        assert_text_is_readable(&draw(&points(1), &marks));
    }
}
