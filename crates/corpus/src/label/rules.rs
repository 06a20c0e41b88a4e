//! What is known of a label column besides its values: from the user, and from the source.

use super::value::{Number, is_missing};

/// Names that a source gives its labels, such as those of a `ClassLabel`; its readers put them instead of the indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceNames {
    /// The names, by index.
    pub names: Vec<String>,
    /// Whether the source says that their order means something; numbers and known words say so by themselves.
    pub ordered: bool,
}

/// What is known of a label column besides its values.
#[derive(Debug, Clone, Default)]
pub struct LabelRules<'a> {
    /// The name of the column, for messages.
    pub column: &'a str,
    /// Names for the classes, from the user.
    pub names: Option<&'a [String]>,
    /// The values of the classes in their order, from the user.
    pub order: Option<&'a [String]>,
    /// Values that mean that there is no label, from the user.
    pub unlabeled: &'a [String],
    /// Words that mean it where neither the user nor the source names them as classes, besides those that always do.
    pub usually_unlabeled: &'a [&'a str],
    /// Names from the files.
    pub source: Option<SourceNames>,
}

impl LabelRules<'_> {
    /// Whether a value means that there is no label: one that the user or the source names as a class never does.
    pub fn means_no_label(&self, text: &str) -> bool {
        let text = text.trim();
        let usually = is_missing(text) || self.usually_unlabeled.contains(&text);
        self.is_unlabeled(text) || (usually && !self.name(text))
    }

    /// Whether the user says that this value means no label.
    pub(super) fn is_unlabeled(&self, text: &str) -> bool {
        self.unlabeled.iter().any(|value| is_same(value, text))
    }

    /// Whether the user or the source names this value.
    pub(super) fn name(&self, text: &str) -> bool {
        let of_source = self.source.as_ref().map(|source| source.names.as_slice());
        let named = [self.names, self.order, of_source].into_iter().flatten().flatten();
        named.into_iter().any(|name| is_same(name, text))
    }
}

/// Whether two texts are one value: numbers are compared as numbers.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    let number = Number::parse_with_comma(b);
    a.trim() == b || (number.is_some() && number == Number::parse_with_comma(a.trim()))
}
