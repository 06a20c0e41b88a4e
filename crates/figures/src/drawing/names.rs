//! Names that a picture has to shorten: no two that differ become alike.

use std::collections::HashMap;

use super::font::Font;

/// Each name on one line of at most `max_width`: whole, without its end, or without its middle, by the first that tells it from
/// all others; behind its number where none does.
pub(crate) fn distinct_names<'a>(font: Font, names: impl IntoIterator<Item = &'a str>, max_width: f64) -> Vec<String> {
    let lines = |name: &str| vec![font.shortened(name, max_width)];
    let names: Vec<&str> = names.into_iter().collect();
    distinct_lines(font, &names, max_width, lines).into_iter().map(|lines| lines.concat()).collect()
}

/// The same for names that take the lines which `lines` gives them, where that tells them apart.
pub(crate) fn distinct_lines(
    font: Font,
    names: &[&str],
    max_width: f64,
    lines: impl Fn(&str) -> Vec<String>,
) -> Vec<Vec<String>> {
    let mut shown: Vec<Vec<String>> = names.iter().map(|name| lines(name)).collect();
    for index in ambiguous(names, &shown) {
        shown[index] = vec![font.shortened_inside(names[index], max_width)];
    }
    for index in ambiguous(names, &shown) {
        shown[index] = vec![font.shortened(&format!("{}: {}", index + 1, names[index]), max_width)];
    }
    shown
}

/// The names that are shown as another one is.
fn ambiguous(names: &[&str], shown: &[Vec<String>]) -> Vec<usize> {
    let mut by_lines: HashMap<&[String], Vec<usize>> = HashMap::new();
    shown.iter().enumerate().for_each(|(index, lines)| by_lines.entry(lines).or_default().push(index));
    let differ = |group: &Vec<usize>| group.iter().any(|&index| names[index] != names[group[0]]);
    by_lines.into_values().filter(differ).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FONT: Font = Font::regular(10.0);

    #[test]
    fn names_with_one_beginning_show_their_ends() {
        let names =
            ["card_payment_not_recognized", "card_payment_fee_charged", "card_payment_fee_charged_twice", "refund"];
        let shown = distinct_names(FONT, names, 90.0);
        assert_eq!(shown, ["card_payment_…", "card_pa…harged", "card_pa…d_twice", "refund"]);
        assert!(shown.iter().all(|name| FONT.width(name) <= 90.0));
    }

    #[test]
    fn names_that_differ_in_their_middle_have_numbers() {
        let [a, b] = ["a", "b"].map(|middle| format!("{}{middle}{}", "x".repeat(500), "x".repeat(500)));
        let shown = distinct_names(FONT, [a.as_str(), &b, &a], 60.0);
        assert!(shown[0].starts_with("1: x") && shown[1].starts_with("2: x"), "{shown:?}");
        let same = distinct_names(FONT, [a.as_str(), &a], 60.0);
        assert_eq!(same[0], same[1], "one name is one name");
    }
}
