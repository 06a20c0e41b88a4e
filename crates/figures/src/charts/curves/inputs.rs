//! What learning curves are drawn from.

use super::panel::Panel;

/// Panels that share the horizontal axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// May be empty.
    pub title: String,
    /// May be empty.
    pub subtitle: String,
    /// The name of the horizontal axis, such as "step".
    pub x_label: String,
    /// Whether the horizontal axis counts, and has whole numbers only.
    pub whole_x: bool,
    /// From the top to the bottom, and of three and more from the left to the right.
    pub panels: Vec<Panel>,
    /// A position on the horizontal axis that is marked in all panels.
    pub marker: Option<Marker>,
    /// Positions with pale lines in all panels and names below the numbers, such as the ends of epochs; names that would
    /// touch are left out.
    pub sections: Vec<Marker>,
}

/// An upright line through all panels.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// Its value on the horizontal axis.
    pub x: f64,
    /// What it marks, such as "best (step 1299)".
    pub label: String,
}
