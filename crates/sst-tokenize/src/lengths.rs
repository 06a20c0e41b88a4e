//! Lengths in tokens: how many texts have each, percentiles, and the bins of a histogram.

use std::collections::BTreeMap;

use serde::Serialize;

/// The number of bins that reach to nearly all texts; one more has the rest.
const N_BINS: usize = 10;

/// How many texts have each length, in tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lengths(BTreeMap<usize, usize>);

/// What is usually asked of lengths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct LengthFigures {
    pub(crate) mean: f64,
    pub(crate) median: usize,
    pub(crate) p95: usize,
    pub(crate) p99: usize,
    pub(crate) max: usize,
}

/// The lengths from `from` to `to`, both of which belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bin {
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Lengths {
    pub(crate) fn add(&mut self, length: usize) {
        *self.0.entry(length).or_default() += 1;
    }

    /// Of several splits together.
    pub(crate) fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = BTreeMap::new();
        for (&length, count) in all.flat_map(|lengths| &lengths.0) {
            *sum.entry(length).or_default() += count;
        }
        Self(sum)
    }

    /// Percentiles by nearest rank: each is a length that occurs.
    pub(crate) fn figures(&self) -> LengthFigures {
        let n: usize = self.0.values().sum();
        let percentile = |percent: usize| {
            let rank = (n * percent).div_ceil(100).max(1);
            let mut up_to = self.0.iter().scan(0, |up_to, (&length, count)| {
                *up_to += count;
                Some((length, *up_to))
            });
            up_to.find(|(_, up_to)| *up_to >= rank).map_or(0, |(length, _)| length)
        };
        let sum: usize = self.0.iter().map(|(length, count)| length * count).sum();
        let mean = sum as f64 / n.max(1) as f64;
        LengthFigures { mean, median: percentile(50), p95: percentile(95), p99: percentile(99), max: percentile(100) }
    }

    /// Bins of equal width up to the longest of 99 texts in a hundred, and one for all that are longer.
    pub(crate) fn bins(&self) -> Vec<Bin> {
        let LengthFigures { p99, max, .. } = self.figures();
        let width = round_width(p99.div_ceil(N_BINS));
        let mut bins: Vec<Bin> =
            (0..p99.div_ceil(width)).map(|bin| Bin { from: bin * width + 1, to: (bin + 1) * width }).collect();
        match bins.last() {
            Some(last) if last.to < max => bins.push(Bin { from: last.to + 1, to: max }),
            _ => {}
        }
        bins
    }

    pub(crate) fn n_in(&self, bin: Bin) -> usize {
        self.0.range(bin.from..=bin.to).map(|(_, count)| count).sum()
    }
}

/// The next of 1, 2, 5, 10, 20, 50 and so on.
fn round_width(width: usize) -> usize {
    let mut power = 1;
    loop {
        match [1, 2, 5].map(|digit| digit * power).into_iter().find(|&round| round >= width) {
            Some(round) => return round,
            None => power *= 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(counts: &[(usize, usize)]) -> Lengths {
        Lengths(counts.iter().copied().collect())
    }

    #[test]
    fn percentiles_are_lengths_that_occur() {
        let all = Lengths((1..=200).map(|length| (length, 1)).collect());
        assert_eq!(all.figures(), LengthFigures { mean: 100.5, median: 100, p95: 190, p99: 198, max: 200 });
        let one = LengthFigures { mean: 7.0, median: 7, p95: 7, p99: 7, max: 7 };
        assert_eq!(lengths(&[(7, 1)]).figures(), one);
    }

    #[test]
    fn bins_hold_every_text_once_and_the_last_has_what_is_far_out() {
        let skewed = lengths(&[(2, 5), (10, 60), (11, 30), (38, 104), (5000, 1)]);
        let bins = skewed.bins();
        assert_eq!((bins.len(), bins[0], bins[8]), (9, Bin { from: 1, to: 5 }, Bin { from: 41, to: 5000 }));
        assert_eq!(bins.iter().map(|&bin| skewed.n_in(bin)).sum::<usize>(), 200);
        assert_eq!(lengths(&[(3, 1)]).bins().len(), 3);
        assert_eq!(Lengths::sum([&skewed, &skewed].into_iter()).n_in(bins[1]), 120);
        assert!(Lengths::default().bins().is_empty());
    }

    #[test]
    fn widths_are_round() {
        assert_eq!([0, 1, 3, 6, 11, 51, 450].map(round_width), [1, 1, 5, 10, 20, 100, 500]);
    }
}
