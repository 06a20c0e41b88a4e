//! Slices by the values of a column that the user kept.

use std::collections::HashMap;

use super::slice::Slice;

/// A column with more values divides the texts into pieces of which nothing can be said; ids are of this kind.
const MAX_VALUES: usize = 200;

/// The values of one column and the texts of each.
#[derive(Debug)]
pub(super) struct KeptValues {
    column: String,
    /// `None` from the first value on that is one too many.
    rows: Option<HashMap<Option<String>, Vec<u32>>>,
}

impl KeptValues {
    pub(super) fn new(column: &str) -> Self {
        Self { column: column.to_owned(), rows: Some(HashMap::new()) }
    }

    /// Adds the value of the text with number `row`.
    pub(super) fn add(&mut self, row: u32, value: Option<&str>) {
        let Some(rows) = &mut self.rows else { return };
        let value = value.filter(|value| !value.is_empty()).map(str::to_owned);
        if let Some(of_value) = rows.get_mut(&value) {
            of_value.push(row);
        } else if rows.len() == MAX_VALUES {
            self.rows = None;
        } else {
            rows.insert(value, vec![row]);
        }
    }

    /// The slices, the largest first, or why there are none.
    pub(super) fn slices(self) -> Result<Vec<Slice>, String> {
        let Self { column, rows } = self;
        let Some(rows) = rows else {
            return Err(format!("column {column} has more than {MAX_VALUES} values, so that it gives no slices"));
        };
        let mut none = "(empty)".to_owned();
        while rows.contains_key(&Some(none.clone())) {
            none = format!("({none})");
        }
        let named = |value: Option<String>| value.unwrap_or_else(|| none.clone());
        let mut values: Vec<(String, Vec<u32>)> = rows.into_iter().map(|(value, rows)| (named(value), rows)).collect();
        values.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
        Ok(values.into_iter().map(|(name, rows)| Slice { group: column.clone(), name, rows }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_a_slice_and_ids_give_none() {
        let mut regions = KeptValues::new("region");
        for row in 0..401 {
            regions.add(row, Some(&format!("region {}", row % 200)));
        }
        let slices = regions.slices().unwrap();
        assert_eq!(slices.len(), MAX_VALUES);
        assert_eq!((slices[0].name.as_str(), slices[0].rows.as_slice()), ("region 0", &[0, 200, 400][..]));
        assert_eq!((slices[199].name.as_str(), slices[199].rows.as_slice()), ("region 99", &[99, 299][..]));

        let mut empty = KeptValues::new("region");
        (0..).zip([None, Some("(empty)"), Some("")]).for_each(|(row, value)| empty.add(row, value));
        let slices: Vec<_> = empty.slices().unwrap().into_iter().map(|slice| (slice.name, slice.rows)).collect();
        assert_eq!(slices, [("((empty))".to_owned(), vec![0, 2]), ("(empty)".to_owned(), vec![1])]);

        let mut ids = KeptValues::new("id");
        (0..300).for_each(|row| ids.add(row, Some(&row.to_string())));
        assert_eq!(ids.slices(), Err("column id has more than 200 values, so that it gives no slices".to_owned()));
    }
}
