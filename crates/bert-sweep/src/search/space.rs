//! Search space: for each argument of `bert-finetune`, the distribution that its values are chosen from.
//!
//! ```toml
//! [sweep.space]
//! lr_scheduler_type = ["linear", "cosine"]                 # categorical
//! weight_decay = { min = 0.0, max = 0.1 }                  # uniform
//! learning_rate = { min = 1e-5, max = 2e-4, log = true }   # log-uniform
//! num_train_epochs = { min = 2, max = 4 }                  # integers, since both bounds are
//! hidden_dropout_prob = { min = 0.0, max = 0.3, step = 0.1 }
//! ```
//!
//! Names are not known here: `bert-finetune --plan` checks them, and the values, before the first trial starts.

use std::collections::BTreeMap;

use anyhow::Context;
use stage::{bad_input, bail_input, ensure_input};
use toml::{Table, Value};

use crate::trials::values::canonical;

/// The distribution of each argument, by its name.
pub(crate) type Space = BTreeMap<String, Distribution>;

/// The values of one trial, by the names of the space.
pub(crate) type Arguments = BTreeMap<String, Value>;

/// A trial that was run, for samplers that learn from scores.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observation {
    pub(crate) arguments: Arguments,
    /// The greater the better; `None` if the trial failed.
    pub(crate) score: Option<f64>,
}

/// The values that an argument may take.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Distribution {
    /// Any of these, each as likely as the next.
    Categorical(Vec<Value>),
    /// Any number between two, uniform or log-uniform.
    Float { min: f64, max: f64, log: bool },
    /// Any integer between two, both included.
    Integer { min: i64, max: i64, log: bool },
}

/// Reads `[sweep.space]`.
pub(crate) fn parse(table: &Table) -> anyhow::Result<Space> {
    let argument = |(name, value): (&String, &Value)| {
        let distribution = distribution(value).with_context(|| format!("{name} in [sweep.space]"))?;
        Ok((name.clone(), distribution))
    };
    table.iter().map(argument).collect()
}

fn distribution(value: &Value) -> anyhow::Result<Distribution> {
    match value {
        Value::Array(items) => categorical(items),
        Value::Table(bounds) => range(bounds),
        _ => {
            bail_input!("expected a list such as [8, 16], or a range such as {{ min = 1e-5, max = 1e-4, log = true }}")
        }
    }
}

fn categorical(items: &[Value]) -> anyhow::Result<Distribution> {
    ensure_input!(!items.is_empty(), "the list is empty");
    for (index, item) in items.iter().enumerate() {
        let scalar = !matches!(item, Value::Array(_) | Value::Table(_) | Value::Datetime(_));
        ensure_input!(scalar, "the list has {item}; expected numbers, strings or booleans");
        let is_same = |other: &Value| canonical(other) == canonical(item);
        ensure_input!(!items[..index].iter().any(is_same), "the list has {item} twice");
    }
    Ok(Distribution::Categorical(items.to_vec()))
}

fn range(bounds: &Table) -> anyhow::Result<Distribution> {
    for key in bounds.keys() {
        let known = ["min", "max", "log", "step"].contains(&key.as_str());
        ensure_input!(known, "unknown key {key}; a range has min, max, log and step");
    }
    let get = |key: &str| bounds.get(key).ok_or_else(|| bad_input!("a range needs {key}"));
    let log = match bounds.get("log") {
        None => false,
        Some(Value::Boolean(log)) => *log,
        Some(other) => bail_input!("log is {other}; expected true or false"),
    };
    let (low, high) = (get("min")?, get("max")?);
    let (min, max) = (number(low)?, number(high)?);
    ensure_input!(min < max, "min is {min} and max is {max}; expected min below max");
    ensure_input!(!log || min > 0.0, "min is {min}; expected more than 0, since the range is logarithmic");
    if let Some(step) = bounds.get("step") {
        ensure_input!(!log, "step and log cannot be combined; list the values instead");
        return stepped(low, high, step);
    }
    Ok(match (low, high) {
        (Value::Integer(min), Value::Integer(max)) => Distribution::Integer { min: *min, max: *max, log },
        _ => Distribution::Float { min, max, log },
    })
}

