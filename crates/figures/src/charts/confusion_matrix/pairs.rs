//! Most confused pairs: what is shown of a confusion matrix of many classes, beside a map of all of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::counts::{Confusion, fraction};
use super::map;
use crate::drawing::axis::Axis;
use crate::drawing::color::{self, FAINT_TEXT};
use crate::drawing::font::{Anchor, Font};
use crate::drawing::geometry::{Interval, Point, Size};
use crate::drawing::names::distinct_names;
use crate::drawing::svg::{Block, Element, document, rect};
use crate::drawing::ticks::group_thousands;
use crate::drawing::title::{MARGIN, title_block};

const HEADING: Font = Font::bold(13.0);
const NAME: Font = Font::regular(12.0);
const VALUE: Font = Font::regular(11.0);

const N_PAIRS: usize = 20;
const ROW_HEIGHT: f64 = 24.0;
const NAME_WIDTH: f64 = 180.0;
const ARROW_WIDTH: f64 = 24.0;
const BAR_WIDTH: f64 = 120.0;
const BAR_HEIGHT: f64 = 14.0;
const MAP_SIDE: f64 = 440.0;
const GAP: f64 = 44.0;

/// Rows of one class that were predicted as another.
struct Pair {
    label: usize,
    prediction: usize,
    count: u64,
    of_label: f64,
}

/// The pairs as bars, and the map beside them.
pub(super) fn draw(confusion: &Confusion) -> String {
    let pairs = most_confused(confusion.counts);
    let value_width = pairs.iter().map(|pair| VALUE.width(&value(pair))).fold(VALUE.width("100"), f64::max);
    let list_right = MARGIN + 2.0 * NAME_WIDTH + ARROW_WIDTH + 10.0 + BAR_WIDTH + 6.0 + value_width;
    let right = list_right + GAP + MAP_SIDE;
    let mut page = title_block(confusion.title, confusion.subtitle, right - MARGIN);
    let top = page.bottom;
    page.append(list(confusion, &pairs, top));

    let n_classes = confusion.label_names.len();
    let words = format!(
        "All {n_classes} classes: true labels down, predicted labels across, darker the larger the share of the true label"
    );
    let map_left = list_right + GAP;
    let mut bottom = top;
    for line in HEADING.wrap_shortened(&words, MAP_SIDE, 3) {
        let baseline = Point::new(map_left, bottom + HEADING.size);
        page.elements.push(HEADING.line(baseline, Anchor::Start, &line));
        bottom += HEADING.line_height();
    }
    let corner = Point::new(map_left, bottom + 12.0);
    page.elements.extend(map::draw(confusion.counts, corner, MAP_SIDE));
    let size = Size::new(right.max(page.right) + MARGIN, page.bottom.max(corner.y + MAP_SIDE) + MARGIN);
    document(size, confusion.title, page.elements)
}

/// The pairs of the most rows, the largest first; among equals the first classes.
fn most_confused(counts: &[Vec<u64>]) -> Vec<Pair> {
    let of_label = |(label, row): (usize, &Vec<u64>)| -> Vec<Pair> {
        let n = row.iter().sum();
        let wrong = row.iter().enumerate().filter(|&(prediction, &count)| prediction != label && count > 0);
        let pair = |(prediction, &count): (usize, &u64)| Pair {
            label,
            prediction,
            count,
            of_label: fraction(count, n).unwrap_or(0.0),
        };
        let mut pairs: Vec<Pair> = wrong.map(pair).collect();
        pairs.sort_by_key(|pair| (Reverse(pair.count), pair.prediction));
        pairs.truncate(N_PAIRS);
        pairs
    };
    let mut pairs: Vec<Pair> = counts.iter().enumerate().flat_map(of_label).collect();
    pairs.sort_by_key(|pair| (Reverse(pair.count), pair.label, pair.prediction));
    pairs.truncate(N_PAIRS);
    pairs
}

