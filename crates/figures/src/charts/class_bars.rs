//! Bars per class: precision, recall and F1 of every class with their intervals.
//!
//! Of more than 40 classes those with the lowest F1 are shown, the lowest first.

use super::estimate::Estimate;
use super::rows::{self, Column, MAX_ROWS, Mark, Row};
use crate::drawing::geometry::{Interval, Size};
use crate::drawing::svg::document;
use crate::drawing::title::{MARGIN, title_block};

const MIN_WIDTH: f64 = 760.0;

/// The figures of all classes.
#[derive(Clone, Copy, Debug)]
pub struct ClassBars<'a> {
    /// May be empty.
    pub title: &'a str,
    /// May be empty.
    pub subtitle: &'a str,
    /// In the order of their indices.
    pub classes: &'a [ClassBar<'a>],
}

/// The figures of a class, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassBar<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many rows have it as their true class.
    pub n: u64,
    /// Of the rows that are predicted as the class, the fraction that has it.
    pub precision: Estimate,
    /// Of the rows that have the class, the fraction that is predicted as it.
    pub recall: Estimate,
    /// Their harmonic mean.
    pub f1: Estimate,
}

/// Draws precision, recall and F1 per class as SVG.
#[must_use]
pub fn class_bars(chart: &ClassBars) -> String {
    let n_classes = chart.classes.len();
    let mut shown: Vec<&ClassBar> = chart.classes.iter().collect();
    let mut subtitle = chart.subtitle.to_owned();
    if n_classes > MAX_ROWS {
        shown.sort_by(|left, right| left.f1.value.total_cmp(&right.f1.value));
        shown.truncate(MAX_ROWS);
        let separator = if subtitle.is_empty() { "" } else { " · " };
        subtitle += &format!("{separator}the {MAX_ROWS} of {n_classes} classes with the lowest F1");
    }
    let rows: Vec<Row> = shown
        .into_iter()
        .map(|class| Row {
            name: class.name,
            n: class.n,
            estimates: vec![class.precision, class.recall, class.f1],
            is_marked: false,
        })
        .collect();
    let column = |title| Column { title, values: Interval::UNIT, mark: Mark::Bar, overall: None, is_percent: false };
    let mut page = title_block(chart.title, &subtitle, MIN_WIDTH);
    page.append(rows::draw(&rows, &["Precision", "Recall", "F1"].map(column), page.bottom));
    document(Size::new(page.right + MARGIN, page.bottom + MARGIN), chart.title, page.elements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_text_is_readable, texts};

    fn class(name: &str, f1: f64) -> ClassBar<'_> {
        let estimate = Estimate { value: f1, interval: Some((f1 - 0.05, f1 + 0.05)) };
        ClassBar { name, n: 1_234, precision: estimate, recall: estimate, f1: estimate }
    }

    fn draw(classes: &[ClassBar]) -> String {
        class_bars(&ClassBars { title: "Classes", subtitle: "test", classes })
    }

    #[test]
    fn every_class_has_its_figures() {
        let svg = draw(&[class("negative", 0.875), class("positive", f64::NAN)]);
        assert_text_is_readable(&svg);
        let texts = texts(&svg);
        assert_eq!(texts[..9], ["Classes", "test", "n", "negative", "1234", "positive", "1234", "Precision", "0"]);
        assert_eq!(texts.iter().filter(|text| *text == "0.875").count(), 3);
        assert_eq!(texts.iter().filter(|text| *text == "–").count(), 3, "{texts:?}");
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn of_many_classes_the_lowest_are_shown() {
        let long = "x".repeat(4000);
        let mut classes: Vec<ClassBar> = (0..150).map(|index| class(&long, f64::from(index) / 150.0)).collect();
        classes[100] = class("worst", 0.0);
        let svg = draw(&classes);
        assert_text_is_readable(&svg);
        assert_eq!(texts(&svg)[1], "test · the 40 of 150 classes with the lowest F1");
        assert!(texts(&svg).contains(&"worst".to_owned()));
        assert_text_is_readable(&draw(&[]));
    }
}
