//! Counter-based random numbers: each is a function of the search's seed, the trial and the argument's name.
//!
//! So the list of trials depends on nothing but the profile: more trials leave the first ones as they are, and another
//! argument leaves the values of the others.

use metrics::split_mix64;

/// A uniform number in `[0, 1)`, of which all 53 bits are random.
pub(crate) fn uniform(seed: u64, trial: u64, argument: &str) -> f64 {
    (bits(seed, trial, argument) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Tells a seed from a trial of the same number, of which the hashes are the same.
const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// 64 random bits.
pub(crate) fn bits(seed: u64, trial: u64, argument: &str) -> u64 {
    [trial, fnv1a(argument)]
        .into_iter()
        .fold(split_mix64(seed) ^ seed.wrapping_mul(ODD), |state, counter| split_mix64(state ^ split_mix64(counter)))
}

/// The FNV-1a hash of a name.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The FNV-1a hash of "a".
    #[test]
    fn fnv1a_gives_its_published_value() {
        assert_eq!(fnv1a("a"), 0xAF63_DC4C_8601_EC8C);
    }

    #[test]
    fn searches_of_two_seeds_share_no_trial() {
        let mut seen = std::collections::HashSet::new();
        for seed in 0..50 {
            (0..50).for_each(|trial| assert!(seen.insert(bits(seed, trial, "learning_rate")), "{seed} {trial}"));
        }
        // That of the seed that a search has by itself is as it always was.
        assert_eq!(bits(0, 3, "learning_rate"), 0x3C5E_2920_830C_D0DF);
    }

    #[test]
    fn numbers_are_uniform_and_differ_by_each_counter() {
        let draws: Vec<f64> = (0..4000).map(|trial| uniform(7, trial, "learning_rate")).collect();
        let mean = draws.iter().sum::<f64>() / 4000.0;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        let base = bits(7, 3, "learning_rate");
        assert!(
            [bits(8, 3, "learning_rate"), bits(7, 4, "learning_rate"), bits(7, 3, "seed")].iter().all(|b| *b != base)
        );
    }
}
