//! Scatter plots: one quantity and several others of each observation in, a small panel for each of the others out.
//!
//! The panels share the upright axis, which shows the one quantity. Points that an axis cannot show are left out. One
//! observation can be highlighted in every panel.

use std::collections::HashMap;

use crate::drawing::axis::Axis;
use crate::drawing::color::{self, FAINT_TEXT};
use crate::drawing::font::{Anchor, Font};
use crate::drawing::frame::{Frame, TICK, widest_label};
use crate::drawing::geometry::{Interval, Point, Size};
use crate::drawing::names::distinct_names;
use crate::drawing::scale::Scale;
use crate::drawing::svg::{Block, Element, circle, document};
use crate::drawing::ticks::Tick;
use crate::drawing::title::{MARGIN, title_block};

const LABEL: Font = Font::regular(12.0);
const WIDTH: f64 = 900.0;
const COLUMNS: usize = 3;
const N_TICKS: usize = 5;
const HEIGHT: f64 = 190.0;
const GAP: f64 = 28.0;
/// Of a dot.
const RADIUS: f64 = 3.5;

/// Panels in rows of three.
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    /// May be empty.
    pub title: String,
    /// May be empty.
    pub subtitle: String,
    /// The name of the upright axis.
    pub y_label: String,
    /// The quantity on the upright axis, a value for each observation.
    pub y: Vec<f64>,
    /// The indices of observations that were cut off before their end: hollow dots.
    pub provisional: Vec<usize>,
    /// From the left to the right, row by row.
    pub panels: Vec<ScatterPanel>,
    /// The index of the observation to highlight.
    pub marked: Option<usize>,
}

/// One quantity on the horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterPanel {
    /// Its name.
    pub x_label: String,
    /// How its values are spread along the axis.
    pub scale: Scale,
    /// A value for each observation.
    pub x: Vec<f64>,
}

/// Draws the panels as SVG.
#[must_use]
pub fn scatter(figure: &Scatter) -> String {
    let mut page = title_block(&figure.title, &figure.subtitle, WIDTH - 2.0 * MARGIN);
    let y_axis = |pixels| Scale::Linear.axis(figure.y.iter().copied(), pixels);
    let tick_width = widest_label(&y_axis(Interval::UNIT), N_TICKS);
    let left = MARGIN + LABEL.line_height() + tick_width + 14.0;
    let width = (WIDTH - MARGIN - left - GAP * (COLUMNS - 1) as f64) / COLUMNS as f64;
    for row in figure.panels.chunks(COLUMNS) {
        let top = page.bottom + 6.0;
        let middle = Point::new(MARGIN + LABEL.size / 2.0, top + HEIGHT / 2.0);
        page.elements.push(LABEL.upward_line(middle, &figure.y_label).set("fill", FAINT_TEXT));
        let y_axis = y_axis(Interval::new(top + HEIGHT, top));
        for (column, panel) in row.iter().enumerate() {
            let start = left + (width + GAP) * column as f64;
            let frame = Frame { left: start, right: start + width, top, bottom: top + HEIGHT };
            page.append(grid(&frame, &y_axis, column));
            page.append(points(figure, panel, &frame, &y_axis));
        }
        page.bottom += 12.0;
    }
    let size = Size::new(page.right.max(WIDTH - MARGIN) + MARGIN, page.bottom + MARGIN);
    document(size, &figure.title, page.elements)
}

/// The lines at the ticks of the upright axis, with their numbers only in the first column.
fn grid(frame: &Frame, y_axis: &Axis, column: usize) -> Block {
    let mut elements = Vec::new();
    for tick in y_axis.ticks(N_TICKS) {
        let y = y_axis.pixel(tick.value);
        elements.push(frame.line_at_y(y));
        elements.extend((column == 0).then(|| frame.y_label(y, &tick.label)));
    }
    elements.push(frame.border());
    Block { elements, right: frame.right, bottom: frame.bottom }
}

fn points(figure: &Scatter, panel: &ScatterPanel, frame: &Frame, y_axis: &Axis) -> Block {
    let x_axis = panel.scale.axis(panel.x.iter().copied(), frame.across());
    let mut elements = Vec::new();
    // Names are shortened to the width of their category, unless nothing would be left of them.
    let category = match &panel.scale {
        Scale::Names(names) => (frame.right - frame.left) / names.len().max(1) as f64 - 10.0,
        Scale::Linear | Scale::Whole | Scale::Logarithmic => f64::INFINITY,
    };
    let names = match &panel.scale {
        Scale::Names(names) if category >= 30.0 => distinct_names(TICK, names.iter().map(String::as_str), category),
        _ => Vec::new(),
    };
    let shown = |tick: &Tick| names.get(tick.value as usize).unwrap_or(&tick.label).clone();
    for tick in panel.scale.ticks(&x_axis, 8.0, |tick| TICK.width(&shown(tick))) {
        let center = Point::new(x_axis.pixel(tick.value), frame.bottom + 12.0);
        let label = TICK.centered_line(center, Anchor::Middle, &shown(&tick));
        elements.push(label.set("fill", FAINT_TEXT));
    }
    let mut bottom = frame.bottom + 20.0;
    for text in LABEL.wrap(&panel.x_label, frame.right - frame.left) {
        bottom += LABEL.line_height();
        let center = Point::new(frame.across().middle(), bottom - LABEL.line_height() / 2.0);
        elements.push(LABEL.centered_line(center, Anchor::Middle, &text));
    }
    let center = |index: usize| -> Option<Point> {
        let (x, y) = (*panel.x.get(index)?, *figure.y.get(index)?);
        let shown = panel.scale.shows(x) && Scale::Linear.shows(y);
        shown.then(|| Point::new(x_axis.pixel(x), y_axis.pixel(y)))
    };
    let unmarked = (0..figure.y.len()).filter(|index| figure.marked != Some(*index));
    let mut dots: Vec<(usize, Point)> =
        unmarked.chain(figure.marked).filter_map(|index| Some((index, center(index)?))).collect();
    if matches!(panel.scale, Scale::Names(_)) {
        spread(&mut dots, 0.8 * category);
    }
    elements.extend(dots.into_iter().map(|(index, center)| dot(figure, index, center)));
    Block { elements, right: frame.right, bottom }
}

