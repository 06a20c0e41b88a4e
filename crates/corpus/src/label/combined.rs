//! Labels that are several labels of one text: `joy,anger` beside `joy` and `anger`.

use std::collections::HashMap;

use super::classes::Class;
use super::decimal_comma::with_point;

/// What stands between the labels of a text.
const SEPARATORS: [char; 4] = [',', ';', '|', '\n'];

/// A label that looks like several, and what separates them; none where most labels with a separator have a part that no other
/// label has, as `Culture, arts` has.
pub(super) fn example(classes: &[Class]) -> Option<(&str, char)> {
    SEPARATORS.into_iter().find_map(|separator| {
        let labels = || classes.iter().flat_map(|class| &class.spellings).map(|spelling| spelling.text.as_str());
        let mut n_labels_with: HashMap<&str, usize> = HashMap::new();
        for label in labels() {
            label.split(separator).for_each(|part| *n_labels_with.entry(part.trim()).or_default() += 1);
        }
        let is_shared = |label: &&str| {
            !is_half_or_quarter(label) && label.split(separator).all(|part| n_labels_with[part.trim()] > 1)
        };
        let several = labels().filter(|label| label.trim_matches(separator).contains(separator));
        let (shared, own): (Vec<&str>, Vec<&str>) = several.partition(is_shared);
        shared.first().filter(|_| shared.len() > own.len()).map(|label| (*label, separator))
    })
}

/// Whether a label is a number as ratings have them, with a decimal comma: `3,5`.
fn is_half_or_quarter(label: &str) -> bool {
    with_point(label.trim())
        .is_some_and(|number| [".0", ".5", ".25", ".50", ".75"].iter().any(|part| number.ends_with(part)))
}
