//! Gradients as autograd hands them out: dense, or the few rows of a table that were touched.

use tch::{Device, Kind, Tensor};

use crate::{TorchExtError, ffi};

/// The gradient of one leaf, float32.
#[derive(Debug)]
pub enum Gradient {
    /// Of the leaf's shape, contiguous.
    Dense(Tensor),
    /// The rows of a matrix that are not zero; all others take no memory.
    Rows {
        /// Their numbers, rising: `(n)`, int64, on the CPU.
        rows: Vec<i64>,
        /// Their gradients: `(n, row size)`, contiguous.
        values: Tensor,
        /// The same as a sparse tensor, for sums.
        sparse: Tensor,
    },
}

impl Gradient {
    /// Wraps what autograd returned for a float32 leaf.
    ///
    /// # Errors
    /// Fails when libtorch cannot bring the rows in order.
    pub fn new(gradient: &Tensor) -> Result<Self, TorchExtError> {
        let failed = |error: tch::TchError| TorchExtError(error.to_string());
        if !gradient.is_sparse() {
            return Ok(Self::Dense(gradient.contiguous()));
        }
        let sparse = gradient.f_coalesce().map_err(failed)?;
        let indices = sparse.f_indices().map_err(failed)?.get(0).to_device(Device::Cpu).contiguous();
        let mut rows = vec![0; indices.numel()];
        indices.f_copy_data(&mut rows, indices.numel()).map_err(failed)?;
        let values = sparse.f_values().map_err(failed)?.contiguous();
        Ok(Self::Rows { rows, values, sparse })
    }

    /// The sum of two gradients of one leaf.
    ///
    /// # Errors
    /// Fails when libtorch cannot add them.
    pub fn plus(self, other: Self) -> Result<Self, TorchExtError> {
        match (self, other) {
            (Self::Dense(mut a), Self::Dense(b)) => {
                let _ = a.g_add_(&b);
                Ok(Self::Dense(a))
            }
            (Self::Rows { sparse: a, .. }, Self::Rows { sparse: b, .. }) => Self::new(&a.g_add(&b)),
            (Self::Dense(dense), Self::Rows { sparse, .. }) | (Self::Rows { sparse, .. }, Self::Dense(dense)) => {
                Ok(Self::Dense(dense.g_add(&sparse)))
            }
        }
    }

    /// The numbers that are kept: all that are not zero are among them.
    pub fn values(&self) -> &Tensor {
        match self {
            Self::Dense(values) | Self::Rows { values, .. } => values,
        }
    }

    /// As a tensor of the leaf's shape.
    pub fn to_dense(&self) -> Tensor {
        match self {
            Self::Dense(values) => values.shallow_clone(),
            Self::Rows { sparse, .. } => Tensor::zeros(sparse.size(), (Kind::Float, sparse.device())).g_add(sparse),
        }
    }
}

/// The L2 norm over all gradients. On the CPU it is the same for every number of threads.
pub fn global_norm(gradients: &[Gradient]) -> f64 {
    let values: Vec<&Tensor> = gradients.iter().map(Gradient::values).collect();
    if !values.iter().all(|values| values.device() == Device::Cpu) {
        let squares = values.iter().map(|values| values.square().sum(Kind::Double).double_value(&[]));
        return squares.sum::<f64>().sqrt();
    }
    assert!(
        values.iter().all(|values| values.kind() == Kind::Float && values.is_contiguous()),
        "gradients are contiguous float32"
    );
    let pointers: Vec<*const f32> = values.iter().map(|values| values.data_ptr().cast_const().cast()).collect();
    let sizes: Vec<i64> = values.iter().map(|values| values.numel() as i64).collect();
    // SAFETY: the tensors are float32, contiguous, of these sizes, and live through the call.
    unsafe { ffi::torch_ext_sum_of_squares(pointers.as_ptr(), sizes.as_ptr(), pointers.len() as i64) }.sqrt()
}
