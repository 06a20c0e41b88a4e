//! Keys of a JSON object, read by type. A wrong one is told by its key and in the words of JSON.

use serde_json::{Map, Value};

/// Most characters of a text in a message.
const MAX_SHOWN: usize = 60;

/// A JSON object whose keys are read by type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Keys<'a> {
    /// The value of `key`, if it is there and not null.
    pub(crate) fn value(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// A size from 1 to `max`; `default` where the key is absent.
    pub(crate) fn size(self, key: &str, default: usize, max: usize) -> Result<usize, String> {
        let Some(value) = self.0.get(key) else { return Ok(default) };
        let size = whole_number(key, value)?;
        usize::try_from(size)
            .ok()
            .filter(|size| (1..=max).contains(size))
            .ok_or_else(|| format!("{key} is {value}; expected 1 to {max}"))
    }

    /// A number; `default` where the key is absent.
    pub(crate) fn number(self, key: &str, default: f64) -> Result<f64, String> {
        let Some(value) = self.0.get(key) else { return Ok(default) };
        value.as_f64().ok_or_else(|| wrong(key, value, "a number"))
    }

    /// A probability below 1; `None` where the key is absent or null.
    pub(crate) fn optional_probability(self, key: &str) -> Result<Option<f64>, String> {
        self.value(key).map(|_| self.probability(key)).transpose()
    }

    /// A probability below 1; 0.1 where the key is absent.
    pub(crate) fn probability(self, key: &str) -> Result<f64, String> {
        let probability = self.number(key, 0.1)?;
        if (0.0..1.0).contains(&probability) {
            return Ok(probability);
        }
        Err(format!("{key} is {probability}; expected 0 or more and less than 1"))
    }

    /// A text; `None` where the key is absent or null.
    pub(crate) fn text(self, key: &str) -> Result<Option<&'a str>, String> {
        self.value(key).map(|value| value.as_str().ok_or_else(|| wrong(key, value, "a text"))).transpose()
    }

    /// A flag; false where the key is absent or null.
    pub(crate) fn flag(self, key: &str) -> Result<bool, String> {
        self.value(key).map_or(Ok(false), |value| value.as_bool().ok_or_else(|| wrong(key, value, "true or false")))
    }
}

/// The whole number that `key` holds, of either sign.
pub(crate) fn whole_number(key: &str, value: &Value) -> Result<i64, String> {
    let number = value.as_i64().or(value.as_u64().map(|_| i64::MAX));
    number.ok_or_else(|| wrong(key, value, "a whole number"))
}

/// The message for a value of a type that `key` cannot have.
pub(crate) fn wrong(key: &str, value: &Value, expected: &str) -> String {
    format!("{key} is {}; expected {expected}", described(value))
}

/// A value in the words of JSON.
pub(crate) fn described(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() > MAX_SHOWN => {
            format!("the text {:?}…", text.chars().take(MAX_SHOWN).collect::<String>())
        }
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
