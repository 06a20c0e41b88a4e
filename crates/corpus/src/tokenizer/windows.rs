//! Sliding windows over the tokens of a text that has more than a model takes.

use std::iter;
use std::ops::Range;

/// The windows of a text with `n_tokens`, from its beginning to its end: each but the last has `capacity` tokens, and
/// each shares its first `stride` tokens with the one before, as in Transformers (`stride`,
/// `return_overflowing_tokens`). A text without tokens is one empty window. `stride` is below `capacity`.
pub(super) fn windows(n_tokens: usize, capacity: usize, stride: usize) -> impl Iterator<Item = Range<usize>> {
    let window = move |begin: usize| begin..n_tokens.min(begin.saturating_add(capacity));
    iter::successors(Some(window(0)), move |last| (last.end < n_tokens).then(|| window(last.end - stride)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_literal_lengths() {
        let windows = |n_tokens, capacity, stride: usize| -> Vec<(usize, usize)> {
            windows(n_tokens, capacity, stride).map(|window| (window.start, window.end)).collect()
        };
        assert_eq!(windows(0, 4, 1), [(0, 0)]);
        assert_eq!(windows(4, 4, 1), [(0, 4)]);
        assert_eq!(windows(5, 4, 1), [(0, 4), (3, 5)]);
        assert_eq!(windows(7, 4, 1), [(0, 4), (3, 7)]);
        assert_eq!(windows(8, 4, 0), [(0, 4), (4, 8)]);
        assert_eq!(windows(6, 4, 3), [(0, 4), (1, 5), (2, 6)]);
        assert_eq!(windows(6, usize::MAX, 2), [(0, 6)]);
    }

    /// Every text, window and stride up to some size.
    #[test]
    fn every_token_is_in_a_window_and_neighbors_share_the_stride() {
        for (n_tokens, capacity) in (0..60).flat_map(|n| (1..12).map(move |capacity| (n, capacity))) {
            for stride in 0..capacity {
                let windows: Vec<Range<usize>> = windows(n_tokens, capacity, stride).collect();
                let context = format!("{n_tokens} tokens, windows of {capacity} that share {stride}: {windows:?}");
                assert_eq!((windows[0].start, windows[windows.len() - 1].end), (0, n_tokens), "{context}");
                assert!(windows.iter().all(|window| window.len() <= capacity), "{context}");
                assert!(windows.iter().rev().skip(1).all(|window| window.len() == capacity), "{context}");
                for pair in windows.windows(2) {
                    assert_eq!(pair[0].end - pair[1].start, stride, "{context}");
                    assert!(pair[1].end > pair[0].end, "{context}");
                }
            }
        }
    }
}
