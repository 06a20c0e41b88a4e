//! PTB trees.

use std::path::Path;

use corpus::label::SourceNames;
use corpus::records::TableFile;
use testkit::Random;

use super::{Format, read_rows};
use crate::bytes::{self, index, once_in};
use crate::mutant::{Mutant, Refusal};
use crate::text;

const FILES: [&str; 3] = [
    "(3 (2 It) (4 (4 works) (2 .)))\n(1 (2 No) (1 good))\n(2 -LRB-)\n",
    "(4 (3 (2 A) (3 (4 rare) (3 beauty))) (2 \\/))\r\n(0 (1 (2 so) (0 dull)) (2 \\*))\r\n",
    "(2 (2 caf\u{e9}) (2 a\u{a0}b))\n\n",
];

#[derive(Debug)]
pub(super) struct Trees;

impl Format for Trees {
    fn make(&self, random: &mut Random) -> Mutant {
        let other = FILES[index(random, FILES.len())];
        let mut trees = FILES[index(random, FILES.len())].to_owned();
        for _ in 0..=random.below(3) {
            match random.below(4) {
                0 => text::change(random, &mut trees, other),
                1 => trees = trees.replacen("(2 ", &format!("({} ", random.below(12)), 1 + index(random, 3)),
                2 if once_in(random, 20) => {
                    let depth = [900, 1001, 100_000][index(random, 3)];
                    trees += &format!("{}(1 a){}\n", "(2 ".repeat(depth), ")".repeat(depth));
                }
                _ => wrap_or_unwrap(random, &mut trees),
            }
        }
        let mut trees = trees.into_bytes();
        if once_in(random, 3) {
            bytes::change(random, &mut trees, other.as_bytes());
        }
        Mutant::new("mutant.txt", trees)
    }

    /// Trees have no other parser: brackets that are balanced in each line stand for it.
    fn is_accepted(&self, mutant: &Mutant) -> bool {
        let Ok(text) = std::str::from_utf8(&mutant.bytes) else { return false };
        text.lines().all(|line| {
            let mut depth = 0_i64;
            let sound = line.chars().all(|c| {
                depth += i64::from(c == '(') - i64::from(c == ')');
                depth >= 0
            });
            sound && depth == 0
        })
    }

    fn read(&self, path: &Path) -> Result<(), Refusal> {
        let names = ["0", "1", "2", "3", "4"].map(str::to_owned).to_vec();
        read_rows(TableFile::open_trees(path, None, SourceNames { names, ordered: true }))
    }
}

/// A node around a node, or one less.
fn wrap_or_unwrap(random: &mut Random, trees: &mut String) {
    let opens: Vec<usize> = trees.match_indices('(').map(|(at, _)| at).collect();
    let Some(&begin) = opens.get(index(random, opens.len())) else { return };
    let mut depth = 0_i64;
    let end = trees[begin..].find(|c: char| {
        depth += i64::from(c == '(') - i64::from(c == ')');
        depth == 0
    });
    let Some(end) = end.map(|length| begin + length + 1) else { return };
    let node = trees[begin..end].to_owned();
    let new = match random.below(4) {
        0 => format!("(3 {node})"),
        1 => format!("{node} {node}"),
        2 => "(2 x)".to_owned(),
        _ => node.trim_start_matches(['(', '0', '1', '2', '3', '4', ' ']).to_owned(),
    };
    trees.replace_range(begin..end, &new);
}
