//! Parallel coordinates: an upright axis for each quantity, and a line across them for each observation.
//!
//! Lines are the darker the better, and one of them is marked. A value that its axis cannot show is passed over.

use crate::axis::Axis;
use crate::color::{self, FAINT_INK};
use crate::font::{Anchor, Font};
use crate::header::{MARGIN, header};
use crate::scale::Scale;
use crate::svg::{Block, Element, document, line, polyline};

const NAME: Font = Font::bold(11.0);
const TICK: Font = Font::regular(10.0);
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 320.0;
/// The shade of the least merit: paler lines would be lost on white.
const FAINTEST: f64 = 0.2;

/// Observations of several quantities.
#[derive(Clone, Debug, PartialEq)]
pub struct Parallel {
    /// What is drawn; may be empty.
    pub title: String,
    /// What is to be known about it; may be empty.
    pub subtitle: String,
    /// From the left to the right.
    pub axes: Vec<ParallelAxis>,
    /// A value for each axis, and the merit of the whole from 0 to 1.
    pub lines: Vec<(Vec<f64>, f64)>,
    /// The line that stands out, if one does.
    pub marked: Option<usize>,
}

/// One quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct ParallelAxis {
    /// What stands above it; breaks at spaces and underscores.
    pub name: String,
    /// What its values are.
    pub scale: Scale,
}

/// Draws parallel coordinates as SVG.
#[must_use]
pub fn parallel_coordinates(figure: &Parallel) -> String {
    let mut page = header(&figure.title, &figure.subtitle, WIDTH - 2.0 * MARGIN);
    let spacing = (WIDTH - 2.0 * MARGIN) / figure.axes.len().max(1) as f64;
    let names: Vec<Vec<String>> = figure.axes.iter().map(|axis| NAME.wrap(&axis.name, spacing - 8.0)).collect();
    let name_lines = names.iter().map(Vec::len).max().unwrap_or(0) as f64;
    let top = page.bottom + NAME.line_height() * name_lines + 14.0;
    let bottom = top + HEIGHT;
    let places: Vec<(f64, Axis)> = (0..figure.axes.len())
        .map(|index| {
            let values = figure.lines.iter().filter_map(|(values, _)| values.get(index).copied());
            let x = MARGIN + spacing * (index as f64 + 0.55);
            (x, figure.axes[index].scale.axis(values, (bottom, top)))
        })
        .collect();

    for (index, (values, merit)) in figure.lines.iter().enumerate() {
        if figure.marked != Some(index) {
            let shade = color::share(FAINTEST + (1.0 - FAINTEST) * merit.clamp(0.0, 1.0)).hex();
            page.elements.push(across(figure, &places, values).set("stroke", shade).number("stroke-width", 1.4));
        }
    }
    if let Some((values, _)) = figure.marked.and_then(|index| figure.lines.get(index)) {
        page.elements.push(across(figure, &places, values).set("stroke", color::series(1)).number("stroke-width", 3.0));
    }
    for ((axis, (x, scaled)), name) in figure.axes.iter().zip(&places).zip(&names) {
        page.append(upright(axis, (*x, scaled), (top, bottom)));
        for (row, text) in name.iter().rev().enumerate() {
            let center = (*x, top - 18.0 - NAME.line_height() * row as f64);
            page.elements.push(NAME.centered_line(center, Anchor::Middle, text));
            page.right = page.right.max(x + NAME.width(text) / 2.0);
        }
    }
    document((page.right.max(WIDTH - MARGIN) + MARGIN, bottom + MARGIN), &figure.title, page.elements)
}

fn across(figure: &Parallel, places: &[(f64, Axis)], values: &[f64]) -> Element {
    let shown = figure.axes.iter().zip(places).zip(values).filter(|((axis, _), value)| axis.scale.shows(**value));
    let points: Vec<(f64, f64)> = shown.map(|((_, (x, axis)), &value)| (*x, axis.place(value))).collect();
    polyline(&points).set("stroke-linejoin", "round")
}

fn upright(axis: &ParallelAxis, (x, scaled): (f64, &Axis), (top, bottom): (f64, f64)) -> Block {
    let mut elements = vec![line((x, top), (x, bottom)).set("stroke", FAINT_INK)];
    for tick in axis.scale.ticks(scaled, 2.0, |_| TICK.line_height()) {
        let y = scaled.place(tick.value);
        elements.push(line((x - 4.0, y), (x, y)).set("stroke", FAINT_INK));
        // A white rim keeps the number readable where lines pass under it.
        let number = TICK.centered_line((x - 7.0, y), Anchor::End, &tick.label).set("fill", FAINT_INK);
        elements.push(number.set("stroke", "#ffffff").number("stroke-width", 3.0).set("paint-order", "stroke"));
    }
    Block { elements, right: x, bottom }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn axis(name: &str, scale: Scale) -> ParallelAxis {
        ParallelAxis { name: name.to_owned(), scale }
    }

    fn figure(n_lines: usize) -> Parallel {
        let names = Scale::Names(vec!["linear".to_owned(), "cosine".to_owned()]);
        Parallel {
            title: "Trials".to_owned(),
            subtitle: String::new(),
            axes: vec![
                axis("learning_rate", Scale::Logarithmic),
                axis("lr_scheduler_type", names),
                axis("accuracy", Scale::Linear),
            ],
            lines: (0..n_lines)
                .map(|index| (vec![1e-5 * (index + 1) as f64, (index % 2) as f64, 0.8 + 0.01 * index as f64], 0.5))
                .collect(),
            marked: (n_lines > 0).then_some(0),
        }
    }

    #[test]
    fn every_line_crosses_every_axis() {
        let svg = parallel_coordinates(&figure(5));
        assert_text_is_readable(&svg);
        assert_eq!(svg.matches("<polyline").count(), 5);
        let texts = texts(&svg);
        assert!(
            ["linear", "cosine", "2e−5", "0.82"].iter().all(|tick| texts.contains(&(*tick).to_owned())),
            "{texts:?}"
        );
        assert_eq!(svg.matches("stroke=\"#d55e00\"").count(), 1);
    }

    #[test]
    fn a_value_without_a_place_is_passed_over() {
        let mut figure = figure(2);
        figure.lines[1].0 = vec![0.0, 7.0, f64::NAN];
        let svg = parallel_coordinates(&figure);
        assert!(!svg.contains("NaN"));
        assert_text_is_readable(&svg);
        assert_text_is_readable(&parallel_coordinates(&self::figure(0)));
    }
}
