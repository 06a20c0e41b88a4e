//! Floating-point numbers as the bytes of a tensor, and back: every dtype of weights to float32, float32 to the dtypes that weights
//! are written in, rounded to nearest, ties to even.

use half::{bf16, f16};

use crate::element::Element;

impl Element {
    /// The numbers of a tensor from its bytes, little-endian; none where they are no floating-point numbers.
    pub(crate) fn floats(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::F32 => words(bytes).map(f32::from_le_bytes).collect(),
            Self::F16 => words(bytes).map(|word| f16::from_le_bytes(word).to_f32()).collect(),
            Self::BF16 => words(bytes).map(|word| bf16::from_le_bytes(word).to_f32()).collect(),
            Self::F64 => words(bytes).map(|word| f64::from_le_bytes(word) as f32).collect(),
            Self::I64 => Vec::new(),
        }
    }

    /// The bytes of numbers, little-endian; `None` where a number is too large, or where this is no type that weights are written in.
    pub(crate) fn bytes(self, numbers: &[f32]) -> Option<Vec<u8>> {
        if self == Self::F16 && numbers.iter().any(|number| f16::from_f32(*number).is_infinite()) {
            return None;
        }
        match self {
            Self::F32 => Some(numbers.iter().flat_map(|number| number.to_le_bytes()).collect()),
            Self::F16 => Some(numbers.iter().flat_map(|number| f16::from_f32(*number).to_le_bytes()).collect()),
            Self::BF16 => Some(numbers.iter().flat_map(|number| bf16::from_f32(*number).to_le_bytes()).collect()),
            Self::F64 | Self::I64 => None,
        }
    }
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_nearest_and_ties_to_even() {
        let numbers = [1.0, -0.5, 1.0 + 1.0 / 256.0, 1.0 + 3.0 / 256.0, 65504.0];
        let back = |element: Element| element.floats(&element.bytes(&numbers).unwrap());
        assert_eq!(back(Element::F32), numbers);
        assert_eq!(back(Element::BF16), [1.0, -0.5, 1.0, 1.015_625, 65536.0], "8 bits of significance");
        assert_eq!(back(Element::F16), numbers, "11 bits of significance");
        assert_eq!(Element::F16.bytes(&[65520.0]), None, "rounds to infinity");
        assert_eq!(Element::F64.floats(&0.1_f64.to_le_bytes()), [0.1]);
        assert_eq!(Element::I64.bytes(&[1.0]), None);
    }
}
