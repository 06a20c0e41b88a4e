//! How the files of a dataset are laid out.

/// How the files of a dataset are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// PTB trees in bracket notation.
    Trees,
    /// GLUE's `sentence\tlabel`.
    Glue,
    /// Tables with named columns.
    Tables,
    /// A folder for each class, in which each file is a text.
    ClassFolders,
    /// A file for each class, in which each line is a text.
    ClassFiles,
    /// A file of texts and a file of their labels, line by line.
    PairedLines,
    /// The raw files of an earlier run of this stage.
    Raw,
}
