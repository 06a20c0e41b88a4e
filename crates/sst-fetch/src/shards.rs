//! Shards: the files that one table was cut into, `train-00000-of-00002.parquet` or `train-1.csv`, by their names.

/// What a name says of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard<'a> {
    /// What all of them are called.
    pub(crate) base: &'a str,
    pub(crate) index: u64,
    /// How many there are, where the name says it.
    n: Option<u64>,
}

impl<'a> Shard<'a> {
    /// Reads the name of a file, without its extensions.
    pub(crate) fn of(stem: &'a str) -> Option<Self> {
        let is_hash = |end: &str| end.len() == 16 && end.bytes().all(|byte| byte.is_ascii_hexdigit());
        let stem = stem.rsplit_once('-').filter(|(_, end)| is_hash(end)).map_or(stem, |(begin, _)| begin);
        let (numbered, n) = match stem.rsplit_once("-of-") {
            Some((begin, n)) => (begin, Some(n.parse().ok()?)),
            None => (stem, None),
        };
        let base = numbered.trim_end_matches(|c: char| c.is_ascii_digit());
        let index = numbered[base.len()..].parse().ok()?;
        Some(Self { base: base.strip_suffix(['-', '_', '.']).unwrap_or(base), index, n })
    }
}

/// Whether files of these names, without their extensions, are the shards of one table, and all of them. One file alone is one.
///
/// # Errors
/// Says of which files the others are missing, and names two that are of different tables.
pub(crate) fn check(stems: &[&str]) -> Result<(), String> {
    let shards: Vec<Option<Shard>> = stems.iter().map(|stem| Shard::of(stem)).collect();
    let said = shards.iter().flatten().find_map(|shard| shard.n);
    match (shards.first(), said) {
        (Some(Some(first)), Some(n)) if shards.iter().flatten().all(|shard| shard.base == first.base) => {
            let has = |index| shards.iter().flatten().any(|shard| shard.index == index);
            let first_index = u64::from(!has(0));
            let missing: Vec<u64> =
                (first_index..first_index.saturating_add(n)).filter(|&index| !has(index)).take(1).collect();
            match missing.as_slice() {
                [index] => Err(format!("{} says that there are {n}, and number {index} is missing", stems[0])),
                _ if stems.len() as u64 == n => Ok(()),
                _ => Err(format!("{} says that there are {n}, and there are {}", stems[0], stems.len())),
            }
        }
        _ => {
            let first = shards.first().copied().flatten();
            let is_next = |(index, shard): (usize, &Option<Shard>)| match (first, shard) {
                (Some(first), Some(shard)) => {
                    shard.base == first.base && first.index < 2 && shard.index == first.index + index as u64
                }
                _ => index == 0,
            };
            match shards.iter().enumerate().find(|of| !is_next(*of)) {
                Some((index, _)) if stems.len() > 1 => {
                    Err(format!("{} and {} are different tables", stems[0], stems[index.max(1)]))
                }
                _ => Ok(()),
            }
        }
    }
}

/// What files of one table are sorted by: their number, else their name.
pub(crate) fn order(stem: &str) -> (Option<u64>, String) {
    (Shard::of(stem).map(|shard| shard.index), stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_a_shard() {
        let shard = |stem| Shard::of(stem).map(|shard| (shard.base.to_owned(), shard.index, shard.n));
        let of = |base: &str, index, n| Some((base.to_owned(), index, n));
        assert_eq!(shard("train-00001-of-00002"), of("train", 1, Some(2)));
        assert_eq!(shard("train-00000-of-00001-0123456789abcdef"), of("train", 0, Some(1)));
        assert_eq!(
            [shard("train_1"), shard("train2"), shard("0003")],
            [of("train", 1, None), of("train", 2, None), of("", 3, None)]
        );
        assert_eq!([shard("train"), shard("train-of-3"), shard("train-1-of-x"), shard("")], [const { None }; 4]);
    }

    #[test]
    fn files_of_a_split_are_one_table_and_all_of_it() {
        for right in [
            &["train"][..],
            &["train-00000-of-00001"],
            &["train-00000-of-00002", "train-00001-of-00002"],
            &["train-1-of-2", "train-2-of-2"],
            &["train_0", "train_1", "train_2"],
            &["train1", "train2"],
            &["train_raw"],
            &["train-8"],
            &[],
        ] {
            assert_eq!(check(right), Ok(()), "{right:?}");
        }
        for (wrong, problem) in [
            (&["train-00000-of-00003", "train-00002-of-00003"][..], "number 1 is missing"),
            (&["train-00001-of-00002"], "number 2 is missing"),
            (&["train_8", "train_16", "train_64"], "train_8 and train_16 are different tables"),
            (&["train_raw", "train_clean"], "train_raw and train_clean are different tables"),
            (&["train", "train_augmented"], "train and train_augmented are different tables"),
            (&["train", "train1"], "train and train1 are different tables"),
            (&["train-0-of-2", "train-1-of-2", "train-1"], "says that there are 2, and there are 3"),
        ] {
            assert!(check(wrong).unwrap_err().contains(problem), "{wrong:?}: {:?}", check(wrong));
        }
    }
}
