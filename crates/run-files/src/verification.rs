//! Verification of an export, `verification.json`: what each of its formats, loaded again from its file, says of the validation
//! split, beside the model that was trained.
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `dataset`, `split` | string | what was predicted |
//! | `n`, `n_labeled` | integer | texts of it |
//! | `figure` | string, nullable | what `value` and `change` are: `accuracy`, or `mse` of scores; null where no text has a label |
//! | `value` | number, nullable | of the model in float32 |
//! | `formats` | list of objects | [`VerifiedFormat`], in their order |
//!
//! Invariants: `flips` is at most `max_flips`, since an export with more is not written. Texts in windows are compared as texts, by
//! the mean of the logits of their windows.

use serde::{Deserialize, Serialize};

use crate::schema::{Field, Table};

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportVerification {
    /// The name of the dataset.
    pub dataset: String,
    /// `validation`.
    pub split: String,
    /// Texts predicted.
    pub n: usize,
    /// Those with a label.
    pub n_labeled: usize,
    /// The name of the figure of `value`.
    pub figure: Option<String>,
    /// The figure of the model that was trained, in float32.
    pub value: Option<f64>,
    /// What was exported.
    pub formats: Vec<VerifiedFormat>,
}

/// One format beside the model that was trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifiedFormat {
    /// `hf`, `onnx` or `onnx-int8`.
    pub format: String,
    /// Its file, below the output folder.
    pub file: String,
    /// The type of its weights.
    pub dtype: String,
    /// The size of the file.
    pub bytes: u64,
    /// The hash of the file.
    pub sha256: String,
    /// What computed it, in words.
    pub runtime: String,
    /// The largest difference of a probability, or of a score.
    pub max_difference: f64,
    /// The mean of all.
    pub mean_difference: f64,
    /// Texts whose label is another; of regression, whose score moved by more than the format's tolerance.
    pub flips: usize,
    /// Texts whose label is another and whose margin is at most 1e-4, not counted among the flips.
    pub ties: usize,
    /// The most flips that were allowed.
    pub max_flips: usize,
    /// The figure of this format.
    pub value: Option<f64>,
    /// How much the figure is above that of the model.
    pub change: Option<f64>,
}

/// The tables of `docs/formats.md`.
pub const TABLES: &[Table] = &[
    Table {
        name: "verification",
        fields: &[
            Field { name: "dataset", type_name: "string", meaning: "name of the dataset" },
            Field { name: "split", type_name: "string", meaning: "`validation`" },
            Field { name: "n", type_name: "integer", meaning: "texts predicted" },
            Field { name: "n_labeled", type_name: "integer", meaning: "those with a label" },
            Field { name: "figure", type_name: "string, nullable", meaning: "`accuracy`, or `mse` of scores" },
            Field { name: "value", type_name: "number, nullable", meaning: "the figure of the trained model, float32" },
            Field { name: "formats", type_name: "list of objects", meaning: "what was exported" },
        ],
    },
    Table {
        name: "verification.format",
        fields: &[
            Field { name: "format", type_name: "string", meaning: "`hf`, `onnx`, `onnx-int8`" },
            Field { name: "file", type_name: "string", meaning: "its file, below the output folder" },
            Field { name: "dtype", type_name: "string", meaning: "type of its weights" },
            Field { name: "bytes", type_name: "integer", meaning: "size of the file" },
            Field { name: "sha256", type_name: "string", meaning: "hash of the file" },
            Field { name: "runtime", type_name: "string", meaning: "what computed it, in words" },
            Field {
                name: "max_difference",
                type_name: "number",
                meaning: "largest difference of a probability or score",
            },
            Field { name: "mean_difference", type_name: "number", meaning: "mean of all" },
            Field { name: "flips", type_name: "integer", meaning: "texts with another label, or a moved score" },
            Field {
                name: "ties",
                type_name: "integer",
                meaning: "the same with a margin of at most 1e-4, not counted",
            },
            Field { name: "max_flips", type_name: "integer", meaning: "how many flips were allowed" },
            Field { name: "value", type_name: "number, nullable", meaning: "the figure of this format" },
            Field { name: "change", type_name: "number, nullable", meaning: "the figure less that of the model" },
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::check_json;

    const GOLDEN: &str = r#"{"dataset":"sst","split":"validation","n":872,"n_labeled":872,"figure":"accuracy","value":0.875,"formats":[{"format":"onnx","file":"hf/onnx/model.onnx","dtype":"float32","bytes":91,"sha256":"ab","runtime":"r","max_difference":0.00001,"mean_difference":0.000001,"flips":0,"ties":1,"max_flips":0,"value":0.875,"change":0.0}]}"#;

    #[test]
    fn the_fields_are_those_of_the_tables_and_are_read_back() {
        let record: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
        assert_eq!(check_json(&record, &TABLES[0]), Ok(()));
        assert_eq!(check_json(&record["formats"][0], &TABLES[1]), Ok(()));
        let read: ExportVerification = serde_json::from_str(GOLDEN).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), record);
        let none = ExportVerification { figure: None, value: None, ..read };
        assert_eq!(check_json(&serde_json::to_value(none).unwrap(), &TABLES[0]), Ok(()));
    }
}
