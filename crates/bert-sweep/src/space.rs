//! The space that is searched: for each argument of `bert-finetune`, the values that it may take.
//!
//! ```toml
//! [sweep.space]
//! lr_scheduler_type = ["linear", "cosine"]                 # a list
//! weight_decay = { min = 0.0, max = 0.1 }                  # a range
//! learning_rate = { min = 1e-5, max = 2e-4, log = true }   # a range, each decade as likely as the next
//! num_train_epochs = { min = 2, max = 4 }                  # whole numbers, as its bounds are
//! hidden_dropout_prob = { min = 0.0, max = 0.3, step = 0.1 }
//! ```
//!
//! Names are not known here: `bert-finetune --plan` judges them, and the values, before the first trial starts.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use toml::{Table, Value};

/// What each argument may be, by its name.
pub(crate) type Space = BTreeMap<String, Choices>;

/// The values that an argument may take.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Choices {
    /// Any of these.
    List(Vec<Value>),
    /// Any number between two, in even or logarithmic density.
    Range { min: f64, max: f64, log: bool },
    /// Any whole number between two, both included.
    Whole { min: i64, max: i64, log: bool },
}

/// Reads `[sweep.space]`.
pub(crate) fn parse(table: &Table) -> anyhow::Result<Space> {
    let argument = |(name, value): (&String, &Value)| {
        let choices = choices(value).with_context(|| format!("{name} in [sweep.space]"))?;
        Ok((name.clone(), choices))
    };
    table.iter().map(argument).collect()
}

fn choices(value: &Value) -> anyhow::Result<Choices> {
    match value {
        Value::Array(items) => {
            ensure!(!items.is_empty(), "the list is empty");
            let scalar = |item: &Value| !matches!(item, Value::Array(_) | Value::Table(_) | Value::Datetime(_));
            ensure!(items.iter().all(scalar), "a list holds numbers, strings or booleans");
            let twice = items.iter().enumerate().find(|(place, item)| items[..*place].contains(item));
            ensure!(
                twice.is_none(),
                "the list has {} twice",
                twice.map_or(String::new(), |(_, item)| item.to_string())
            );
            Ok(Choices::List(items.clone()))
        }
        Value::Table(bounds) => range(bounds),
        _ => bail!("expected a list such as [8, 16], or a range such as {{ min = 1e-5, max = 1e-4, log = true }}"),
    }
}

fn range(bounds: &Table) -> anyhow::Result<Choices> {
    for key in bounds.keys() {
        ensure!(
            ["min", "max", "log", "step"].contains(&key.as_str()),
            "unknown key {key}; a range has min, max, log, step"
        );
    }
    let get = |key: &str| bounds.get(key).with_context(|| format!("a range needs {key}"));
    let log = match bounds.get("log") {
        None => false,
        Some(Value::Boolean(log)) => *log,
        Some(other) => bail!("log is {other}; expected true or false"),
    };
    let (low, high) = (get("min")?, get("max")?);
    let (min, max) = (number(low)?, number(high)?);
    ensure!(min < max, "min is {min} and max is {max}; expected min below max");
    ensure!(!log || min > 0.0, "min is {min}; a logarithmic range begins above 0");
    if let Some(step) = bounds.get("step") {
        ensure!(!log, "step and log exclude each other; list the values instead");
        return stepped((low, high), step);
    }
    Ok(match (low, high) {
        (Value::Integer(min), Value::Integer(max)) => Choices::Whole { min: *min, max: *max, log },
        _ => Choices::Range { min, max, log },
    })
}

/// `min`, `min + step`, … up to `max`.
fn stepped((low, high): (&Value, &Value), step: &Value) -> anyhow::Result<Choices> {
    const MOST: f64 = 10_000.0;
    let (min, max, width) = (number(low)?, number(high)?, number(step)?);
    ensure!(width > 0.0, "step is {width}; expected more than 0");
    let n_steps = ((max - min) / width + 1e-9).floor();
    ensure!(n_steps < MOST, "step {width} makes more than {MOST} values");
    let whole = match (low, step) {
        (Value::Integer(min), Value::Integer(step)) => Some((*min, *step)),
        _ => None,
    };
    let value = |place: i64| match whole {
        Some((min, step)) => Value::Integer(min + place * step),
        None => Value::Float(rounded(min + place as f64 * width, 12)),
    };
    Ok(Choices::List((0..=n_steps as i64).map(value).collect()))
}

fn number(value: &Value) -> anyhow::Result<f64> {
    match value {
        Value::Integer(number) => Ok(*number as f64),
        Value::Float(number) if number.is_finite() => Ok(*number),
        other => bail!("{other} is no number"),
    }
}