fn list(confusion: &Confusion, pairs: &[Pair], top: f64) -> Block {
    let heading = if pairs.is_empty() {
        "No row is predicted as another class"
    } else {
        "The most confused pairs, true → predicted"
    };
    let mut elements = vec![HEADING.line(Point::new(MARGIN, top + HEADING.size), Anchor::Start, heading)];
    let bar_left = MARGIN + 2.0 * NAME_WIDTH + ARROW_WIDTH + 10.0;
    let largest = pairs.first().map_or(1, |pair| pair.count) as f64;
    let axis = Axis::linear(Interval::new(0.0, largest), Interval::new(0.0, BAR_WIDTH));
    let classes: BTreeSet<usize> = pairs.iter().flat_map(|pair| [pair.label, pair.prediction]).collect();
    let whole = classes.iter().map(|&class| confusion.label_names.get(class).map_or("", String::as_str));
    let names: BTreeMap<usize, String> = classes.iter().copied().zip(distinct_names(NAME, whole, NAME_WIDTH)).collect();
    let name = |class: usize| names.get(&class).map_or("", String::as_str);
    let mut bottom = top + HEADING.line_height() + 8.0;
    for pair in pairs {
        let y = bottom + ROW_HEIGHT / 2.0;
        let arrow = MARGIN + NAME_WIDTH + ARROW_WIDTH / 2.0;
        elements.push(NAME.centered_line(Point::new(MARGIN + NAME_WIDTH, y), Anchor::End, name(pair.label)));
        elements.push(NAME.centered_line(Point::new(arrow, y), Anchor::Middle, "→").set("fill", FAINT_TEXT));
        let prediction = Point::new(MARGIN + NAME_WIDTH + ARROW_WIDTH, y);
        elements.push(NAME.centered_line(prediction, Anchor::Start, name(pair.prediction)));
        let length = axis.pixel(pair.count as f64);
        elements.push(bar(Point::new(bar_left, y - BAR_HEIGHT / 2.0), length));
        let end = Point::new(bar_left + length + 6.0, y);
        elements.push(VALUE.centered_line(end, Anchor::Start, &value(pair)).set("fill", FAINT_TEXT));
        bottom += ROW_HEIGHT;
    }
    Block { elements, right: bar_left + BAR_WIDTH, bottom }
}

fn bar(corner: Point, length: f64) -> Element {
    rect(corner, Size::new(length, BAR_HEIGHT)).set("fill", color::series(0))
}

fn value(pair: &Pair) -> String {
    format!("{} ({:.0} %)", group_thousands(&pair.count.to_string()), 100.0 * pair.of_label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::confusion_matrix::confusion_matrix;
    use crate::testing::{assert_text_is_readable, texts};

    fn draw(n_classes: usize, errors: &[(usize, usize, u64)]) -> String {
        let label_names: Vec<String> =
            (0..n_classes).map(|class| format!("class {class} of the taxonomy of all things")).collect();
        let mut counts = vec![vec![0; n_classes]; n_classes];
        (0..n_classes).for_each(|class| counts[class][class] = 8);
        errors.iter().for_each(|&(label, prediction, count)| counts[label][prediction] = count);
        confusion_matrix(&Confusion {
            title: "Confusion",
            subtitle: "n = 1200",
            label_names: &label_names,
            counts: &counts,
        })
    }

    #[test]
    fn the_most_frequent_errors_come_first() {
        let svg = draw(150, &[(3, 4, 2), (149, 0, 24), (5, 4, 2)]);
        assert_text_is_readable(&svg);
        let expected = ["24 (75 %)", "2 (20 %)", "2 (20 %)"];
        let values: Vec<String> = texts(&svg).into_iter().filter(|text| text.contains('%')).collect();
        assert_eq!(values, expected);
        assert!(texts(&svg)[3].starts_with("class 149"), "{:?}", texts(&svg));
        assert!(texts(&svg)[6].len() > 3, "{:?}", texts(&svg));
    }

    #[test]
    fn without_errors_it_says_so() {
        let svg = draw(41, &[]);
        assert_text_is_readable(&svg);
        assert!(texts(&svg).contains(&"No row is predicted as another class".to_owned()));
    }

    #[test]
    fn the_list_is_short() {
        let errors: Vec<(usize, usize, u64)> = (0..60).map(|class| (class, (class + 1) % 60, 5)).collect();
        let svg = draw(60, &errors);
        assert_text_is_readable(&svg);
        assert_eq!(texts(&svg).iter().filter(|text| *text == "→").count(), N_PAIRS);
    }
}
