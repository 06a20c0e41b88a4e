//! The search: four readings of the texts at most, and comparisons of what they leave.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use corpus::similarity::{NearDuplicates, Pieces, mended};
use corpus::{Split, class_balance};

use super::found::Found;
use super::kind::Kind;
use super::report::{ClassRows, Finding, Report, SplitFigures};
use super::rows::{Dataset, Row};
use super::texts::show;

/// More words than this make more than 512 word pieces, by 1.35 pieces a word.
const MANY_WORDS: usize = 380;
/// Sentences among which near duplicates are looked for.
const N_COMPARED: usize = 200_000;
/// Texts of fewer words are a part of too many others.
const MIN_PIECE: usize = 3;

pub(crate) fn search(raw: &Path, files: &[(Split, PathBuf)]) -> anyhow::Result<Report> {
    let dataset = Dataset::open(files)?;
    let (mut rows, mut words, mut near) = (Vec::new(), Pieces::new(), NearDuplicates::new());
    let mut found = Found::default();
    dataset.for_each_sentence(|number, split, record| {
        let row = Row::of(split, &record);
        let (n_words, _) = words.add(&record.text);
        let text = record.text.trim();
        let tests = [
            (Kind::Empty, text.is_empty()),
            (Kind::Long, n_words > MANY_WORDS),
            (Kind::Encoding, mended(text).is_some()),
            (Kind::Unlabeled, !row.has_target),
        ];
        tests.into_iter().filter(|(_, is_so)| *is_so).for_each(|(kind, _)| found.add(kind, number, None));
        if near.len() < N_COMPARED
            && let Some(other) = near.add(&record.text)
        {
            found.add(Kind::NearDuplicates, number, Some(other));
        }
        rows.push(row);
    })?;
    words.index();
    compare(&rows, &mut found);
    compare_words(&rows, &words, &mut found);
    find_pieces(&dataset, &rows, &words, &mut found)?;
    let mut remarks = Vec::new();
    if rows.len() > N_COMPARED {
        remarks.push(format!("near duplicates were looked for among the first {N_COMPARED} of {} rows", rows.len()));
    }
    let splits: Vec<SplitFigures> =
        files.iter().map(|(split, _)| figures(*split, &rows, &dataset.metadata.label_names)).collect();
    let findings = findings(&dataset, &rows, found, &splits)?;
    Ok(Report { raw: raw.display().to_string(), dataset: dataset.metadata.dataset.clone(), splits, findings, remarks })
}

/// Finds equal rows: in one split, in several, and with several labels.
fn compare(rows: &[Row], found: &mut Found) {
    let key = |row: u32| rows[row as usize].key;
    let mut order: Vec<u32> = (0..).take(rows.len()).collect();
    order.sort_unstable_by_key(|&row| (key(row), row));
    let mut equal: Vec<&[u32]> = order.chunk_by(|&a, &b| key(a) == key(b)).filter(|same| same.len() > 1).collect();
    equal.sort_unstable();
    for same in equal {
        add_equal(rows, same, found);
        let labels = Labels::of(rows, same);
        same.iter().filter_map(|&row| Some((row, labels.other(rows, row)?))).for_each(|(row, other)| {
            found.add(Kind::Conflicts, row, Some(other));
        });
    }
}

/// The first row of some, and the first of them that has another label.
struct Labels {
    first: Option<u32>,
    other: Option<u32>,
}

impl Labels {
    fn of(rows: &[Row], same: &[u32]) -> Self {
        let label = |row: u32| rows[row as usize].label;
        let first = same.iter().copied().find(|&row| label(row).is_some());
        let other = first
            .and_then(|first| same.iter().copied().find(|&row| label(row).is_some() && label(row) != label(first)));
        Self { first, other }
    }

    /// A row with another label than this one has.
    fn other(&self, rows: &[Row], row: u32) -> Option<u32> {
        let label = |row: u32| rows[row as usize].label;
        label(row)?;
        [self.first?, self.other?].into_iter().find(|&other| label(other) != label(row))
    }
}

/// The rows of equal ones that come again in their split, and those of validation and test that another split has.
fn add_equal(rows: &[Row], same: &[u32], found: &mut Found) {
    let split = |row: u32| rows[row as usize].split;
    let first = Split::ALL.map(|of| same.iter().copied().find(|&row| split(row) == of));
    for &row in same {
        if let Some(first) = first[split(row) as usize].filter(|&first| first != row) {
            found.add(Kind::Duplicates, row, Some(first));
        }
        let of_others = first.iter().flatten().copied().filter(|&other| split(other) != split(row));
        if split(row) != Split::Train
            && let Some(other) = of_others.min()
        {
            found.add(Kind::Overlap, row, Some(other));
        }
    }
}

