//! Samples of rows: of each stratum its share, drawn by a seed.
//!
//! Which units of a stratum come first is a function of the seed and of each unit, so that a larger sample holds the smaller
//! one, but for the rounding of the shares.

use std::cmp::Reverse;

/// Something that is drawn as a whole, such as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// Its class, or what else the sample is to have its share of.
    pub stratum: usize,
    /// What tells it from others.
    pub key: u64,
}

/// Whether each unit is among the `n` that are drawn; all are if there are no more.
///
/// ```
/// use corpus::sample::{Unit, draw};
/// let units: Vec<Unit> = (0..100).map(|key| Unit { stratum: usize::from(key >= 80), key }).collect();
/// let drawn = draw(&units, 10, 42);
/// assert_eq!(drawn[..80].iter().filter(|drawn| **drawn).count(), 8);
/// assert_eq!(drawn[80..].iter().filter(|drawn| **drawn).count(), 2);
/// ```
pub fn draw(units: &[Unit], n: usize, seed: u64) -> Vec<bool> {
    if units.len() <= n {
        return vec![true; units.len()];
    }
    let mut order: Vec<u32> = (0..).take(units.len()).collect();
    let sort_key = |index: u32| {
        let Unit { stratum, key } = units[index as usize];
        (stratum, mixed(seed, key), index)
    };
    order.sort_unstable_by_key(|&index| sort_key(index));
    let strata: Vec<&[u32]> = order.chunk_by(|&a, &b| units[a as usize].stratum == units[b as usize].stratum).collect();
    let shares = apportioned(n, &strata.iter().map(|stratum| stratum.len()).collect::<Vec<_>>());
    let mut drawn = vec![false; units.len()];
    for (stratum, share) in strata.iter().zip(shares) {
        stratum.iter().take(share).for_each(|&index| drawn[index as usize] = true);
    }
    drawn
}

/// A number that looks random, of a seed and a number: the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
pub fn mixed(seed: u64, number: u64) -> u64 {
    let mut z = number.wrapping_add(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `n` divided in proportion to `sizes`, whose sum is larger, by largest remainders; of equal ones the first.
fn apportioned(n: usize, sizes: &[usize]) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    let exact = |size: usize| n as u128 * size as u128;
    let mut shares: Vec<usize> = sizes.iter().map(|&size| (exact(size) / all as u128) as usize).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&index| Reverse(exact(sizes[index]) % all as u128));
    let left = n - shares.iter().sum::<usize>();
    by_remainder.into_iter().take(left).for_each(|index| shares[index] += 1);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_go_to_the_largest_remainders() {
        assert_eq!(apportioned(10, &[50, 30, 20]), [5, 3, 2]);
        assert_eq!(apportioned(10, &[61, 28, 11]), [6, 3, 1]);
        assert_eq!(apportioned(1, &[5, 5]), [1, 0]);
        assert_eq!(apportioned(3, &[1, 1, 1, 1]), [1, 1, 1, 0]);
    }

    #[test]
    fn a_larger_sample_holds_the_smaller_one() {
        let units: Vec<Unit> = (0..1000).map(|key| Unit { stratum: key as usize % 3, key }).collect();
        let (few, more) = (draw(&units, 99, 1), draw(&units, 300, 1));
        assert!(few.iter().zip(&more).all(|(few, more)| !few || *more));
        assert_eq!(few.iter().filter(|drawn| **drawn).count(), 99);
        assert_ne!(few, draw(&units, 99, 2));
    }
}
