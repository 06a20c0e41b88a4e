//! ROC and precision-recall curves: one for each class, the lowest areas by name and color, all others gray.

use std::cmp::Ordering;

use crate::drawing::axis::is_drawable;
use crate::drawing::color::{self, FAINT_TEXT, REFERENCE};
use crate::drawing::downsample::downsample;
use crate::drawing::font::{Anchor, Font};
use crate::drawing::geometry::{Interval, Point, Size};
use crate::drawing::names::distinct_names;
use crate::drawing::plot::{Numbers, Plot, Ruler};
use crate::drawing::svg::{Block, Element, document, line, polyline};
use crate::drawing::title::{MARGIN, title_block};

const SIDE: f64 = 440.0;
const NAME: Font = Font::regular(12.0);
const HEADING: Font = Font::bold(12.0);
const NAME_WIDTH: f64 = 200.0;
const ROW_HEIGHT: f64 = 22.0;
const MAX_NAMED: usize = 6;
/// So many gray curves show where the classes are; each takes up to a thousand points.
const MAX_OTHERS: usize = 60;
/// Beside its color, a curve is told apart by its dashes.
const DASHES: [&str; MAX_NAMED] = ["none", "7 3", "2 3", "9 3 2 3", "4 2", "12 4"];

/// What the curves are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateKind {
    /// True against false positive rate.
    Roc,
    /// Precision against recall.
    PrecisionRecall,
}

/// Curves of one or more classes.
#[derive(Clone, Copy, Debug)]
pub struct RateCurves<'a> {
    /// May be empty.
    pub title: &'a str,
    /// May be empty.
    pub subtitle: &'a str,
    /// What the curves are.
    pub kind: RateKind,
    /// One for each class; of two classes that of the positive one is enough.
    pub curves: &'a [RateCurve<'a>],
}

/// The curve of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateCurve<'a> {
    /// The class.
    pub name: &'a str,
    /// `(false positive rate, true positive rate)` or `(recall, precision)`, along the thresholds.
    pub points: &'a [(f64, f64)],
    /// The area under the curve, or the average precision; NaN if there is none.
    pub area: f64,
    /// The fraction of rows that have the class, which is the precision of chance.
    pub base_rate: f64,
}

/// Draws ROC or precision-recall curves as SVG.
#[must_use]
pub fn rate_curves(chart: &RateCurves) -> String {
    let (x, y, measure) = match chart.kind {
        RateKind::Roc => ("False positive rate", "True positive rate", "Area under the curve"),
        RateKind::PrecisionRecall => ("Recall", "Precision", "Average precision"),
    };
    let ruler = |title| Ruler { values: Interval::UNIT, numbers: Numbers::Plain, title };
    let (named, others) = ranked(chart.curves);
    let names = distinct_names(NAME, named.iter().map(|curve| curve.name), NAME_WIDTH);
    let legend_width = 38.0 + NAME.widest(&names).max(100.0) + 52.0;
    let left = MARGIN + ruler(y).left_width();
    let right = left + SIDE + 36.0 + legend_width;
    let mut page = title_block(chart.title, chart.subtitle, right - MARGIN);
    let plot = Plot::new(Point::new(left, page.bottom), Size::square(SIDE), ruler(x), ruler(y));
    let legend_corner = Point::new(left + SIDE + 36.0, page.bottom);
    page.append(plot.draw());

    page.elements.extend(chance(chart, &named, &plot));
    page.elements.extend(named.is_empty().then(|| plot.no_data()));
    let gray = others
        .iter()
        .take(MAX_OTHERS)
        .map(|curve| stroke(chart.kind, curve, &plot).set("stroke", REFERENCE).number("stroke-opacity", 0.45));
    page.elements.extend(gray);
    for (index, curve) in named.iter().enumerate().rev() {
        let curve = stroke(chart.kind, curve, &plot).set("stroke", color::series(index)).number("stroke-width", 2.2);
        page.elements.push(curve.set("stroke-dasharray", DASHES[index]));
    }
    page.append(legend(
        measure,
        &Named { curves: &named, names: &names, n_others: others.len() },
        legend_corner,
        legend_width,
    ));
    document(Size::new(right + MARGIN, page.bottom + MARGIN), chart.title, page.elements)
}

/// The curves that are named: all where there are few, else those of the lowest area; and all others.
fn ranked<'a, 'b>(curves: &'b [RateCurve<'a>]) -> (Vec<&'b RateCurve<'a>>, Vec<&'b RateCurve<'a>>) {
    let mut ranked: Vec<&RateCurve> = curves.iter().collect();
    if ranked.len() > MAX_NAMED {
        let by_area = |left: &f64, right: &f64| left.partial_cmp(right).unwrap_or(Ordering::Equal);
        ranked.sort_by(|left, right| {
            let missing = left.area.is_nan().cmp(&right.area.is_nan());
            missing.then(by_area(&left.area, &right.area))
        });
    }
    let others = ranked.split_off(ranked.len().min(MAX_NAMED));
    (ranked, others)
}

fn stroke(kind: RateKind, curve: &RateCurve, plot: &Plot) -> Element {
    let drawable = |&(x, y): &(f64, f64)| is_drawable(x) && is_drawable(y);
    let mut points = downsample(curve.points.iter().copied().filter(drawable).collect());
    if kind == RateKind::PrecisionRecall {
        points = steps(&points);
    }
    let points: Vec<Point> = points.into_iter().map(|(x, y)| plot.at(x.clamp(0.0, 1.0), y.clamp(0.0, 1.0))).collect();
    polyline(&points).set("stroke-linejoin", "round")
}

