//! The kinds of findings.

use serde::Serialize;
use stage::bad_input;

/// What is wrong with some rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// One text with several labels.
    Conflicts,
    /// The same but for case, blanks and punctuation.
    NormalizedConflicts,
    /// A text of validation or test is in another split, too.
    Overlap,
    /// The same but for case, blanks and punctuation.
    NormalizedOverlap,
    /// A text of validation or test is a part of one of another split.
    Pieces,
    /// A text comes again in its split.
    Duplicates,
    /// The same but for case, blanks and punctuation.
    NormalizedDuplicates,
    /// Texts that share most of their words.
    NearDuplicates,
    /// Bytes of UTF-8 that were encoded twice.
    Encoding,
    /// No text.
    Empty,
    /// More words than a model reads.
    Long,
    /// Neither label nor score.
    Unlabeled,
    /// One class is nearly all, or one is missing.
    Imbalance,
}

impl Kind {
    pub(crate) const ALL: [Self; 13] = [
        Self::Conflicts,
        Self::NormalizedConflicts,
        Self::Overlap,
        Self::NormalizedOverlap,
        Self::Pieces,
        Self::Duplicates,
        Self::NormalizedDuplicates,
        Self::NearDuplicates,
        Self::Encoding,
        Self::Empty,
        Self::Long,
        Self::Unlabeled,
        Self::Imbalance,
    ];

    /// As it is typed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Conflicts => "conflicts",
            Self::NormalizedConflicts => "normalized-conflicts",
            Self::Overlap => "overlap",
            Self::NormalizedOverlap => "normalized-overlap",
            Self::Pieces => "pieces",
            Self::Duplicates => "duplicates",
            Self::NormalizedDuplicates => "normalized-duplicates",
            Self::NearDuplicates => "near-duplicates",
            Self::Encoding => "encoding",
            Self::Empty => "empty",
            Self::Long => "long",
            Self::Unlabeled => "unlabeled",
            Self::Imbalance => "imbalance",
        }
    }

    /// What the rows of this kind are, after their number.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Conflicts => "rows have a text that has another label elsewhere",
            Self::NormalizedConflicts => "more do but for case, blanks and punctuation",
            Self::Overlap => "rows of validation and test have a text of another split",
            Self::NormalizedOverlap => "more do but for case, blanks and punctuation",
            Self::Pieces => "rows of validation and test are a part of a text of another split",
            Self::Duplicates => "rows have the text of an earlier row of their split",
            Self::NormalizedDuplicates => "more do but for case, blanks and punctuation",
            Self::NearDuplicates => "rows share most of their words with an earlier row",
            Self::Encoding => "texts look encoded twice",
            Self::Empty => "texts are empty",
            Self::Long => "texts are longer than the 512 word pieces of most models",
            Self::Unlabeled => "rows have neither label nor score",
            Self::Imbalance => "remarks on the balance of classes",
        }
    }

    pub(crate) fn parse(name: &str) -> anyhow::Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            bad_input!("--fail-on {name}: expected one of {}", names.join(", "))
        })
    }
}
