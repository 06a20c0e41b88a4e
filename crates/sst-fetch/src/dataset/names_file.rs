//! Names of classes from a file beside the data: `classes.txt`, whose lines are the names in the order of the labels, or
//! `mapping.txt`, whose lines are a label and a name.
//!
//! They are taken where the labels are just the numbers that such a file names, from 0 or from 1; then they are as if
//! `--label-names` gave them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::records::{self, Encoding};
use corpus::shortened_list;

use super::args::DatasetArgs;
use super::layout::Layout;

/// The names of such files; the first that fits the labels counts.
const FILES: [&str; 5] = ["classes.txt", "class.txt", "label_names.txt", "labels.txt", "mapping.txt"];
/// More than this are no names of classes.
const MAX_NAMES: usize = 1000;
/// What may stand between a label and its name.
const SEPARATORS: [char; 6] = ['\t', ' ', ',', ';', ':', '='];

/// Whether a file has the name of one that holds names.
pub(crate) fn is_called_so(path: &Path) -> bool {
    FILES.iter().any(|name| path.ends_with(name))
}

/// The files of such names beside these of a dataset, where the user says nothing of the labels.
pub(crate) fn beside(args: &DatasetArgs, layout: Layout, data: &[PathBuf]) -> Vec<PathBuf> {
    let is_told = args.label_names.is_some() || args.label_order.is_some() || args.score_column.is_some();
    let may_have_names = !is_told && matches!(layout, Layout::Tables | Layout::PairedLines);
    let folder = data.first().and_then(|file| file.parent()).filter(|_| may_have_names);
    let Some(folder) = folder else { return Vec::new() };
    FILES.map(|name| folder.join(name)).into_iter().filter(|path| path.is_file() && !data.contains(path)).collect()
}

/// A file of names, or what is wrong with it.
pub(crate) struct NamesFile {
    path: PathBuf,
    list: Result<NameList, String>,
}

/// Names, and the labels that the first of them may have.
#[derive(Debug, PartialEq)]
struct NameList {
    names: Vec<String>,
    first_labels: Vec<usize>,
}

impl NamesFile {
    pub(crate) fn read(path: PathBuf, encoding: Option<Encoding>) -> Self {
        let mut lines = Vec::new();
        let read = records::for_each_line(&path, encoding, &mut |line| {
            if !line.trim().is_empty() {
                lines.push(line.trim().to_owned());
            }
            if lines.len() <= MAX_NAMES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let list = read.map_err(|error| error.to_string()).and_then(|()| NameList::of(lines));
        Self { path, list }
    }
}

/// The names of classes whose labels these are, from the first file that fits; and what is to be said of the files.
pub(crate) fn names_of<'a>(files: &'a [NamesFile], labels: &[String]) -> (Option<&'a [String]>, Vec<String>) {
    let numbers: Option<BTreeSet<usize>> = labels.iter().map(|label| whole_number(label)).collect();
    let Some(numbers) = numbers else { return (None, Vec::new()) };
    let mut said = Vec::new();
    for NamesFile { path, list } in files {
        let file = path.display();
        match list {
            Ok(list) if list.fits(&numbers) => {
                return (Some(&list.names), vec![format!("names of the labels, from {file}")]);
            }
            Ok(NameList { names, .. }) => said.push(format!(
                "not used: {file}, which names {} labels, {}; those of the data are others",
                names.len(),
                shortened_list(names)
            )),
            Err(problem) => said.push(format!("not used: {file}, which may be names of labels: {problem}")),
        }
    }
    (None, said)
}

/// The number that a label is: `1` and `1.0`, but not `01`, which is a word.
fn whole_number(label: &str) -> Option<usize> {
    let digits = label.strip_suffix(".0").unwrap_or(label);
    digits.parse().ok().filter(|number: &usize| number.to_string() == digits)
}

impl NameList {
    fn of(lines: Vec<String>) -> Result<Self, String> {
        let list = match pairs(&lines) {
            Some(pairs) => Self::of_pairs(pairs)?,
            None => Self { names: lines, first_labels: vec![0, 1] },
        };
        let distinct: BTreeSet<&String> = list.names.iter().collect();
        let is_wrong = |name: &&String| name.is_empty() || name.contains('\t') || name.parse::<f64>().is_ok();
        match list.names.len() {
            n if !(2..=MAX_NAMES).contains(&n) => Err(format!("it has {n} lines; expected 2 to {MAX_NAMES}")),
            n if distinct.len() < n => Err("a name is there twice".to_owned()),
            _ => match list.names.iter().find(|name| is_wrong(name) || name.starts_with('#')) {
                Some(wrong) => Err(format!("`{wrong}` is no name")),
                None => Ok(list),
            },
        }
    }

    /// Of labels with their names, in any order.
    fn of_pairs(pairs: Vec<(usize, String)>) -> Result<Self, String> {
        let n = pairs.len();
        let by_label: BTreeMap<usize, String> = pairs.into_iter().collect();
        let first = by_label.keys().next().copied().unwrap_or_default();
        if by_label.len() < n || !by_label.keys().copied().eq(first..first + n) {
            return Err("its numbers are not those of one list".to_owned());
        }
        Ok(Self { names: by_label.into_values().collect(), first_labels: vec![first] })
    }

    fn fits(&self, labels: &BTreeSet<usize>) -> bool {
        let n = self.names.len();
        self.first_labels.iter().any(|&first| first < 2 && labels.iter().copied().eq(first..first + n))
    }
}

/// Each line as a label and its name, on either side of a separator; none where a line is not so.
fn pairs(lines: &[String]) -> Option<Vec<(usize, String)>> {
    let number_first = |line: &String| {
        let (label, name) = line.split_once(SEPARATORS)?;
        let name = name.split('\t').next().unwrap_or(name).trim_matches(SEPARATORS);
        Some((whole_number(label)?, name.to_owned()))
    };
    let number_last = |line: &String| {
        let (name, label) = line.rsplit_once(SEPARATORS)?;
        Some((whole_number(label)?, name.trim_matches(SEPARATORS).to_owned()))
    };
    let all = |pair: &dyn Fn(&String) -> Option<(usize, String)>| lines.iter().map(pair).collect::<Option<Vec<_>>>();
    all(&number_first).or_else(|| all(&number_last)).filter(|pairs| !pairs.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_people_write_them() {
        let list = |lines: &[&str]| NameList::of(lines.iter().map(|&line| line.to_owned()).collect());
        let names = |names: &[&str], first_labels: &[usize]| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            Ok(NameList { names, first_labels: first_labels.to_vec() })
        };
        assert_eq!(list(&["neg", "pos"]), names(&["neg", "pos"], &[0, 1]));
        for pairs in
            [["1\tpos", "0\tneg"], ["1,pos", "0,neg"], ["1: pos", "0: neg"], ["1 pos", "0 neg"], ["pos = 1", "neg = 0"]]
        {
            assert_eq!(list(&pairs), names(&["neg", "pos"], &[0]), "{pairs:?}");
        }
        assert_eq!(list(&["1\t❤\t_red_heart_\t", "2\tso so\t"]), names(&["❤", "so so"], &[1]));
        for wrong in [
            &["a"][..],
            &["a", "a"],
            &["# names", "neg", "pos"],
            &["1", "2"],
            &["0 a", "2 b"],
            &["label\tname", "0\ta"],
        ] {
            assert!(list(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_label_is_a_number_as_it_is_written() {
        let numbers = ["0", "12", "1.0", "01", "-1", "+1", "1.5", "a"].map(whole_number);
        assert_eq!(numbers, [Some(0), Some(12), Some(1), None, None, None, None, None]);
    }
}
