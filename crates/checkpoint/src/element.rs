//! Dtype of a tensor's numbers, as safetensors files name them.

use safetensors::Dtype;

/// The dtypes of tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// 32-bit IEEE.
    F32,
    /// 16-bit IEEE.
    F16,
    /// The upper half of a 32-bit IEEE.
    BF16,
    /// 64-bit IEEE, read into 32 bits.
    F64,
    /// 64-bit signed integers: buffers of some checkpoints, never weights.
    I64,
}

impl Element {
    /// Bytes per number.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::F64 | Self::I64 => 8,
        }
    }

    /// Its name in `config.json`, which is PyTorch's.
    pub fn torch_name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::F64 => "float64",
            Self::I64 => "int64",
        }
    }

    /// Whether weights may be of this type.
    pub(crate) fn is_float(self) -> bool {
        self != Self::I64
    }

    /// That of a dtype; `None` for one that weights never have.
    pub(crate) fn of(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F32 => Some(Self::F32),
            Dtype::F16 => Some(Self::F16),
            Dtype::BF16 => Some(Self::BF16),
            Dtype::F64 => Some(Self::F64),
            Dtype::I64 => Some(Self::I64),
            _ => None,
        }
    }
}
