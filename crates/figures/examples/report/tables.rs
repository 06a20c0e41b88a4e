//! The tables of a report.

use figures::{Cell, Column, DataTable, Emphasis, Part, Token};

use crate::numbers::{Evaluation, Random};

const WORDS: [&str; 12] = ["a", "film", "of", "rare", "beaut", "y", "but", "not", "one", "laugh", "and", "dull"];

pub(super) fn slices(evaluation: &Evaluation) -> DataTable {
    let columns =
        ["slice", "n", "accuracy", "from", "to", "against the rest", "p (corrected)"].map(Column::new).to_vec();
    let row = |index: usize| {
        let accuracy = 0.78 + 0.015 * index as f64;
        let verdict =
            if index < 2 { Cell::badge(Emphasis::Bad, "worse") } else { Cell::badge(Emphasis::Note, "by chance") };
        vec![
            Cell::Text(format!("length {} to {}", 8 * index + 1, 8 * index + 8)),
            Cell::count((evaluation.rows.len() / (index + 1)) as u64),
            Cell::percent(accuracy, 1),
            Cell::percent(accuracy - 0.05, 1),
            Cell::percent(accuracy + 0.04, 1),
            verdict,
            Cell::number(0.001 * (index * index) as f64, 3),
        ]
    };
    DataTable { name: "Slices".to_owned(), columns, rows: (0..8).map(row).collect() }
}

pub(super) fn errors(evaluation: &Evaluation) -> DataTable {
    let mut random = Random::new(11);
    let wrong = evaluation.rows.iter().enumerate().filter(|(_, row)| row.label != row.prediction);
    let row = |(index, row): (usize, &crate::numbers::Row)| {
        let token = |_| {
            let word = random.below(WORDS.len());
            Token { text: WORDS[word].to_owned(), spaced: WORDS[word] != "y", attribution: 2.0 * random.unit() - 1.0 }
        };
        vec![
            Cell::count(index as u64),
            evaluation.names[row.label].as_str().into(),
            evaluation.names[row.prediction].as_str().into(),
            Cell::number(row.confidence, 3),
            Cell::Tokens((0..18).map(token).collect()),
        ]
    };
    let id = Column { note: "The number of the row in its source".to_owned(), ..Column::new("id") };
    let columns = vec![
        id,
        Column::filtered("true label"),
        Column::filtered("predicted"),
        Column::new("confidence"),
        Column::wide("text"),
    ];
    DataTable { name: "Errors".to_owned(), columns, rows: wrong.map(row).collect() }
}

/// Texts and numbers in many rows.
pub(super) fn texts(texts: &[&str], n: usize) -> DataTable {
    let row = |index: usize| {
        let text = texts[index % texts.len()];
        let value =
            if index.is_multiple_of(7) { Cell::Empty } else { Cell::number((index * 7919 % 1000) as f64 - 500.0, 2) };
        let piece = Token {
            text: text.chars().take(40).collect(),
            spaced: true,
            attribution: if index.is_multiple_of(2) { 1.0 } else { f64::NAN },
        };
        vec![
            Cell::count(index as u64),
            value,
            text.into(),
            Cell::Tokens(vec![piece]),
            Cell::badge(Emphasis::Good, text.chars().take(40).collect::<String>()),
        ]
    };
    let columns = vec![
        Column::new("row"),
        Column::new("value"),
        Column::wide(texts[0]),
        Column::new(texts[1]),
        Column::filtered("<b>kind"),
    ];
    DataTable { name: texts[1].to_owned(), columns, rows: (0..n).map(row).collect() }
}

pub(super) fn provenance() -> Part {
    let entries = [
        ("model.safetensors", "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("dataset", "hub:stanfordnlp/sst2"),
        ("seed", "42"),
    ];
    Part::Definitions(entries.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
}
