//! The texts of the rows that are shown.

use std::collections::{BTreeMap, HashMap};

use corpus::shortened_name;

use super::found::Found;
use super::kind::Kind;
use super::report::{Example, ExampleRow};
use super::rows::{Dataset, Row};

/// Characters of a text that are shown.
const SHOWN: usize = 160;

/// Reads the examples of all kinds.
pub(crate) fn show(dataset: &Dataset, rows: &[Row], found: &Found) -> anyhow::Result<BTreeMap<Kind, Vec<Example>>> {
    let numbers = found.examples.values().flatten().flat_map(|(row, other)| [Some(*row), *other]).flatten();
    let mut examples: HashMap<u32, ExampleRow> = numbers.map(|number| (number, ExampleRow::default())).collect();
    let names = &dataset.metadata.label_names;
    dataset.for_each_sentence(|number, split, record| {
        let Some(example) = examples.get_mut(&number) else { return };
        let label = rows[number as usize].label.and_then(|label| names.get(usize::try_from(label).ok()?));
        *example = ExampleRow {
            split: Some(split),
            id: record.id,
            file: record.source.as_ref().map(|source| source.file.to_string()),
            line: record.source.as_ref().map(|source| source.line),
            label: label.map(|label| shortened_name(label)),
            text: beginning(&record.text),
        };
    })?;
    let example_row = |number: u32| examples.get(&number).cloned().unwrap_or_default();
    let example = |(row, other): &(u32, Option<u32>)| Example { row: example_row(*row), other: other.map(example_row) };
    Ok(found.examples.iter().map(|(kind, rows)| (*kind, rows.iter().map(example).collect())).collect())
}

fn beginning(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