impl Choices {
    /// All values, in their order; `None` where they cannot be counted.
    pub(crate) fn all(&self) -> Option<Vec<Value>> {
        match self {
            Self::List(values) => Some(values.clone()),
            Self::Whole { min, max, log: false } if max.abs_diff(*min) < 10_000 => {
                Some((*min..=*max).map(Value::Integer).collect())
            }
            Self::Whole { .. } | Self::Range { .. } => None,
        }
    }

    /// The value at a share of the way, in `[0, 1)`. Numbers of a range have four significant digits, so that they can
    /// be read and copied; both bounds can come up.
    pub(crate) fn at(&self, share: f64) -> Value {
        match self {
            Self::List(values) => {
                let place = (share * values.len() as f64) as usize;
                values[place.min(values.len() - 1)].clone()
            }
            Self::Range { min, max, log } => {
                Value::Float(rounded(between(*min, *max, *log, share), 4).clamp(*min, *max))
            }
            Self::Whole { min, max, log } => {
                // The bounds are widened by a half, so that each whole number has the same stretch to be rounded from.
                let drawn = between(*min as f64 - 0.5, *max as f64 + 0.5, *log, share).round() as i64;
                Value::Integer(drawn.clamp(*min, *max))
            }
        }
    }

    /// The inverse: the share of the way at which a value is found.
    pub(crate) fn share_of(&self, value: &Value) -> f64 {
        let number = number(value).unwrap_or_default();
        let share = match self {
            Self::List(values) => {
                let place = values.iter().position(|other| other == value).unwrap_or_default();
                (place as f64 + 0.5) / values.len() as f64
            }
            Self::Range { min, max, log } => share_between(*min, *max, *log, number),
            Self::Whole { min, max, log } => share_between(*min as f64 - 0.5, *max as f64 + 0.5, *log, number),
        };
        share.clamp(0.0, 1.0 - f64::EPSILON)
    }
}

fn share_between(min: f64, max: f64, log: bool, value: f64) -> f64 {
    if log { (value.ln() - min.ln()) / (max.ln() - min.ln()) } else { (value - min) / (max - min) }
}

fn between(min: f64, max: f64, log: bool, share: f64) -> f64 {
    if log { (min.ln() + share * (max.ln() - min.ln())).exp() } else { min + share * (max - min) }
}

/// To so many significant digits, as text would be.
fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> anyhow::Result<Choices> {
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
    fn a_share_is_taken_of_the_way() {
        let at = |text: &str, share: f64| parsed(text).unwrap().at(share).to_string();
        assert_eq!(at("x = { min = 1e-5, max = 1e-3, log = true }", 0.5), "0.0001");
        assert_eq!(at("x = { min = 1e-5, max = 1e-3, log = true }", 0.123), "0.00001762");
        assert_eq!(at("x = { min = 0, max = 0.1 }", 0.25), "0.025");
        assert_eq!(at("x = [8, 16, 32]", 0.5), "16");
        let counts = |text: &str| {
            let mut counts = [0; 3];
            (0..300).for_each(|i| {
                counts[parsed(text).unwrap().at(f64::from(i) / 300.0).as_integer().unwrap() as usize] += 1
            });
            counts
        };
        assert_eq!(counts("x = { min = 0, max = 2 }"), [100, 100, 100]);
    }

    #[test]
    fn a_value_is_found_at_its_share() {
        for text in ["x = { min = 1e-5, max = 1e-3, log = true }", "x = { min = 0.0, max = 4.0 }", "x = [8, 16, 32]"] {
            let choices = parsed(text).unwrap();
            for share in [0.1, 0.5, 0.9] {
                let value = choices.at(share);
                assert_eq!(choices.at(choices.share_of(&value)), value, "{text}");
            }
        }
    }

    #[test]
    fn what_cannot_be_searched_is_named() {
        let refusal = |text: &str| format!("{:#}", parsed(text).unwrap_err());
        assert_eq!(refusal("x = []"), "x in [sweep.space]: the list is empty");
        assert_eq!(refusal("x = [1, 1]"), "x in [sweep.space]: the list has 1 twice");
        assert_eq!(
            refusal("x = { min = 2, max = 1 }"),
            "x in [sweep.space]: min is 2 and max is 1; expected min below max"
        );
        assert_eq!(
            refusal("x = { min = 0, max = 1, log = true }"),
            "x in [sweep.space]: min is 0; a logarithmic range begins above 0"
        );
        assert_eq!(refusal("x = { min = 0 }"), "x in [sweep.space]: a range needs max");
        assert!(refusal("x = { min = 0, max = 1, stp = 1 }").contains("unknown key stp"));
        assert!(refusal("x = 3").contains("expected a list such as [8, 16]"));
    }
}
