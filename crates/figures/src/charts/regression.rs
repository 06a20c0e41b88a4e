//! Regression: predicted against true scores, and the residuals.
//!
//! Of more than four thousand rows an even sample is drawn, with the rows of the largest residuals.

use crate::drawing::axis::is_drawable;
use crate::drawing::color::{self, FAINT_TEXT, REFERENCE};
use crate::drawing::geometry::{Interval, Point, Size, extent};
use crate::drawing::plot::{Numbers, Plot, Ruler};
use crate::drawing::svg::{Element, circle, document, line};
use crate::drawing::ticks::group_thousands;
use crate::drawing::title::{MARGIN, title_block};

const MAX_POINTS: usize = 4000;
const N_LARGEST: usize = 50;
const SIDE: f64 = 380.0;
const GAP: f64 = 40.0;

/// The scores of all rows.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    /// May be empty.
    pub title: &'a str,
    /// Such as "Pearson 0.891 · n = 1821"; may be empty.
    pub subtitle: &'a str,
    /// True scores. Length `n`.
    pub truth: &'a [f64],
    /// Predicted scores. Length `n`.
    pub predictions: &'a [f64],
}

/// Draws predicted against true scores, and residuals against predictions, as SVG.
#[must_use]
pub fn scores(chart: &Scores) -> String {
    let all: Vec<(f64, f64)> = chart.truth.iter().copied().zip(chart.predictions.iter().copied()).collect();
    let shown = thinned(all.into_iter().filter(|&(x, y)| is_drawable(x) && is_drawable(y)).collect());
    let n = chart.truth.len().min(chart.predictions.len());
    let mut subtitle = chart.subtitle.to_owned();
    if n > MAX_POINTS {
        let separator = if subtitle.is_empty() { "" } else { " · " };
        let (some, all) = (group_thousands(&shown.len().to_string()), group_thousands(&n.to_string()));
        subtitle += &format!("{separator}{some} of {all} rows, with the largest residuals");
    }

    let values = padded(extent(shown.iter().flat_map(|&(truth, prediction)| [truth, prediction])));
    let residuals = padded(extent(shown.iter().map(|(truth, prediction)| prediction - truth).chain([0.0])));
    let ruler = |values, title| Ruler { values, numbers: Numbers::Plain, title };
    let (predicted, residual) = (ruler(values, "Predicted score"), ruler(residuals, "Predicted − true"));
    let left = MARGIN + predicted.left_width();
    let second_left = left + SIDE + GAP + residual.left_width();
    let mut page = title_block(chart.title, &subtitle, second_left + SIDE - MARGIN);
    let top = page.bottom;
    let first = Plot::new(Point::new(left, top), Size::square(SIDE), ruler(values, "True score"), predicted);
    let second = Plot::new(Point::new(second_left, top), Size::square(SIDE), predicted, residual);
    page.append(first.draw());
    page.append(second.draw());
    if shown.is_empty() {
        page.elements.extend([first.no_data(), second.no_data()]);
    }
    let reference =
        |from, to| line(from, to).set("stroke", REFERENCE).number("stroke-width", 1.4).set("stroke-dasharray", "5 3");
    page.elements.extend(shown.iter().map(|&(truth, prediction)| dot(first.at(truth, prediction), shown.len())));
    page.elements.push(
        reference(first.at(values.start, values.start), first.at(values.end, values.end)).set("stroke", FAINT_TEXT),
    );
    page.elements
        .extend(shown.iter().map(|&(truth, prediction)| dot(second.at(prediction, prediction - truth), shown.len())));
    page.elements.push(reference(second.at(values.start, 0.0), second.at(values.end, 0.0)).set("stroke", FAINT_TEXT));
    document(Size::new(page.right.max(second.frame.right) + MARGIN, page.bottom + MARGIN), chart.title, page.elements)
}

/// Smaller and paler where there are many.
fn dot(center: Point, n: usize) -> Element {
    let (radius, opacity) = if n > 500 { (2.0, 0.35) } else { (3.2, 0.7) };
    circle(center, radius).set("fill", color::series(0)).number("fill-opacity", opacity)
}

/// Every so-many-th point, and those farthest from the diagonal.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    if points.len() <= MAX_POINTS {
        return points;
    }
    let residual = |index: &usize| (points[*index].0 - points[*index].1).abs();
    let mut by_residual: Vec<usize> = (0..points.len()).collect();
    by_residual.select_nth_unstable_by(N_LARGEST, |left, right| residual(right).total_cmp(&residual(left)));
    by_residual.truncate(N_LARGEST);
    let stride = points.len().div_ceil(MAX_POINTS - N_LARGEST);
    let mut kept: Vec<usize> = (0..points.len()).step_by(stride).chain(by_residual).collect();
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(|index| points[index]).collect()
}

fn padded(values: Option<Interval>) -> Interval {
    let values = values.unwrap_or(Interval::UNIT);
    let margin = if values.length() > 0.0 { 0.04 * values.length() } else { 0.5 * values.start.abs().max(1.0) };
    Interval::new(values.start - margin, values.end + margin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn draw(truth: &[f64], predictions: &[f64]) -> String {
        scores(&Scores { title: "Scores", subtitle: "Pearson 0.9", truth, predictions })
    }

    #[test]
    fn each_row_is_a_dot_in_both_panels() {
        let svg = draw(&[0.0, 0.5, 1.0, f64::NAN], &[0.1, 0.4, 0.7, 0.0]);
        assert_text_is_readable(&svg);
        assert_eq!(svg.matches("<circle").count(), 6);
        assert!(
            ["True score", "Predicted score", "Predicted − true"]
                .iter()
                .all(|text| texts(&svg).contains(&(*text).to_owned()))
        );
        assert_eq!(texts(&draw(&[], &[])).iter().filter(|text| *text == "no data").count(), 2);
        assert_text_is_readable(&draw(&[3.0], &[3.0]));
        assert_text_is_readable(&draw(&[-1e9, 1e9], &[-1.0, 1e-9]));
    }

    #[test]
    fn many_rows_are_thinned_and_the_worst_are_kept() {
        let truth: Vec<f64> = (0..100_000).map(|index| f64::from(index % 1000) / 1000.0).collect();
        let mut predictions = truth.clone();
        predictions[77_777] = 9.0;
        let pairs: Vec<(f64, f64)> = truth.iter().copied().zip(predictions.iter().copied()).collect();
        let kept = thinned(pairs);
        assert!((3000..=MAX_POINTS).contains(&kept.len()), "{}", kept.len());
        assert!(kept.contains(&(truth[77_777], 9.0)));
        let subtitle = &texts(&draw(&truth, &predictions))[1];
        assert!(subtitle.ends_with(" of 100,000 rows, with the largest residuals"), "{subtitle}");
    }
}