fn dot(figure: &Scatter, index: usize, center: Point) -> Element {
    let is_marked = figure.marked == Some(index);
    let (radius, color) = if is_marked { (5.5, color::HIGHLIGHT) } else { (RADIUS, color::series(0)) };
    match figure.provisional.contains(&index) {
        true => circle(center, radius - 0.5).set("fill", "#ffffff").set("stroke", color),
        false => circle(center, radius).set("fill", color).set("stroke", "#ffffff"),
    }
}

/// Dots of a category that would cover each other, side by side within `width`, so that all of them are seen.
fn spread(dots: &mut [(usize, Point)], width: f64) {
    let mut placed: HashMap<(i64, i64), u32> = HashMap::new();
    for (_, center) in dots {
        let n = placed.entry((center.x.round() as i64, (center.y / RADIUS).round() as i64)).or_default();
        let side = if n.is_multiple_of(2) { 1.0 } else { -1.0 };
        let distance = f64::from(n.div_ceil(2)) * 2.0 * RADIUS;
        center.x += side * distance.min(width / 2.0);
        *n += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn panel(x_label: &str, scale: Scale, x: Vec<f64>) -> ScatterPanel {
        ScatterPanel { x_label: x_label.to_owned(), scale, x }
    }

    fn figure(panels: Vec<ScatterPanel>) -> Scatter {
        Scatter {
            title: "Accuracy against each argument".to_owned(),
            subtitle: String::new(),
            y_label: "accuracy".to_owned(),
            y: vec![0.85, 0.86, f64::NAN, 0.88],
            provisional: vec![1],
            panels,
            marked: Some(3),
        }
    }

    #[test]
    fn every_observation_is_a_dot_in_every_panel() {
        let names = Scale::Names(vec!["linear".to_owned(), "cosine".to_owned()]);
        let panels = vec![
            panel("learning_rate", Scale::Logarithmic, vec![1e-5, 2e-5, 5e-5, 2e-4]),
            panel("lr_scheduler_type", names, vec![0.0, 1.0, 0.0, 1.0]),
            panel("weight_decay", Scale::Linear, vec![0.0, 0.01, 0.02, 0.1]),
            panel("attention_probs_dropout_prob and a long name", Scale::Linear, vec![0.1; 4]),
        ];
        let svg = scatter(&figure(panels));
        assert_text_is_readable(&svg);
        assert_eq!(svg.matches("<circle").count(), 12, "the observation without a figure has no dot");
        assert_eq!(texts(&svg).iter().filter(|text| *text == "accuracy").count(), 2, "one for each row");
        let hollow = svg.split("<circle").filter(|dot| dot.contains("fill=\"#ffffff\"") && dot.contains("r=\"3"));
        assert_eq!(hollow.count(), 4, "one was cut off");
        assert!(texts(&svg).contains(&"cosine".to_owned()));
    }

    #[test]
    fn every_category_is_named() {
        let names = ["linear", "cosine", "constant_with_warmup"].map(str::to_owned);
        let names = Scale::Names(names.to_vec());
        let svg = scatter(&figure(vec![panel("kind", names, vec![0.0, 1.0, 2.0, 1.0])]));
        assert_text_is_readable(&svg);
        assert!(
            texts(&svg).iter().any(|text| text.starts_with("constant") && text.ends_with('…')),
            "{:?}",
            texts(&svg)
        );
    }

    #[test]
    fn names_of_one_beginning_stay_apart() {
        let names = ["constant_with_warmup", "constant_without", "cosine_with_min_lr", "cosine_with_restarts"];
        let names = Scale::Names(names.map(str::to_owned).to_vec());
        let svg = scatter(&figure(vec![panel("kind", names, vec![0.0, 1.0, 2.0, 3.0])]));
        let labels: Vec<String> = texts(&svg).into_iter().filter(|text| text.contains('…')).collect();
        let distinct: std::collections::BTreeSet<&String> = labels.iter().collect();
        assert!(labels.len() > 1 && distinct.len() == labels.len(), "{labels:?}");
    }

    #[test]
    fn dots_of_a_category_do_not_cover_each_other() {
        let mut dots: Vec<(usize, Point)> = (0..5).map(|index| (index, Point::new(100.0, 50.0))).collect();
        spread(&mut dots, 26.0);
        let x: Vec<f64> = dots.iter().map(|(_, center)| center.x).collect();
        assert_eq!(x, [100.0, 93.0, 107.0, 87.0, 113.0], "the last are at the edges of their category");
    }

    #[test]
    fn nothing_to_show_is_still_a_picture() {
        assert_text_is_readable(&scatter(&figure(Vec::new())));
        let svg = scatter(&figure(vec![panel("learning_rate", Scale::Logarithmic, vec![0.0; 4])]));
        assert_text_is_readable(&svg);
        assert!(!svg.contains("NaN") && !svg.contains("<circle"));
    }
}
