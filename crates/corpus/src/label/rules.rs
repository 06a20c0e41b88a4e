//! What is known of a label column besides its values: from the user, and from the source.

/// Names that a source gives its labels, such as those of a `ClassLabel`; its readers put them in place of the indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceNames {
    /// The names, by index.
    pub names: Vec<String>,
    /// Whether their order means something.
    pub ordered: bool,
}

/// What is known of a label column besides its values.
#[derive(Debug, Clone, Default)]
pub struct LabelRules<'a> {
    /// Names for the classes, from the user.
    pub names: Option<&'a [String]>,
    /// The values of the classes in their order, from the user.
    pub order: Option<&'a [String]>,
    /// Values that mean that there is no label, from the user.
    pub unlabeled: &'a [String],
    /// Names from the files.
    pub source: Option<SourceNames>,
}
