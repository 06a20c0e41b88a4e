//! NaN and infinity in the bytes of a tensor: where the first is, and how many there are.
//!
//! A number is not finite where all bits of its exponent are set, in each of the formats. One of 64 bits is not, either, where
//! the nearest of 32 bits is infinite, since that is what it is read into. A tensor without any is told at the speed of
//! memory: of a block only the largest exponent is taken.

use std::fmt;

use crate::element::Element;

/// The smallest number of 64 bits that is infinite in 32: half a step beyond their largest, 2^128 - 2^103.
const BEYOND_F32: i64 = 0x47ef_ffff_f000_0000;

/// Bytes that are looked at before the answer is needed.
const BLOCK_SIZE: usize = 1 << 14;

/// Numbers of a tensor that are not finite.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotFinite {
    count: usize,
    n_numbers: usize,
    first: &'static str,
    /// The index of the first along each dimension, from 0.
    index: Vec<usize>,
}

impl NotFinite {
    /// Those in the little-endian `bytes` of a tensor; none in a tensor of integers.
    pub(crate) fn find(element: Element, shape: &[usize], bytes: &[u8]) -> Option<Self> {
        let (position, count) = match element {
            Element::F32 => positions(bytes, exponent_of_f32, 0x7f80_0000)?,
            Element::F16 => positions(bytes, exponent_of_16_bits::<0x7c00>, 0x7c00)?,
            Element::BF16 => positions(bytes, exponent_of_16_bits::<0x7f80>, 0x7f80)?,
            Element::F64 => positions(bytes, magnitude_of_f64, BEYOND_F32)?,
            Element::I64 => return None,
        };
        let number = &bytes[position * element.size()..][..element.size()];
        let n_numbers = bytes.len() / element.size();
        Some(Self { count, n_numbers, first: name(element, number), index: index(shape, position) })
    }
}

impl fmt::Display for NotFinite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, n_numbers, first, index } = self;
        write!(
            formatter,
            "{count} of its {n_numbers} numbers are NaN or infinite, the first, {first}, at {index:?}; no figure can come of \
             them: take the weights from their source again, or an earlier checkpoint"
        )
    }
}

/// The position of the first number whose exponent is at least `least`, and how many there are.
fn positions<const SIZE: usize, E: Ord + Default + Copy>(
    bytes: &[u8],
    exponent: impl Fn([u8; SIZE]) -> E,
    least: E,
) -> Option<(usize, usize)> {
    let (numbers, _) = bytes.as_chunks::<SIZE>();
    let (mut first, mut count) = (None, 0);
    for (block_index, block) in numbers.chunks(BLOCK_SIZE / SIZE).enumerate() {
        let largest = block.iter().fold(E::default(), |largest, &number| largest.max(exponent(number)));
        if largest < least {
            continue;
        }
        for (index, _) in block.iter().enumerate().filter(|&(_, &number)| exponent(number) >= least) {
            first.get_or_insert(block_index * (BLOCK_SIZE / SIZE) + index);
            count += 1;
        }
    }
    Some((first?, count))
}

fn exponent_of_f32(bytes: [u8; 4]) -> i32 {
    i32::from_le_bytes(bytes) & 0x7f80_0000
}

fn exponent_of_16_bits<const MASK: i16>(bytes: [u8; 2]) -> i16 {
    i16::from_le_bytes(bytes) & MASK
}

fn magnitude_of_f64(bytes: [u8; 8]) -> i64 {
    i64::from_le_bytes(bytes) & i64::MAX
}

fn name(element: Element, number: &[u8]) -> &'static str {
    if element == Element::F64 {
        return name_of_f64(number.iter().rev().fold(0, |bits, &byte| (bits << 8) | u64::from(byte)));
    }
    // Sign, exponent, fraction: the numbers of 16 bits as the upper halves of ones of 32.
    let bits = number.iter().rev().fold(0_u32, |bits, &byte| (bits << 8) | u32::from(byte)) << (32 - 8 * number.len());
    let fraction = if element == Element::F16 { bits & 0x03ff_0000 } else { bits & 0x007f_ffff };
    match (fraction, bits >> 31) {
        (0, 0) => "infinity",
        (0, _) => "-infinity",
        _ => "NaN",
    }
}

