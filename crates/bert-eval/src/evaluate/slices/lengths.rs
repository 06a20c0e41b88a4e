//! Slices by length: the quarters of a split by the number of tokens that the model read.

use super::slice::Slice;

/// Up to four slices of about equal size, by tokens; texts of one length are never divided.
pub(super) fn length_slices(n_tokens: &[u32]) -> Vec<Slice> {
    let mut sorted = n_tokens.to_vec();
    sorted.sort_unstable();
    let quartiles = (1..4).filter_map(|quarter| sorted.get(quarter * sorted.len() / 4));
    let mut bounds: Vec<u32> = quartiles.copied().collect(); // each slice ends before its bound
    bounds.dedup();
    let mut rows = vec![Vec::new(); bounds.len() + 1];
    for (row, length) in (0..).zip(n_tokens) {
        rows[bounds.partition_point(|bound| bound <= length)].push(row);
    }
    let slice = |rows: Vec<u32>| {
        let lengths = || rows.iter().map(|&row| n_tokens[row as usize]);
        let (shortest, longest) = (lengths().min()?, lengths().max()?);
        let name =
            if shortest == longest { format!("{shortest} tokens") } else { format!("{shortest} to {longest} tokens") };
        Some(Slice { group: "length".to_owned(), name, rows })
    };
    rows.into_iter().filter_map(slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n_tokens: &[u32]) -> Vec<(String, usize)> {
        length_slices(n_tokens).into_iter().map(|slice| (slice.name, slice.rows.len())).collect()
    }

    #[test]
    fn quarters_have_about_the_same_size_and_equal_lengths_stay_together() {
        let lengths: Vec<u32> = (1..=100).rev().collect();
        let quarter = |from, to| (format!("{from} to {to} tokens"), 25);
        assert_eq!(names(&lengths), [quarter(1, 25), quarter(26, 50), quarter(51, 75), quarter(76, 100)]);
        assert_eq!(names(&[7; 9]), [("7 tokens".to_owned(), 9)]);
        assert_eq!(names(&[3, 3, 3, 9]), [("3 tokens".to_owned(), 3), ("9 tokens".to_owned(), 1)]);
        assert_eq!(names(&[]), []);
    }
}
