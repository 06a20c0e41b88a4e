//! Output formats, by their names and by the endings of files.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use stage::bad_input;

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    JsonLines,
    Csv,
    Tsv,
    Parquet,
}

impl Format {
    const ALL: [Self; 4] = [Self::JsonLines, Self::Csv, Self::Tsv, Self::Parquet];

    /// The name on the command line, and the ending of files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
        }
    }

    /// The format that the ending of a file says.
    ///
    /// # Errors
    /// Fails on an ending that says none; that is bad input.
    pub(crate) fn of_file(path: &Path) -> anyhow::Result<Self> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if ending == "ndjson" {
            return Ok(Self::JsonLines);
        }
        Self::ALL.into_iter().find(|format| format.name() == ending).ok_or_else(|| {
            let endings = Self::ALL.map(|format| format!(".{}", format.name())).join(", ");
            bad_input!(
                "--output {} has no ending that says its format; expected one of {endings}, or give --output-format",
                path.display()
            )
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| format!("expected one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}