fn name_of_f64(bits: u64) -> &'static str {
    match (bits & (u64::MAX >> 1), bits >> 63) {
        (magnitude, _) if magnitude > f64::INFINITY.to_bits() => "NaN",
        (magnitude, 0) if magnitude == f64::INFINITY.to_bits() => "infinity",
        (magnitude, _) if magnitude == f64::INFINITY.to_bits() => "-infinity",
        _ => "one too large for float32",
    }
}

/// A position among all numbers as an index along each dimension.
fn index(shape: &[usize], position: usize) -> Vec<usize> {
    let mut rest = position;
    let mut index: Vec<usize> = Vec::with_capacity(shape.len());
    for &size in shape.iter().rev() {
        index.push(rest % size.max(1));
        rest /= size.max(1);
    }
    index.reverse();
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number of 16 bits, and of 32 every upper half with several lower ones, as the type itself judges them.
    #[test]
    fn what_is_not_finite_is_what_the_types_say() {
        let found = |element, bytes: &[u8]| NotFinite::find(element, &[1], bytes).map(|found| found.first);
        let expected = |number: f32| match number {
            _ if number.is_finite() => None,
            _ if number.is_nan() => Some("NaN"),
            _ => Some(if number > 0.0 { "infinity" } else { "-infinity" }),
        };
        for upper in 0..=u16::MAX {
            let as_bf16 = f32::from_bits(u32::from(upper) << 16);
            assert_eq!(found(Element::BF16, &upper.to_le_bytes()), expected(as_bf16), "{upper:x}");
            for lower in [0, 1, 0x8000, 0xffff] {
                let number = f32::from_bits((u32::from(upper) << 16) | lower);
                assert_eq!(found(Element::F32, &number.to_le_bytes()), expected(number), "{upper:x} {lower:x}");
            }
            let (exponent, fraction) = (upper & 0x7c00, upper & 0x03ff);
            let as_f16 = match (exponent, fraction, upper >> 15) {
                (0x7c00, 0, 0) => f32::INFINITY,
                (0x7c00, 0, _) => f32::NEG_INFINITY,
                (0x7c00, ..) => f32::NAN,
                _ => 0.0,
            };
            assert_eq!(found(Element::F16, &upper.to_le_bytes()), expected(as_f16), "{upper:x}");
        }
    }

    #[test]
    fn a_number_of_64_bits_has_to_be_one_of_32() {
        let found = |number: f64| NotFinite::find(Element::F64, &[1], &number.to_le_bytes()).map(|found| found.first);
        let largest = f64::from(f32::MAX);
        let half_a_step_on = 2_f64.powi(128) - 2_f64.powi(103);
        for number in [0.0, -0.0, 1e-300, 1e38, largest, -largest, half_a_step_on.next_down()] {
            assert!((number as f32).is_finite(), "{number}");
            assert_eq!(found(number), None, "{number}");
        }
        for number in [half_a_step_on, -half_a_step_on, 1e39, f64::MAX, f64::MIN] {
            assert!((number as f32).is_infinite(), "{number}");
            assert_eq!(found(number), Some("one too large for float32"), "{number}");
        }
        assert_eq!(found(f64::INFINITY), Some("infinity"));
        assert_eq!(found(f64::NEG_INFINITY), Some("-infinity"));
        assert_eq!((found(f64::NAN), found(-f64::NAN)), (Some("NaN"), Some("NaN")));
    }

    #[test]
    fn all_are_counted_and_the_first_is_named() {
        let mut numbers = vec![1_f32; 3 * 5000];
        let bytes = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        let find = |numbers: &[f32]| NotFinite::find(Element::F32, &[3, 5000], &bytes(numbers));
        assert_eq!(find(&numbers), None);
        numbers[2 * 5000 + 7] = f32::NEG_INFINITY;
        numbers[3 * 5000 - 1] = f32::NAN;
        let found = find(&numbers).unwrap();
        assert_eq!((found.count, found.first, found.index.as_slice()), (2, "-infinity", [2, 7].as_slice()));
        let expected = "2 of its 15000 numbers are NaN or infinite, the first, -infinity, at [2, 7]; ";
        assert!(found.to_string().starts_with(expected), "{found}");
        assert_eq!(NotFinite::find(Element::I64, &[1], &[0xff; 8]), None);
    }
}
