//! CPU features that decide on kernels: AVX2, AVX-512, AVX512_BF16, AVX512_VNNI, AMX_BF16.

/// Instructions of products, as far as the operating system lets programs use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuFeatures {
    /// AVX2 with fused multiplication and addition.
    pub avx2: bool,
    /// AVX-512 as Skylake has it: F, BW, DQ and VL.
    pub avx512: bool,
    /// AVX-512 dot products of bfloat16 pairs.
    pub avx512_bf16: bool,
    /// AVX-512 dot products of quadruples of bytes; every processor with AMX tiles of bytes has them, too.
    pub avx512_vnni: bool,
    /// AMX tiles of bfloat16.
    pub amx_bf16: bool,
}

/// The features of this machine's processor.
#[cfg(target_arch = "x86_64")]
pub fn cpu_features() -> CpuFeatures {
    use std::arch::is_x86_feature_detected as has;
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    // Intel's manual, CPUID, leaf 7: AVX512_BF16 is bit 5 of eax in subleaf 1, AMX_BF16 bit 22 of edx in subleaf 0.
    let bit = |subleaf: u32, bit: u32| {
        let leaf = __cpuid_count(7, subleaf);
        (if subleaf == 1 { leaf.eax } else { leaf.edx }) >> bit & 1 != 0
    };
    let has_leaf = __cpuid(0).eax >= 7;
    CpuFeatures {
        avx2: has!("avx2") && has!("fma"),
        avx512: has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl"),
        avx512_bf16: has_leaf && bit(1, 5) && has!("avx512f"),
        avx512_vnni: has!("avx512vnni") && has!("avx512vl"),
        amx_bf16: has_leaf && bit(0, 22),
    }
}

/// Other processors have none of them.
#[cfg(not(target_arch = "x86_64"))]
pub fn cpu_features() -> CpuFeatures {
    CpuFeatures::default()
}
