//! Names of the user's columns beside columns of this stage's own.

use std::collections::HashSet;

/// The names under which `kept` are written beside `own` columns: their own, with `source_` before one that is taken, and once more
/// where that is taken, too.
pub(crate) fn free_names(kept: &[String], own: &[&str]) -> Vec<String> {
    let mut taken: HashSet<String> = own.iter().map(|name| (*name).to_owned()).collect();
    taken.extend(kept.iter().cloned());
    let free = |name: &String| {
        let mut free = name.clone();
        while own.contains(&name.as_str()) && taken.contains(&free) {
            free = format!("source_{free}");
        }
        taken.insert(free.clone());
        free
    };
    kept.iter().map(free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_columns_have_one_name() {
        let kept = ["prediction", "source_prediction", "id", "region"].map(str::to_owned);
        let expected = ["source_source_prediction", "source_prediction", "source_id", "region"];
        assert_eq!(free_names(&kept, &["id", "prediction"]), expected);
        assert_eq!(free_names(&[], &["id"]), [""; 0]);
    }
}
