//! One quantity against each of several others: small panels side by side that share the upright axis.
//!
//! Points that an axis cannot show are left out. One observation is marked in every panel.

use crate::axis::Axis;
use crate::color::{self, FAINT_INK};
use crate::font::{Anchor, Font};
use crate::header::{MARGIN, header};
use crate::plot::{FRAME, Frame, GRID, TICK};
use crate::scale::Scale;
use crate::svg::{Block, Element, circle, document, line, rect};

const LABEL: Font = Font::regular(12.0);
const WIDTH: f64 = 900.0;
const COLUMNS: usize = 3;
const HEIGHT: f64 = 190.0;
const GAP: f64 = 28.0;

/// Panels in rows of three.
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    /// What is drawn; may be empty.
    pub title: String,
    /// What is to be known about it; may be empty.
    pub subtitle: String,
    /// The name of the upright axis.
    pub y_label: String,
    /// What the upright axis shows, one of each observation.
    pub y: Vec<f64>,
    /// From the left to the right, row by row.
    pub panels: Vec<ScatterPanel>,
    /// The observation that stands out, if one does.
    pub marked: Option<usize>,
}

/// One quantity along the lower edge.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterPanel {
    /// Its name.
    pub x_label: String,
    /// What its values are.
    pub scale: Scale,
    /// One of each observation.
    pub x: Vec<f64>,
}

/// Draws the panels as SVG.
#[must_use]
pub fn scatter(figure: &Scatter) -> String {
    let mut page = header(&figure.title, &figure.subtitle, WIDTH - 2.0 * MARGIN);
    let y_axis = |pixels| Scale::Linear.axis(figure.y.iter().copied(), pixels);
    let tick_width = TICK.widest(y_axis((0.0, 1.0)).ticks(5).iter().map(|tick| &tick.label));
    let left = MARGIN + LABEL.line_height() + tick_width + 14.0;
    let width = (WIDTH - MARGIN - left - GAP * (COLUMNS - 1) as f64) / COLUMNS as f64;
    for row in figure.panels.chunks(COLUMNS) {
        let top = page.bottom + 6.0;
        let middle = (MARGIN + LABEL.size / 2.0, top + HEIGHT / 2.0);
        page.elements.push(LABEL.upward_line(middle, &figure.y_label).set("fill", FAINT_INK));
        let y_axis = y_axis((top + HEIGHT, top));
        for (column, panel) in row.iter().enumerate() {
            let start = left + (width + GAP) * column as f64;
            let frame = Frame { left: start, right: start + width, top, bottom: top + HEIGHT };
            page.append(grid(&frame, &y_axis, column == 0));
            page.append(points(figure, panel, &frame, &y_axis));
        }
        page.bottom += 12.0;
    }
    document((page.right.max(WIDTH - MARGIN) + MARGIN, page.bottom + MARGIN), &figure.title, page.elements)
}

/// The lines at the ticks of the upright axis, numbered in the first column.
fn grid(frame: &Frame, y_axis: &Axis, numbered: bool) -> Block {
    let mut elements = Vec::new();
    for tick in y_axis.ticks(5) {
        let y = y_axis.place(tick.value);
        elements.push(line((frame.left, y), (frame.right, y)).set("stroke", GRID));
        if numbered {
            elements.push(TICK.centered_line((frame.left - 8.0, y), Anchor::End, &tick.label).set("fill", FAINT_INK));
        }
    }
    let size = (frame.right - frame.left, frame.bottom - frame.top);
    elements.push(rect((frame.left, frame.top), size).set("fill", "none").set("stroke", FRAME));
    Block { elements, right: frame.right, bottom: frame.bottom }
}

fn points(figure: &Scatter, panel: &ScatterPanel, frame: &Frame, y_axis: &Axis) -> Block {
    let x_axis = panel.scale.axis(panel.x.iter().copied(), (frame.left, frame.right));
    let mut elements = Vec::new();
    for tick in panel.scale.ticks(&x_axis, 8.0, |label| TICK.width(label)) {
        let place = (x_axis.place(tick.value), frame.bottom + 12.0);
        elements.push(TICK.centered_line(place, Anchor::Middle, &tick.label).set("fill", FAINT_INK));
    }
    let mut bottom = frame.bottom + 20.0;
    for text in LABEL.wrap(&panel.x_label, frame.right - frame.left) {
        bottom += LABEL.line_height();
        let center = (f64::midpoint(frame.left, frame.right), bottom - LABEL.line_height() / 2.0);
        elements.push(LABEL.centered_line(center, Anchor::Middle, &text));
    }
    let dot = |index: usize| -> Option<Element> {
        let (x, y) = (*panel.x.get(index)?, *figure.y.get(index)?);
        let shown = panel.scale.shows(x) && Scale::Linear.shows(y);
        let (radius, fill) = if figure.marked == Some(index) { (5.5, 1) } else { (3.5, 0) };
        let place = (x_axis.place(x), y_axis.place(y));
        shown.then(|| circle(place, radius).set("fill", color::series(fill)).set("stroke", "#ffffff"))
    };
    let unmarked = (0..figure.y.len()).filter(|index| figure.marked != Some(*index));
    elements.extend(unmarked.chain(figure.marked).filter_map(dot));
    Block { elements, right: frame.right, bottom }
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
        assert!(texts(&svg).contains(&"cosine".to_owned()));
    }

    #[test]
    fn nothing_to_show_is_still_a_picture() {
        assert_text_is_readable(&scatter(&figure(Vec::new())));
        let svg = scatter(&figure(vec![panel("learning_rate", Scale::Logarithmic, vec![0.0; 4])]));
        assert_text_is_readable(&svg);
        assert!(!svg.contains("NaN") && !svg.contains("<circle"));
    }
}
