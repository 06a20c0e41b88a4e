//! Ranks (`scipy.stats.rankdata`): equal values get the mean of their ranks.

/// The rank of every value in ascending order, counted from 1, as `scipy.stats.rankdata` gives by default.
pub(crate) fn average_ranks(values: &[f64]) -> Vec<f64> {
    let mut ascending: Vec<usize> = (0..values.len()).collect();
    ascending.sort_by(|&left, &right| values[left].total_cmp(&values[right]));

    let mut ranks = vec![0.0; values.len()];
    let mut n_below = 0;
    for tie in ascending.chunk_by(|&left, &right| values[left] == values[right]) {
        let rank = n_below as f64 + (tie.len() + 1) as f64 / 2.0;
        for &index in tie {
            ranks[index] = rank;
        }
        n_below += tie.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_get_their_mean_rank() {
        assert_eq!(average_ranks(&[0.5, 0.1, 0.5, 0.9, 0.5]), [3.0, 1.0, 3.0, 5.0, 3.0]);
        assert_eq!(average_ranks(&[0.0, -0.0]), [1.5, 1.5]);
    }
}
