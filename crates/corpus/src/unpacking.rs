//! Unpacking: what an archive of texts may unpack to. One that goes beyond it holds something else, or is a trap.

/// Texts shrink to a tenth, lines that repeat to a hundredth.
const MAX_RATIO: u64 = 250;
/// What any archive may unpack to, in bytes.
pub(crate) const ALWAYS_ALLOWED: u64 = 64 << 20;

/// The bytes that `packed` bytes may unpack to; never more than `most`.
pub(crate) fn allowed(packed: u64, most: u64) -> u64 {
    packed.saturating_mul(MAX_RATIO).clamp(ALWAYS_ALLOWED, most)
}
