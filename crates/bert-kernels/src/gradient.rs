//! Gradients: dense, or sparse, with the few rows of an embedding table that a batch has read; and their global norm.

use tch::{Device, Kind, Tensor};

use crate::distinct_rows::DistinctRows;
use crate::encoder::Encoder;
use crate::error::KernelError;
use crate::ffi;

/// The gradient of one parameter, float32.
#[derive(Debug)]
pub enum Gradient {
    /// Of the parameter's shape, contiguous.
    Dense(Tensor),
    /// The rows of a matrix that are not zero; all others take no memory.
    Rows {
        /// Their numbers, rising.
        rows: Vec<i64>,
        /// Their gradients: `(n, row size)`, contiguous.
        values: Tensor,
        /// How many rows the parameter has.
        n_rows: i64,
    },
}

impl Gradient {
    /// Wraps what autograd returned for a float32 parameter.
    ///
    /// # Errors
    /// Fails when libtorch cannot bring the rows in order.
    pub fn new(gradient: &Tensor) -> Result<Self, KernelError> {
        let failed = |error: tch::TchError| KernelError(error.to_string());
        if !gradient.is_sparse() {
            return Ok(Self::Dense(gradient.contiguous()));
        }
        let sparse = gradient.f_coalesce().map_err(failed)?;
        let indices = sparse.f_indices().map_err(failed)?.get(0).to_device(Device::Cpu).contiguous();
        let mut rows = vec![0; indices.numel()];
        indices.f_copy_data(&mut rows, indices.numel()).map_err(failed)?;
        let values = sparse.f_values().map_err(failed)?.contiguous();
        Ok(Self::Rows { rows, values, n_rows: sparse.size()[0] })
    }

    /// The gradient of an embedding table of `n_rows` rows: row `id` gets the sum, in their order, of the rows of `doutput`
    /// that `ids` has for it. `doutput`: `(ids, width)`, the gradient of what was looked up. The row of `padding_idx` gets
    /// none, as in `torch.nn.Embedding`.
    pub fn embedding_backward(
        ids: &DistinctRows,
        doutput: &[f32],
        width: usize,
        n_rows: i64,
        padding_idx: i64,
    ) -> Self {
        let of_rows = || ids.iter().filter(|(id, _)| *id != padding_idx);
        let rows: Vec<i64> = of_rows().map(|(id, _)| id).collect();
        // `Tensor::zeros` would be filled by a loop of libtorch's own threads.
        let values = Tensor::empty([rows.len() as i64, width as i64], (Kind::Float, Device::Cpu));
        for (number, (_, indices)) in of_rows().enumerate() {
            let gradient = |index: usize| &doutput[index * width..][..width];
            // SAFETY: the tensor was made here, contiguous, with `width` numbers for each row, and nobody else has it.
            let sum = unsafe {
                let row = ffi::floats(&values).add(number * width);
                std::ptr::copy_nonoverlapping(gradient(indices[0]).as_ptr(), row, width);
                std::slice::from_raw_parts_mut(row, width)
            };
            for &index in &indices[1..] {
                sum.iter_mut().zip(gradient(index)).for_each(|(sum, value)| *sum += value);
            }
        }
        Self::Rows { rows, values, n_rows }
    }

    /// The sum of two gradients of one parameter.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Rows { rows: a, values, n_rows }, Self::Rows { rows: b, values: others, .. }) => {
                let mut rows = [a.as_slice(), b.as_slice()].concat();
                rows.sort_unstable();
                rows.dedup();
                let mut sums = Tensor::zeros([rows.len() as i64, values.size()[1]], (Kind::Float, values.device()));
                for (some, values) in [(a, values), (b, others)] {
                    let indices: Vec<i64> =
                        some.iter().map(|row| rows.partition_point(|other| other < row) as i64).collect();
                    let indices = Tensor::from_slice(&indices).to_device(values.device());
                    let _ = sums.index_add_(0, &indices, &values);
                }
                Self::Rows { rows, values: sums, n_rows }
            }
            (one, other) => {
                let mut sum = one.to_dense();
                let _ = sum.g_add_(&other.to_dense());
                Self::Dense(sum)
            }
        }
    }

    /// The numbers that are kept: all that are not zero are among them.
    pub fn values(&self) -> &Tensor {
        match self {
            Self::Dense(values) | Self::Rows { values, .. } => values,
        }
    }

    /// As a tensor of the parameter's shape: the dense one itself, or the rows in a new one.
    pub fn to_dense(&self) -> Tensor {
        match self {
            Self::Dense(values) => values.shallow_clone(),
            Self::Rows { rows, values, n_rows } => {
                let mut dense = Tensor::zeros([*n_rows, values.size()[1]], (Kind::Float, values.device()));
                dense.index_copy_(0, &Tensor::from_slice(rows).to_device(values.device()), values)
            }
        }
    }
}

/// The L2 norm over all gradients. On the CPU it is the same for every number of threads; the matrices that `encoder`'s last
/// backward pass wrote are not read again, and nobody may have changed them since.
///
/// # Errors
/// Fails when the device does.
pub fn global_norm(gradients: &[Gradient], encoder: Option<&Encoder>) -> Result<f64, KernelError> {
    let values: Vec<&Tensor> = gradients.iter().map(Gradient::values).collect();
    if !values.iter().all(|values| values.device() == Device::Cpu) {
        return aten_norm(gradients);
    }
    assert!(
        values.iter().all(|values| values.kind() == Kind::Float && values.is_contiguous()),
        "gradients are contiguous float32"
    );
    let pointers: Vec<*const f32> = values.iter().map(|values| ffi::floats(values).cast_const()).collect();
    let sizes: Vec<i64> = values.iter().map(|values| values.numel() as i64).collect();
    let (n, encoder) = (pointers.len() as i64, encoder.map_or(std::ptr::null(), Encoder::handle));
    // SAFETY: the tensors are float32, contiguous, of these sizes, and live through the call, as the encoder does.
    Ok(unsafe { ffi::bert_kernels_sum_of_squares(pointers.as_ptr(), sizes.as_ptr(), n, encoder) }.sqrt())
}

/// The same by ATen's operators on every device: what the kernel is held against.
///
/// # Errors
/// Fails when the device does.
pub fn aten_norm(gradients: &[Gradient]) -> Result<f64, KernelError> {
    let handles = ffi::handles(gradients.iter().map(Gradient::values));
    let mut norm = f64::NAN;
    // SAFETY: the handles live as long as the gradients.
    let status = unsafe { ffi::bert_kernels_norm(handles.as_ptr(), handles.len() as i64, &raw mut norm) };
    KernelError::of_status(status).map(|()| norm)
}
