//! The names of an answer's columns, and those of the columns that go along.

use checkpoint::OutputKind;
use stage::bail_input;

use crate::verdict::Decoding;

pub(super) const TEXT: &str = "text";
pub(super) const LABEL: &str = "label";
pub(super) const LABELS: &str = "labels";
pub(super) const SCORE: &str = "score";
pub(super) const ABSTAINED: &str = "abstained";
pub(super) const PROBABILITIES: &str = "probabilities";
/// The label whose logit is explained.
pub(super) const ATTRIBUTED_LABEL: &str = "attributed_label";
pub(super) const ATTRIBUTION: &str = "attribution";
pub(super) const ERROR: &str = "error";
/// Before the name of a label, the column of its probability.
pub(super) const PROBABILITY: &str = "probability_";

/// What a column that goes along gets before its name where an answer has one of that name.
const SOURCE: &str = "source_";

/// The names that columns which go along have in the output: their own, but not those of an answer's columns; with what has
/// to be said of those that are renamed.
///
/// # Errors
/// Fails where two would have one name; that is bad input.
pub(crate) fn kept_names(columns: &[String], decoding: &Decoding) -> anyhow::Result<(Vec<String>, Option<String>)> {
    let is_taken = |name: &str| {
        [TEXT, LABEL, LABELS, SCORE, ABSTAINED, PROBABILITIES, ATTRIBUTED_LABEL, ATTRIBUTION, ERROR].contains(&name)
            || columns_of_probabilities(decoding).iter().any(|column| column == name)
    };
    let renamed = |column: &String| if is_taken(column) { format!("{SOURCE}{column}") } else { column.clone() };
    let names: Vec<String> = columns.iter().map(renamed).collect();
    if let Some((_, name)) = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
        bail_input!(
            "two columns that go along would both be called {name}; name those that are wanted with --keep-columns"
        );
    }
    let said: Vec<String> = columns
        .iter()
        .zip(&names)
        .filter(|(column, name)| column != name)
        .map(|(column, name)| format!("{column} of the input goes along as {name}"))
        .collect();
    Ok((names, (!said.is_empty()).then(|| said.join(", "))))
}

/// The columns of a table that hold probabilities: one for each label, or two for each of the largest.
pub(super) fn columns_of_probabilities(decoding: &Decoding) -> Vec<String> {
    if decoding.kind == OutputKind::Score {
        return Vec::new();
    }
    match decoding.top_k {
        Some(top_k) => (1..=top_k.min(decoding.names.len()))
            .flat_map(|rank| [format!("label_{rank}"), format!("{PROBABILITY}{rank}")])
            .collect(),
        None => decoding.names.iter().map(|name| format!("{PROBABILITY}{name}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_an_answer_has_is_given_to_no_other() {
        let names = ["bad", "good"].map(str::to_owned).to_vec();
        let decoding = Decoding { names, kind: OutputKind::Class, top_k: None, threshold: None, temperature: None };
        let kept = |columns: &[&str]| {
            let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
            kept_names(&columns, &decoding).map_err(|error| error.to_string())
        };
        assert_eq!(kept(&["id", "region"]).unwrap(), (vec!["id".to_owned(), "region".to_owned()], None));
        let (names, said) = kept(&["id", "label", "probability_bad"]).unwrap();
        assert_eq!(names, ["id", "source_label", "source_probability_bad"]);
        let expected = "label of the input goes along as source_label, probability_bad of the input goes along as source_probability_bad";
        assert_eq!(said.as_deref(), Some(expected));
        assert!(kept(&["label", "source_label"]).unwrap_err().contains("both be called source_label"));
    }
}
