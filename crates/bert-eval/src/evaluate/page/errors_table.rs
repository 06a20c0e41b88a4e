//! The table of errors that are shown: their texts, colored by what each word piece contributes where that is known.

use figures::{Cell, Column, DataTable, Emphasis, Part, Token};
use run_files::attribution::TokenContribution;

use crate::evaluate::errors::{WrongOutcome, WrongPrediction};

const COLORS: &str = "Word pieces that speak for the predicted class are blue and underlined, those against it orange and dotted; \
the stronger, the more they contribute to its logit (integrated gradients).";
const SCORE_COLORS: &str = "Word pieces that raise the score are blue and underlined, those that lower it orange and dotted; \
the stronger, the more they contribute to it (integrated gradients).";

/// The table, with what its colors mean; a sentence where there are no errors.
pub(super) fn errors_table(errors: &[WrongPrediction]) -> Vec<Part> {
    let Some(first) = errors.first() else {
        return vec![Part::Text("No prediction is wrong.".to_owned())];
    };
    let is_colored = errors.iter().any(|error| error.attribution.is_some());
    let has_text = errors.iter().any(|error| error.text.is_some() || error.attribution.is_some());
    let has_near = errors.iter().any(|error| error.near_duplicate.is_some());
    let has_issues = errors.iter().any(|error| error.is_label_issue);
    let kept: Vec<&String> = first.kept.keys().collect();
    let mut columns = vec![Column::new("id")];
    columns.extend(match first.outcome {
        WrongOutcome::Class { .. } => {
            vec![
                Column::filtered("true"),
                Column::filtered("predicted"),
                Column::new("probability"),
                Column::new("of the true"),
            ]
        }
        WrongOutcome::Score { .. } => vec![Column::new("true"), Column::new("predicted"), Column::new("error")],
    });
    columns.extend(has_text.then(|| Column::wide("text")));
    columns.extend(has_issues.then(|| Column::filtered("label")));
    columns.extend(has_near.then(|| Column::wide("nearly the same in train")));
    columns.extend(kept.iter().map(|name| Column::filtered(name.as_str())));
    let rows = errors.iter().map(|error| {
        let mut cells = vec![Cell::Number { value: error.id as f64, text: error.id.to_string() }];
        cells.extend(outcome(&error.outcome));
        cells.extend(has_text.then(|| text(error)));
        cells.extend(has_issues.then(|| label_doubt(error)));
        cells.extend(
            has_near.then(|| error.near_duplicate.as_ref().map_or(Cell::Empty, |near| Cell::from(near.text.as_str()))),
        );
        cells.extend(
            kept.iter()
                .map(|name| error.kept.get(*name).and_then(|value| value.as_str()).map_or(Cell::Empty, Cell::from)),
        );
        cells
    });
    let table = Part::DataTable(DataTable {
        name: format!("{} predictions, the worst first", errors.len()),
        columns,
        rows: rows.collect(),
    });
    let colors = match first.outcome {
        WrongOutcome::Class { .. } => COLORS,
        WrongOutcome::Score { .. } => SCORE_COLORS,
    };
    if is_colored { vec![Part::Text(colors.to_owned()), table] } else { vec![table] }
}

fn outcome(outcome: &WrongOutcome) -> Vec<Cell> {
    match outcome {
        WrongOutcome::Class { label, prediction, probability, probability_of_label } => vec![
            Cell::from(label.as_str()),
            Cell::from(prediction.as_str()),
            Cell::percent(*probability, 1),
            Cell::percent(*probability_of_label, 1),
        ],
        WrongOutcome::Score { score, prediction } => {
            let numbers = [*score, *prediction, *prediction - *score];
            numbers.map(|number| Cell::number(f64::from(number), 4)).into()
        }
    }
}

fn label_doubt(error: &WrongPrediction) -> Cell {
    if error.is_label_issue { Cell::badge(Emphasis::Warning, "likely wrong") } else { Cell::Empty }
}

fn text(error: &WrongPrediction) -> Cell {
    match (&error.attribution, &error.text) {
        (Some(pieces), _) => Cell::Tokens(tokens(pieces)),
        (None, Some(text)) => Cell::from(text.as_str()),
        (None, None) => Cell::Empty,
    }
}

/// Word pieces without the marks of the vocabulary; what is in no word, `[CLS]` and `[SEP]`, contributes nothing.
fn tokens(pieces: &[TokenContribution]) -> Vec<Token> {
    let is_shown = |piece: &&TokenContribution| !matches!(piece.token.as_str(), "[CLS]" | "[SEP]");
    let token = |piece: &TokenContribution| {
        let continued = piece.token.strip_prefix("##");
        Token {
            text: continued.unwrap_or(&piece.token).to_owned(),
            spaced: continued.is_none(),
            attribution: piece.contribution,
        }
    };
    pieces.iter().filter(is_shown).map(token).collect()
}
