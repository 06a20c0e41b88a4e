//! Activation functions (`hidden_act` in `config.json`).
//!
//! A further one is a variant here, with the names that Transformers gives it; wherever activations are computed, the
//! compiler then asks for it.

/// The activation function of the feed-forward network. Φ is the distribution function of the standard normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// x · Φ(x), by the error function.
    #[default]
    Gelu,
    /// The approximation of GELU by tanh.
    GeluNew,
    /// max(x, 0).
    Relu,
}

/// Every name, and what it means. Transformers has several implementations of one formula.
const NAMES: [(&str, Activation); 8] = [
    ("gelu", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_new", Activation::GeluNew),
    ("gelu_pytorch_tanh", Activation::GeluNew),
    ("gelu_python_tanh", Activation::GeluNew),
    ("gelu_fast", Activation::GeluNew),
    ("gelu_accurate", Activation::GeluNew),
    ("relu", Activation::Relu),
];

impl Activation {
    /// That of a name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|&(_, activation)| activation)
    }

    /// All names, as a list for people.
    pub(crate) fn names() -> String {
        NAMES.map(|(name, _)| name).join(", ")
    }
}
