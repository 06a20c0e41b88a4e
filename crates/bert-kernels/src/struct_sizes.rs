//! The sizes of the structs that cross the C ABI, as `BERT_KERNELS_SIZE` in `csrc/bert_kernels/` asserts them on the other side: a
//! field that is added, or gets another size, on one side alone does not compile. The order of fields of one size nothing compares.

use crate::ffi::{AttentionOptions, BackwardOptions, EncoderConfig, EncoderDropout, PackedBatch, StoreOptions};
use crate::raw_parameters::{RawEncoderParameters, RawLayerParameters, RawWeightAndBias};
use crate::raw_updates::{Clipping, DeferredRows, Group, GroupStep, PastStep, Rule, Run};

macro_rules! assert_sizes {
    ($($struct:ty: $bytes:literal,)*) => { $(const _: () = assert!(size_of::<$struct>() == $bytes);)* };
}

assert_sizes! {
    AttentionOptions: 24,
    EncoderConfig: 64,
    PackedBatch: 40,
    EncoderDropout: 32,
    RawWeightAndBias: 16,
    RawLayerParameters: 96,
    RawEncoderParameters: 48,
    BackwardOptions: 24,
    Run: 48,
    Rule: 56,
    PastStep: 12,
    DeferredRows: 40,
    Group: 56,
    GroupStep: 24,
    Clipping: 32,
    StoreOptions: 32,
}
