//! SplitMix64 random number generator, as a function of a counter.
//!
//! Its state is a counter that grows by a constant, so none has to be kept: the same counter gives the same bits on every
//! machine.

/// By how much the state grows with each draw.
pub(crate) const SPLIT_MIX_INCREMENT: u64 = 0x9E37_79B9_7F4A_7C15;

/// 64 random bits: one step of SplitMix64 from `state` (Steele, Lea and Flood 2014).
///
/// ```
/// assert_eq!(metrics::split_mix64(0), 0xE220_A839_7B1D_CDAF);
/// ```
#[must_use]
pub fn split_mix64(state: u64) -> u64 {
    let state = state.wrapping_add(SPLIT_MIX_INCREMENT);
    let bits = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
