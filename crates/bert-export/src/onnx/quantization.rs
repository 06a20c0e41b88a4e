//! Symmetric quantization: numbers as int8 with a scale for each row.

/// The largest magnitude of a value: -128 has no opposite.
const MAX: f32 = 127.0;

/// Rows of numbers as int8 times a scale.
#[derive(Debug, PartialEq)]
pub(crate) struct Quantized {
    /// `(rows, width)`
    pub(crate) values: Vec<i8>,
    /// `(rows)`
    pub(crate) scales: Vec<f32>,
}

impl Quantized {
    /// Rows of `width` numbers, whose largest magnitude becomes 127. Ties go to the even number, as in ONNX. A row of zeros has the
    /// scale 1.
    pub(crate) fn of_rows(numbers: &[f32], width: usize) -> Self {
        let (mut values, mut scales) = (Vec::with_capacity(numbers.len()), Vec::new());
        for row in numbers.chunks(width) {
            let largest = row.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
            let scale = largest / MAX;
            // Where the largest number is nearly zero its scale may have no reciprocal.
            let scale = if scale.is_normal() { scale } else { 1.0 };
            values.extend(row.iter().map(|number| (number / scale).round_ties_even().clamp(-MAX, MAX) as i8));
            scales.push(scale);
        }
        Self { values, scales }
    }

    /// The values as they stand in a file of int8.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes_above(0)
    }

    /// The values as uint8 above what stands for zero.
    pub(crate) fn bytes_above(&self, zero_point: u8) -> Vec<u8> {
        self.values.iter().map(|&value| zero_point.wrapping_add_signed(value)).collect()
    }
}

/// The columns of rows of `width` as rows.
pub(crate) fn transposed<T: Copy>(values: &[T], width: usize) -> Vec<T> {
    let n_rows = values.len() / width.max(1);
    (0..width).flat_map(|column| (0..n_rows).map(move |row| values[row * width + column])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_magnitude_of_a_row_fills_the_range() {
        let rows = [0.5, -1.0, 0.25, 0.0, 0.0, 0.0, 3.0, 127.0, -126.5];
        let quantized = Quantized::of_rows(&rows, 3);
        assert_eq!(quantized.values, [64, -127, 32, 0, 0, 0, 3, 127, -126], "63.5 and 126.5 are ties");
        assert_eq!(quantized.scales, [1.0 / 127.0, 1.0, 1.0]);
        assert_eq!(Quantized::of_rows(&[1e-45, 0.0], 2).values, [0, 0], "a scale without a reciprocal");
        assert_eq!(quantized.bytes()[..2], [64, 129]);
        assert_eq!(quantized.bytes_above(128), [192, 1, 160, 128, 128, 128, 131, 255, 2]);
    }

    #[test]
    fn columns_become_rows() {
        assert_eq!(transposed(&[1, 2, 3, 4, 5, 6], 3), [1, 4, 2, 5, 3, 6]);
        assert!(transposed::<i32>(&[], 3).is_empty());
    }
}
