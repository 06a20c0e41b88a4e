//! Calibration, `calibration.json`: the temperature by which a classifier's logits are divided before their softmax, so
//! that its probabilities say how often it is right (Guo et al. 2017, "On Calibration of Modern Neural Networks").
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `temperature` | number | above 0; 1 leaves the probabilities as they are |
//! | `split`, `n` | | what it was fitted on |
//! | `loss_before`, `loss_after` | number | mean cross-entropy there, in nats |
//! | `expected_calibration_error_before`, `_after` | number, nullable | there |
//! | `weights_sha256` | string | the weights whose logits they are |
//! | `note` | string, optional | what has to be known of the fit |
//!
//! No temperature changes which class is predicted. Only the weights that are named are calibrated by it: readers compare.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{RunFileError, read_bytes};
use crate::schema::{Field, Table};

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What the logits are divided by; finite and above 0.
    pub temperature: f64,
    /// The split that it was fitted on.
    pub split: String,
    /// The labeled texts of that split.
    pub n: u64,
    /// Mean cross-entropy of the split without the temperature, in nats.
    pub loss_before: f64,
    /// The same with it.
    pub loss_after: f64,
    /// Expected calibration error of the split without the temperature.
    pub expected_calibration_error_before: Option<f64>,
    /// The same with it.
    pub expected_calibration_error_after: Option<f64>,
    /// SHA-256 of the weights, in hexadecimal.
    pub weights_sha256: String,
    /// What has to be known of the fit, such as that the optimum lies at a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Calibration {
    /// Reads the calibration of the weights of `model` whose SHA-256 is `weights_sha256`.
    ///
    /// # Errors
    /// As [`Self::read`]; and when it is of other weights.
    pub fn read_of(path: &Path, model: &Path, weights_sha256: &str) -> Result<Self, RunFileError> {
        let calibration = Self::read(path)?;
        if calibration.weights_sha256 == weights_sha256 {
            return Ok(calibration);
        }
        Err(RunFileError::OtherWeights {
            file: path.to_owned(),
            found: calibration.weights_sha256,
            model: model.to_owned(),
            expected: weights_sha256.to_owned(),
        })
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Names the file, and the field that is missing, of another type, or no temperature.
    pub fn read(path: &Path) -> Result<Self, RunFileError> {
        let bytes = read_bytes(path)?;
        let damaged =
            |problem: String| RunFileError::damaged(path, format!("not a calibration of bert-eval: {problem}"));
        let calibration: Self = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        match calibration.temperature {
            temperature if temperature.is_finite() && temperature > 0.0 => Ok(calibration),
            temperature => Err(damaged(format!("temperature is {temperature}; expected a number above 0"))),
        }
    }
}

/// The tables of `docs/formats.md`.
pub const TABLES: &[Table] = &[Table {
    name: "calibration",
    fields: &[
        Field { name: "temperature", type_name: "number", meaning: "what logits are divided by" },
        Field { name: "split", type_name: "string", meaning: "what it was fitted on" },
        Field { name: "n", type_name: "integer", meaning: "labeled texts of it" },
        Field { name: "loss_before", type_name: "number", meaning: "mean cross-entropy without it, nats" },
        Field { name: "loss_after", type_name: "number", meaning: "with it" },
        Field { name: "expected_calibration_error_before", type_name: "number, nullable", meaning: "without it" },
        Field { name: "expected_calibration_error_after", type_name: "number, nullable", meaning: "with it" },
        Field { name: "weights_sha256", type_name: "string", meaning: "the weights that it belongs to" },
        Field { name: "note", type_name: "string, optional", meaning: "what has to be known of the fit" },
    ],
}];

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::schema::check_json;

    const GOLDEN: &str = r#"{"temperature":1.5,"split":"validation","n":872,"loss_before":0.5,"loss_after":0.25,"expected_calibration_error_before":0.0625,"expected_calibration_error_after":null,"weights_sha256":"ab"}"#;

    fn read(text: &str) -> Result<Calibration, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Calibration::read(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_fields_are_those_of_the_table_and_are_read_back() {
        let record = serde_json::from_str(GOLDEN).unwrap();
        assert_eq!(check_json(&record, &TABLES[0]), Ok(()));
        assert_eq!(serde_json::to_string(&read(GOLDEN).unwrap()).unwrap(), GOLDEN);
    }

    #[test]
    fn what_is_no_temperature_is_refused() {
        for (wrong, named) in [("0.0", "temperature is 0"), ("-1.5", "temperature is -1.5"), ("null", "null")] {
            let error = read(&GOLDEN.replace("\"temperature\":1.5", &format!("\"temperature\":{wrong}"))).unwrap_err();
            assert!(error.contains("not a calibration of bert-eval") && error.contains(named), "{error}");
        }
    }
}
