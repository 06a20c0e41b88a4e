//! CPU features that decide on kernels (AVX512_BF16, AMX_BF16), and the version of libtorch.

use std::ffi::CStr;

use crate::ffi;

/// Instructions for bfloat16 products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuFeatures {
    /// AVX-512 dot products of bfloat16 pairs.
    pub avx512_bf16: bool,
    /// AMX tiles of bfloat16.
    pub amx_bf16: bool,
}

/// The features of this machine's processor.
pub fn cpu_features() -> CpuFeatures {
    // SAFETY: no arguments, no memory; reads the processor's identification.
    let bits = unsafe { ffi::bert_kernels_cpu_features() };
    CpuFeatures { avx512_bf16: bits & 1 != 0, amx_bf16: bits & 2 != 0 }
}

/// The version of libtorch, and the instruction set that it chooses its kernels by.
pub fn libtorch() -> String {
    // SAFETY: a string that lives as long as the process.
    unsafe { CStr::from_ptr(ffi::bert_kernels_libtorch()) }.to_string_lossy().into_owned()
}
