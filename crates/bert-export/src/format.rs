//! Formats of an export, and the files of the model folder that they are.
//!
//! All are in one folder, as the hub has them and as its readers look for them: Transformers and text-embeddings-inference for
//! `model.safetensors`, Optimum, Transformers.js and text-embeddings-inference with ONNX Runtime for `onnx/model.onnx`, Transformers.js
//! with `dtype: "int8"` for `onnx/model_int8.onnx`, all beside one `config.json` and one tokenizer.

use std::fmt;
use std::str::FromStr;

use checkpoint::Element;
use run_files::layout::{export, train};
use serde::Serialize;

use crate::onnx::Products;

/// A format of the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Safetensors for Transformers.
    Hf,
    /// An ONNX graph in float32.
    Onnx,
    /// The same with its products and word embeddings in 8 bits.
    OnnxInt8,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Hf, Self::Onnx, Self::OnnxInt8];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hf => "hf",
            Self::Onnx => "onnx",
            Self::OnnxInt8 => "onnx-int8",
        }
    }

    /// Its file in the model folder.
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Hf => train::WEIGHTS,
            Self::Onnx => export::ONNX,
            Self::OnnxInt8 => export::ONNX_INT8,
        }
    }

    /// How its products are computed; `None` where the file has no graph.
    pub(crate) const fn products(self) -> Option<Products> {
        match self {
            Self::Hf => None,
            Self::Onnx => Some(Products::Float32),
            Self::OnnxInt8 => Some(Products::Int8),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| format!("{name:?} is no format; expected one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// Formats, each once, in the order of [`Format::ALL`]: `hf,onnx`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formats(Vec<Format>);

impl Formats {
    /// Them.
    pub(crate) fn list(&self) -> &[Format] {
        &self.0
    }

    /// Whether there is this one.
    pub(crate) fn has(&self, format: Format) -> bool {
        self.0.contains(&format)
    }
}

impl FromStr for Formats {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut formats = text.split(',').map(|name| name.trim().parse()).collect::<Result<Vec<Format>, _>>()?;
        formats.sort_unstable();
        formats.dedup();
        Ok(Self(formats))
    }
}

impl fmt::Display for Formats {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.iter().map(|format| format.name()).collect::<Vec<_>>().join(","))
    }
}

/// The dtype of the weights in safetensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// As they were trained.
    #[default]
    Float32,
    /// Half the size; the range of float32, 8 bits of significance.
    Bfloat16,
    /// Half the size; 11 bits of significance, numbers up to 65504.
    Float16,
}

impl Dtype {
    /// The same as the type of a tensor's numbers.
    pub(crate) const fn element(self) -> Element {
        match self {
            Self::Float32 => Element::F32,
            Self::Bfloat16 => Element::BF16,
            Self::Float16 => Element::F16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named_in_one_order() {
        let formats = |text: &str| text.parse::<Formats>().map(|formats| formats.to_string());
        assert_eq!(formats("onnx-int8, hf,onnx,hf"), Ok("hf,onnx,onnx-int8".to_owned()));
        assert_eq!(formats("hf,gguf"), Err("\"gguf\" is no format; expected one of hf, onnx, onnx-int8".to_owned()));
        assert!(formats("").is_err() && formats("hf,").is_err());
    }
}
