//! Dataset splits: train, validation, test.

use serde::{Deserialize, Serialize};

/// A split of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// What the model is trained on.
    Train,
    /// What chooses between checkpoints.
    Validation,
    /// What is evaluated once, at the end.
    Test,
}

impl Split {
    /// All splits, train first.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// The name of its file in a raw or token folder.
    pub fn file(self) -> String {
        format!("{}.parquet", self.name())
    }

    /// The split that others call `name`: validation is also known as dev, valid and val.
    pub fn from_alias(name: &str) -> Option<Self> {
        match name {
            "train" | "training" => Some(Self::Train),
            "validation" | "dev" | "valid" | "val" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }

    /// The split that a value in a table names, in any case and among blanks.
    pub fn of_value(value: &str) -> Option<Self> {
        Self::from_alias(&value.trim().to_ascii_lowercase())
    }
}