/// `min`, `min + step`, … up to `max`.
fn stepped(low: &Value, high: &Value, step: &Value) -> anyhow::Result<Distribution> {
    const MAX_VALUES: f64 = 10_000.0;
    let (min, max, width) = (number(low)?, number(high)?, number(step)?);
    ensure_input!(width > 0.0, "step is {width}; expected more than 0");
    let n_steps = ((max - min) / width + 1e-9).floor();
    ensure_input!(n_steps < MAX_VALUES, "step {width} makes more than {MAX_VALUES} values");
    let value = |index: i64| match (low, step) {
        (Value::Integer(min), Value::Integer(step)) => Value::Integer(min + index * step),
        _ => Value::Float(rounded(min + index as f64 * width, 12)),
    };
    Ok(Distribution::Categorical((0..=n_steps as i64).map(value).collect()))
}

fn number(value: &Value) -> anyhow::Result<f64> {
    match value {
        Value::Integer(number) => Ok(*number as f64),
        Value::Float(number) if number.is_finite() => Ok(*number),
        other => bail_input!("{other} is not a finite number"),
    }
}

impl Distribution {
    /// All values, in their order; `None` for a range of floats, and for too many integers to list.
    pub(crate) fn all(&self) -> Option<Vec<Value>> {
        match self {
            Self::Categorical(values) => Some(values.clone()),
            Self::Integer { min, max, log: false } if max.abs_diff(*min) < 10_000 => {
                Some((*min..=*max).map(Value::Integer).collect())
            }
            Self::Integer { .. } | Self::Float { .. } => None,
        }
    }

    /// The value at a fraction of the range, in `[0, 1)`. Floats have four significant digits, so that they can be read
    /// and copied; both bounds can come up.
    pub(crate) fn value_at(&self, fraction: f64) -> Value {
        match self {
            Self::Categorical(values) => {
                let index = (fraction * values.len() as f64) as usize;
                values[index.min(values.len() - 1)].clone()
            }
            Self::Float { min, max, log } => {
                Value::Float(rounded(interpolate(*min, *max, *log, fraction), 4).clamp(*min, *max))
            }
            Self::Integer { min, max, log } => {
                // The bounds are widened by a half, so that every integer has an equal interval to be rounded from.
                let value = interpolate(*min as f64 - 0.5, *max as f64 + 0.5, *log, fraction).round() as i64;
                Value::Integer(value.clamp(*min, *max))
            }
        }
    }

    /// The inverse of [`value_at`](Self::value_at): the fraction of the range at which a value lies.
    pub(crate) fn fraction_of(&self, value: &Value) -> f64 {
        let number = number(value).unwrap_or_default();
        let fraction = match self {
            Self::Categorical(values) => {
                let index = values.iter().position(|other| other == value).unwrap_or_default();
                (index as f64 + 0.5) / values.len() as f64
            }
            Self::Float { min, max, log } => fraction_between(*min, *max, *log, number),
            Self::Integer { min, max, log } => fraction_between(*min as f64 - 0.5, *max as f64 + 0.5, *log, number),
        };
        fraction.clamp(0.0, 1.0 - f64::EPSILON)
    }

    /// As the plan of a sweep has it. The manifest's key is a hash of this text, so that another wording would run old
    /// sweeps again.
    pub(crate) fn plan_text(&self) -> String {
        match self {
            Self::Categorical(values) => format!("List({values:?})"),
            Self::Float { min, max, log } => format!("Range {{ min: {min:?}, max: {max:?}, log: {log} }}"),
            Self::Integer { min, max, log } => format!("Whole {{ min: {min}, max: {max}, log: {log} }}"),
        }
    }
}

fn fraction_between(min: f64, max: f64, log: bool, value: f64) -> f64 {
    if log { (value.ln() - min.ln()) / (max.ln() - min.ln()) } else { (value - min) / (max - min) }
}

fn interpolate(min: f64, max: f64, log: bool, fraction: f64) -> f64 {
    if log { (min.ln() + fraction * (max.ln() - min.ln())).exp() } else { min + fraction * (max - min) }
}