/// Rows with the same words that are not the same text.
fn compare_words(rows: &[Row], words: &Pieces, found: &mut Found) {
    let mut equal: Vec<&[u32]> = words.same().collect();
    equal.sort_unstable_by_key(|same| same[0]);
    for same in equal {
        add_normalized_conflicts(rows, same, found);
        // One row for each text of each split: the others are equal as they stand.
        let mut known: BTreeSet<(Split, u64)> = BTreeSet::new();
        let distinct: Vec<u32> = same
            .iter()
            .copied()
            .filter(|&row| known.insert((rows[row as usize].split, rows[row as usize].key)))
            .collect();
        // Of each split, the first row, and the first with another text than that.
        let firsts = Split::ALL.map(|split| {
            let of_split = || distinct.iter().copied().filter(|&row| rows[row as usize].split == split);
            let first = of_split().next();
            let is_other = |row: &u32| first.is_some_and(|first| rows[first as usize].key != rows[*row as usize].key);
            [first, of_split().find(is_other)]
        });
        for &row in &distinct {
            let Row { split, key, .. } = rows[row as usize];
            if let Some(first) = firsts[split as usize][0].filter(|&first| first != row) {
                found.add(Kind::NormalizedDuplicates, row, Some(first));
            }
            let overlaps_exactly = Split::ALL.into_iter().any(|other| other != split && known.contains(&(other, key)));
            let differs = |&other: &u32| rows[other as usize].split != split && rows[other as usize].key != key;
            if split != Split::Train
                && !overlaps_exactly
                && let Some(other) = firsts.iter().flatten().flatten().copied().filter(differs).min()
            {
                found.add(Kind::NormalizedOverlap, row, Some(other));
            }
        }
    }
}

/// The rows whose words have another label elsewhere, but for those whose text as it stands has.
fn add_normalized_conflicts(rows: &[Row], same: &[u32], found: &mut Found) {
    let labels = Labels::of(rows, same);
    if labels.other.is_none() {
        return;
    }
    let mut of_text: HashMap<u64, Vec<u32>> = HashMap::new();
    same.iter().for_each(|&row| of_text.entry(rows[row as usize].key).or_default().push(row));
    let of_text: HashMap<u64, Labels> = of_text.into_iter().map(|(key, same)| (key, Labels::of(rows, &same))).collect();
    for &row in same {
        let is_exact = of_text.get(&rows[row as usize].key).is_some_and(|labels| labels.other.is_some());
        if let Some(other) = labels.other(rows, row).filter(|_| !is_exact) {
            found.add(Kind::NormalizedConflicts, row, Some(other));
        }
    }
}

/// Rows of validation and test that are a part of a text of another split.
fn find_pieces(dataset: &Dataset, rows: &[Row], words: &Pieces, found: &mut Found) -> anyhow::Result<()> {
    let mut held_out = Pieces::new();
    let mut numbers: Vec<u32> = Vec::new();
    dataset.for_each_sentence(|number, split, record| {
        if split != Split::Train && words.n_words(number) >= MIN_PIECE {
            held_out.add(&record.text);
            numbers.push(number);
        }
    })?;
    held_out.index();
    // Of each text with other words, the first one of each split that holds it.
    let mut holders: HashMap<u32, [Option<u32>; Split::ALL.len()]> = HashMap::new();
    let mut hashes = Vec::new();
    dataset.for_each_sentence(|number, split, record| {
        let n_words = words.n_words(number);
        held_out.for_each_piece(&record.text, &mut hashes, |piece| {
            if piece.n_words < n_words {
                holders.entry(piece.text).or_default()[split as usize].get_or_insert(number);
            }
        });
    })?;
    let copies =
        holders.iter().flat_map(|(&text, of_split)| held_out.same_as(text).iter().map(move |&copy| (copy, of_split)));
    let held = copies.filter_map(|(copy, of_split)| {
        let row = numbers[copy as usize];
        let of_others =
            of_split.iter().flatten().copied().filter(|&other| rows[other as usize].split != rows[row as usize].split);
        Some((row, of_others.min()?))
    });
    let mut pieces: Vec<(u32, u32)> = held.collect();
    pieces.sort_unstable();
    pieces.into_iter().for_each(|(row, holder)| found.add(Kind::Pieces, row, Some(holder)));
    Ok(())
}

fn figures(split: Split, rows: &[Row], names: &[String]) -> SplitFigures {
    let mut counts = vec![0; names.len()];
    let of_split = || rows.iter().filter(|row| row.split == split);
    for class in of_split().filter_map(|row| usize::try_from(row.label?).ok()) {
        // A file that was made elsewhere may have classes without names.
        if let Some(count) = counts.get_mut(class) {
            *count += 1;
        }
    }
    let of_class = |(label, rows): (&String, usize)| ClassRows { label: label.clone(), rows };
    let classes: Vec<ClassRows> = names.iter().zip(counts).map(of_class).collect();
    let labeled: usize = classes.iter().map(|class| class.rows).sum();
    let most = classes.iter().map(|class| class.rows).max();
    let majority_rate = most.filter(|_| labeled > 0).map(|most| most as f64 / labeled as f64);
    SplitFigures { split, rows: of_split().count(), classes, majority_rate }
}

fn findings(dataset: &Dataset, rows: &[Row], found: Found, splits: &[SplitFigures]) -> anyhow::Result<Vec<Finding>> {
    let mut examples = show(dataset, rows, &found)?;
    let finding = |(kind, n): (Kind, usize)| Finding {
        kind,
        rows: n,
        share: n as f64 / rows.len().max(1) as f64,
        examples: examples.remove(&kind).unwrap_or_default(),
        remarks: Vec::new(),
    };
    let mut findings: Vec<Finding> = found.rows.into_iter().map(finding).collect();
    let counts: Vec<(Split, Vec<usize>)> =
        splits.iter().map(|s| (s.split, s.classes.iter().map(|class| class.rows).collect())).collect();
    let names = &dataset.metadata.label_names;
    let remarks = [class_balance::warnings(names, &counts), class_balance::unmeasured(names, &counts)].concat();
    if !remarks.is_empty() {
        findings.push(Finding {
            kind: Kind::Imbalance,
            rows: remarks.len(),
            share: 0.0,
            examples: Vec::new(),
            remarks,
        });
    }
    Ok(findings)
}
