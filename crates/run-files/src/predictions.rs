//! Predictions, `predictions.parquet`: what the model says of each row of a split, in the order of the token file.
//!
//! | column | Arrow type | meaning |
//! |---|---|---|
//! | `id`, `sentence_id` | int64 | as in the token file |
//! | `label` | int32, nullable | the true class |
//! | `prediction` | int32 | the class of the largest probability, the first of equals |
//! | `probabilities` | list of float64 | one for each class; their sum is 1 |
//! | `logits` | list of float32 | what the probabilities are the softmax of |
//!
//! For regression `label` (nullable) and `prediction` are float32, and these are all. After them may come columns of text:
//! the text, and what the user kept of his own. Metadata: `label_names`, a JSON list, by class index, one name for
//! regression; where they apply `text_columns`, a JSON list, and `temperature`, by which logits were divided before their
//! softmax. Equal predictions give equal bytes.

mod record;
mod columns;
mod writer;
mod reader;

pub use columns::{COLUMN_NAMES, TEXT};
pub use record::{Outcomes, Predictions, TextColumns};
pub use writer::PredictionsWriter;

use crate::schema::{Field, Table};

const ID: Field = Field { name: "id", type_name: "int64", meaning: "the row's id in the raw file" };
const SENTENCE_ID: Field = Field { name: "sentence_id", type_name: "int64", meaning: "as in the raw file" };

/// The tables of `docs/formats.md`.
pub const TABLES: &[Table] = &[
    Table {
        name: "predictions.classes",
        fields: &[
            ID,
            SENTENCE_ID,
            Field { name: "label", type_name: "int32, nullable", meaning: "the true class" },
            Field { name: "prediction", type_name: "int32", meaning: "the class of the largest probability" },
            Field {
                name: "probabilities",
                type_name: "list of float64",
                meaning: "one for each class; their sum is 1",
            },
            Field { name: "logits", type_name: "list of float32", meaning: "not divided by a temperature" },
        ],
    },
    Table {
        name: "predictions.scores",
        fields: &[
            ID,
            SENTENCE_ID,
            Field { name: "label", type_name: "float32, nullable", meaning: "the true score" },
            Field { name: "prediction", type_name: "float32", meaning: "the predicted score" },
        ],
    },
];

#[cfg(test)]
mod tests;
