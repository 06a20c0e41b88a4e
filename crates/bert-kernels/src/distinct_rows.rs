//! The distinct rows of an embedding table that a list of ids reads, and which of the ids read each.

/// Each id once, rising, with the indices in the list at which it stands, rising too.
///
/// Made once for a batch: its ids say which deferred rows are needed, its indices which gradients add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinctRows {
    ids: Vec<i64>,
    /// Where the indices of each id begin in `indices`, and where the last ones end: `(ids + 1)`.
    offsets: Vec<usize>,
    indices: Vec<usize>,
}

impl DistinctRows {
    /// Those of `ids`.
    pub fn new(ids: &[i64]) -> Self {
        let mut indices: Vec<usize> = (0..ids.len()).collect();
        indices.sort_by_key(|&index| ids[index]); // stable
        let mut distinct: Vec<i64> = Vec::new();
        let mut offsets = Vec::new();
        for (position, &index) in indices.iter().enumerate() {
            if distinct.last() != Some(&ids[index]) {
                distinct.push(ids[index]);
                offsets.push(position);
            }
        }
        offsets.push(indices.len());
        Self { ids: distinct, offsets, indices }
    }

    /// Each id once, rising.
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// Each id with the indices at which it stands.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &[usize])> {
        let ranges = self.offsets.windows(2).map(|ends| &self.indices[ends[0]..ends[1]]);
        self.ids.iter().copied().zip(ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::DistinctRows;

    #[test]
    fn each_id_has_the_indices_at_which_it_stands() {
        let distinct = DistinctRows::new(&[7, 3, 7, 0, 3, 7]);
        assert_eq!(distinct.ids(), [0, 3, 7]);
        let each: Vec<(i64, &[usize])> = distinct.iter().collect();
        assert_eq!(each, [(0, &[3][..]), (3, &[1, 4]), (7, &[0, 2, 5])]);
        assert_eq!(DistinctRows::new(&[]).iter().count(), 0);
    }
}