/// Between two thresholds precision is not linear in recall: the average precision is the area below steps, each as high as its
/// end at the higher recall.
fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let corner = |pair: &[(f64, f64)]| {
        let [(left, _), (_, right)] = if pair[0].0 <= pair[1].0 { [pair[0], pair[1]] } else { [pair[1], pair[0]] };
        [(left, right), pair[1]]
    };
    points.iter().take(1).copied().chain(points.windows(2).flat_map(corner)).collect()
}

/// The curves of the legend, with the names that it has room for.
struct Named<'a> {
    curves: &'a [&'a RateCurve<'a>],
    names: &'a [String],
    n_others: usize,
}

/// The diagonal, or the precision of a single class's chance.
fn chance(chart: &RateCurves, named: &[&RateCurve], plot: &Plot) -> Option<Element> {
    let (from, to) = match (chart.kind, named) {
        (RateKind::Roc, _) => (plot.at(0.0, 0.0), plot.at(1.0, 1.0)),
        (RateKind::PrecisionRecall, [only]) if (0.0..=1.0).contains(&only.base_rate) => {
            (plot.at(0.0, only.base_rate), plot.at(1.0, only.base_rate))
        }
        (RateKind::PrecisionRecall, _) => return None,
    };
    Some(line(from, to).set("stroke", REFERENCE).number("stroke-width", 1.4).set("stroke-dasharray", "4 4"))
}

/// The names with their areas, in a column.
fn legend(measure: &str, named: &Named, corner: Point, width: f64) -> Block {
    let n_others = named.n_others;
    let mut elements = vec![HEADING.line(Point::new(corner.x, corner.y + HEADING.size), Anchor::Start, measure)];
    let mut y = corner.y + HEADING.line_height() + ROW_HEIGHT / 2.0 + 2.0;
    let text_left = corner.x + 38.0;
    let area_right = corner.x + width;
    let sample = |y: f64| line(Point::new(corner.x, y), Point::new(corner.x + 30.0, y)).number("stroke-width", 2.2);
    for (index, (curve, name)) in named.curves.iter().zip(named.names).enumerate() {
        elements.push(sample(y).set("stroke", color::series(index)).set("stroke-dasharray", DASHES[index]));
        elements.push(NAME.centered_line(Point::new(text_left, y), Anchor::Start, name));
        let area = if curve.area.is_finite() { format!("{:.3}", curve.area) } else { "–".to_owned() };
        elements.push(NAME.centered_line(Point::new(area_right, y), Anchor::End, &area));
        y += ROW_HEIGHT;
    }
    if n_others > 0 {
        let words = match n_others {
            1 => "1 other class".to_owned(),
            n if n > MAX_OTHERS => format!("{MAX_OTHERS} of {n} other classes"),
            n => format!("{n} other classes"),
        };
        elements.push(sample(y).set("stroke", REFERENCE).number("stroke-opacity", 0.6));
        let words = NAME.centered_line(Point::new(text_left, y), Anchor::Start, &words);
        elements.push(words.set("fill", FAINT_TEXT));
        y += ROW_HEIGHT;
    }
    Block { elements, right: area_right, bottom: y }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    const POINTS: [(f64, f64); 4] = [(0.0, 0.0), (0.1, 0.8), (f64::NAN, 1.0), (1.0, 1.0)];

    fn draw(kind: RateKind, curves: &[RateCurve]) -> String {
        rate_curves(&RateCurves { title: "Curves", subtitle: "test", kind, curves })
    }

    fn curve(name: &str, area: f64) -> RateCurve<'_> {
        RateCurve { name, points: &POINTS, area, base_rate: 0.25 }
    }

    #[test]
    fn a_curve_has_its_name_and_its_area() {
        let roc = draw(RateKind::Roc, &[curve("positive", 0.95), curve("negative", f64::NAN)]);
        assert_text_is_readable(&roc);
        let texts = texts(&roc);
        assert!(
            ["positive", "0.950", "negative", "–", "True positive rate"]
                .iter()
                .all(|text| texts.contains(&(*text).to_owned()))
        );
        assert_eq!(roc.matches("<polyline").count(), 2);
        assert!(!roc.contains("NaN"));
        let recall = draw(RateKind::PrecisionRecall, &[curve("positive", 0.95)]);
        assert_text_is_readable(&recall);
        assert!(recall.contains("stroke-dasharray=\"4 4\""), "the precision of chance");
    }

    #[test]
    fn the_area_below_a_precision_recall_curve_is_the_average_precision() {
        let ascending = [(0.0, 1.0), (0.5, 0.8), (1.0, 0.4)];
        let expected = [(0.0, 1.0), (0.0, 0.8), (0.5, 0.8), (0.5, 0.4), (1.0, 0.4)];
        assert_eq!(steps(&ascending), expected);
        let reversed = |points: &[(f64, f64)]| points.iter().rev().copied().collect::<Vec<_>>();
        assert_eq!(steps(&reversed(&ascending)), reversed(&expected));
        assert_eq!(steps(&[]), []);
    }

    #[test]
    fn of_many_the_lowest_are_named() {
        let long = "x".repeat(4000);
        let mut curves: Vec<RateCurve> = (0..150).map(|index| curve(&long, 0.5 + f64::from(index) / 300.0)).collect();
        curves[149] = curve("lowest", 0.1);
        curves[3] = curve("missing", f64::NAN);
        let svg = draw(RateKind::Roc, &curves);
        assert_text_is_readable(&svg);
        let texts = self::texts(&svg);
        assert!(texts.contains(&"lowest".to_owned()) && !texts.contains(&"missing".to_owned()));
        assert!(texts.contains(&"60 of 144 other classes".to_owned()), "{texts:?}");
        assert!(self::texts(&draw(RateKind::Roc, &[])).contains(&"no data".to_owned()));
    }
}
