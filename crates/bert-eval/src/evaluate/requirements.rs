//! Requirements: figures that have to be reached, `--require 'accuracy>=0.88,f1_macro>=0.87'`, for CI and orchestrators.
//!
//! They are no part of the key: everything is written first, and a fresh folder is judged, too.

use std::fmt;
use std::path::Path;

use serde_json::{Map, Value};
use stage::{ExitReason, List, bad_input, bail_input};

use crate::flat_figures::flat_figures;

/// One figure and its bound.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Requirement {
    figure: String,
    comparison: Comparison,
    bound: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    AtMost,
    Above,
    Below,
}

impl Comparison {
    const ALL: [(&'static str, Self); 4] =
        [(">=", Self::AtLeast), ("<=", Self::AtMost), (">", Self::Above), ("<", Self::Below)];

    fn holds(self, figure: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => figure >= bound,
            Self::AtMost => figure <= bound,
            Self::Above => figure > bound,
            Self::Below => figure < bound,
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let sign = Comparison::ALL.iter().find(|(_, comparison)| *comparison == self.comparison).map_or("", |it| it.0);
        write!(formatter, "{}{sign}{}", self.figure, self.bound)
    }
}

/// What the flags say.
///
/// # Errors
/// Fails on what is no figure, comparison and number.
pub(crate) fn requirements(flags: &[List]) -> anyhow::Result<Vec<Requirement>> {
    flags.iter().flat_map(List::items).map(|text| requirement(text)).collect()
}

fn requirement(text: &str) -> anyhow::Result<Requirement> {
    let wrong = || {
        bad_input!(
            "--require is `{text}`; expected a figure and its bound, such as accuracy>=0.88; one whose name has a comma in quotes, \"f1.a, b>=0.5\""
        )
    };
    // The last sign counts: the name of a class may hold others.
    let (figure, compared) = text.split_at(text.rfind(['<', '>']).ok_or_else(wrong)?);
    let n_of_sign = if compared[1..].starts_with('=') { 2 } else { 1 };
    let (sign, bound) = compared.split_at(n_of_sign);
    let &(_, comparison) = Comparison::ALL.iter().find(|(known, _)| *known == sign).ok_or_else(wrong)?;
    let bound: f64 = bound.trim().parse().ok().filter(|bound: &f64| bound.is_finite()).ok_or_else(wrong)?;
    let figure = figure.trim().to_owned();
    if figure.is_empty() { Err(wrong()) } else { Ok(Requirement { figure, comparison, bound }) }
}

/// Holds the figures of a finished evaluation to the requirements.
///
/// # Errors
/// Of exit code 5 where one is missed; of bad input where there is no such figure.
pub(crate) fn check(requirements: &[Requirement], metrics_file: &Path) -> anyhow::Result<()> {
    if requirements.is_empty() {
        return Ok(());
    }
    let Ok(text) = std::fs::read(metrics_file) else {
        bail_input!(
            "--require needs figures, but no row of the split has a label: {} is not there",
            metrics_file.display()
        );
    };
    let metrics: Value = serde_json::from_slice(&text)?;
    let figures = flat_figures(&metrics);
    let reasons = metrics.get("undefined").and_then(Value::as_object);
    let mut missed = Vec::new();
    for requirement in requirements {
        missed.extend(miss(requirement, &figures, reasons)?);
    }
    if missed.is_empty() { Ok(()) } else { Err(ExitReason::RequirementMissed(missed.join("; ")).into()) }
}

/// What is wrong with a figure, in words.
fn miss(
    requirement: &Requirement,
    figures: &Map<String, Value>,
    reasons: Option<&Map<String, Value>>,
) -> anyhow::Result<Option<String>> {
    let name = &requirement.figure;
    let Some(value) = figures.get(name) else {
        let known: Vec<&str> = figures.keys().map(String::as_str).filter(|name| !name.contains('.')).collect();
        bail_input!(
            "--require {requirement}: there is no figure {name}; there are {}, and F1 and others of a class as f1.LABEL",
            known.join(", ")
        );
    };
    Ok(match value.as_f64() {
        Some(value) if requirement.comparison.holds(value, requirement.bound) => None,
        Some(value) => Some(format!("required {requirement}, but {name} is {value:.6}")),
        None => {
            let reason = reasons.and_then(|reasons| reasons.get(name)?.as_str()).unwrap_or("it is not defined");
            Some(format!("required {requirement}, but there is no {name}: {reason}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Requirement>, String> {
        requirements(&[text.parse::<List>().unwrap()]).map_err(|error| error.to_string())
    }

    #[test]
    fn a_figure_a_comparison_and_a_number_are_read() {
        let parsed = parse("accuracy>=0.88, loss < 0.5,f1.very negative>0").unwrap();
        let texts: Vec<String> = parsed.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["accuracy>=0.88", "loss<0.5", "f1.very negative>0"]);
        let signs = parse("f1.>=5>=0.5,support.a<b<=7").unwrap();
        assert_eq!(
            signs.iter().map(|it| (it.figure.as_str(), it.bound)).collect::<Vec<_>>(),
            [("f1.>=5", 0.5), ("support.a<b", 7.0)]
        );
        for wrong in ["accuracy", "accuracy=0.5", ">=0.5", "accuracy>=high", "accuracy>=nan"] {
            let error = parse(wrong).unwrap_err();
            assert!(error.contains(wrong) && error.contains("such as accuracy>=0.88"), "{error}");
        }
    }

    #[test]
    fn what_is_missed_is_said_and_what_is_unknown_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let text = r#"{"accuracy": 0.875, "roc_auc": null, "undefined": {"roc_auc": "no row is positive"}}"#;
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        let checked = |text: &str| check(&parse(text).unwrap(), file.path()).map_err(|error| error.to_string());
        assert_eq!(checked("accuracy>=0.875,accuracy<=0.875"), Ok(()));
        let missed = "required accuracy>0.875, but accuracy is 0.875000";
        assert_eq!(checked("accuracy>0.875"), Err(missed.to_owned()));
        let undefined = "required roc_auc>0, but there is no roc_auc: no row is positive";
        assert_eq!(checked("accuracy<0.875,roc_auc>0").unwrap_err().split("; ").nth(1), Some(undefined));
        assert!(
            checked("f2>0")
                .unwrap_err()
                .starts_with("--require f2>0: there is no figure f2; there are accuracy, roc_auc")
        );
    }
}