/// Rounds in decimal, so that the value is the one that its text is read as.
fn rounded(value: f64, n_digits: usize) -> f64 {
    format!("{value:.*e}", n_digits - 1).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> anyhow::Result<Distribution> {
        let table: Table = text.parse().unwrap();
        Ok(parse(&table)?.remove("x").unwrap())
    }

    #[test]
    fn lists_and_steps_have_all_their_values() {
        let values = |text: &str| -> Vec<String> {
            parsed(text).unwrap().all().unwrap().iter().map(ToString::to_string).collect()
        };
        assert_eq!(values("x = [8, 'a', true]"), ["8", "\"a\"", "true"]);
        assert_eq!(values("x = { min = 2, max = 4 }"), ["2", "3", "4"]);
        assert_eq!(values("x = { min = 0.0, max = 0.3, step = 0.1 }"), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(values("x = { min = 8, max = 30, step = 8 }"), ["8", "16", "24"]);
        assert_eq!(parsed("x = { min = 1e-5, max = 1e-3 }").unwrap().all(), None);
    }

    #[test]
    fn a_value_lies_at_a_fraction_of_the_range() {
        let at = |text: &str, fraction: f64| parsed(text).unwrap().value_at(fraction).to_string();
        assert_eq!(at("x = { min = 1e-5, max = 1e-3, log = true }", 0.5), "0.0001");
        assert_eq!(at("x = { min = 1e-5, max = 1e-3, log = true }", 0.123), "0.00001762");
        assert_eq!(at("x = { min = 0, max = 0.1 }", 0.25), "0.025");
        assert_eq!(at("x = [8, 16, 32]", 0.5), "16");
        let counts = |text: &str| {
            let mut counts = [0; 3];
            (0..300).for_each(|i| {
                counts[parsed(text).unwrap().value_at(f64::from(i) / 300.0).as_integer().unwrap() as usize] += 1
            });
            counts
        };
        assert_eq!(counts("x = { min = 0, max = 2 }"), [100, 100, 100]);
    }

    #[test]
    fn the_fraction_of_a_value_leads_back_to_it() {
        for text in ["x = { min = 1e-5, max = 1e-3, log = true }", "x = { min = 0.0, max = 4.0 }", "x = [8, 16, 32]"] {
            let distribution = parsed(text).unwrap();
            for fraction in [0.1, 0.5, 0.9] {
                let value = distribution.value_at(fraction);
                assert_eq!(distribution.value_at(distribution.fraction_of(&value)), value, "{text}");
            }
        }
    }

    #[test]
    fn the_text_in_the_plan_stays_as_it_is() {
        let text = |text: &str| parsed(text).unwrap().plan_text();
        assert_eq!(text("x = [8, 'a', true, 0.5]"), "List([Integer(8), String(\"a\"), Boolean(true), Float(0.5)])");
        assert_eq!(text("x = { min = 1e-5, max = 1.0, log = true }"), "Range { min: 1e-5, max: 1.0, log: true }");
        assert_eq!(text("x = { min = 2, max = 4 }"), "Whole { min: 2, max: 4, log: false }");
    }

    #[test]
    fn what_cannot_be_searched_is_named() {
        let refusal = |text: &str| format!("{:#}", parsed(text).unwrap_err());
        assert_eq!(refusal("x = []"), "x in [sweep.space]: the list is empty");
        assert_eq!(refusal("x = [1, 1]"), "x in [sweep.space]: the list has 1 twice");
        assert_eq!(refusal("x = [3, 3.0]"), "x in [sweep.space]: the list has 3.0 twice");
        assert_eq!(refusal("x = [true, 'true']"), "x in [sweep.space]: the list has \"true\" twice");
        assert_eq!(
            refusal("x = { min = 2, max = 1 }"),
            "x in [sweep.space]: min is 2 and max is 1; expected min below max"
        );
        assert_eq!(
            refusal("x = { min = 0, max = 1, log = true }"),
            "x in [sweep.space]: min is 0; expected more than 0, since the range is logarithmic"
        );
        assert_eq!(refusal("x = { min = 0 }"), "x in [sweep.space]: a range needs max");
        assert!(refusal("x = { min = 0, max = 1, stp = 1 }").contains("unknown key stp"));
        assert!(refusal("x = 3").contains("expected a list such as [8, 16]"));
    }
}
