//! Mutation of text: its lines, its marks of punctuation, and pieces that readers trip over.

use testkit::Random;

use crate::bytes::{index, once_in, one_of};

/// What stands in files that nobody thought of.
const PIECES: [&str; 40] = [
    "\"",
    "\"\"",
    "'",
    "\\",
    "\\\"",
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " ",
    "\u{a0}",
    "\u{feff}",
    "\u{2028}",
    "\0",
    "\u{1}",
    "\u{1f600}",
    "e\u{301}",
    "\u{202e}",
    "sep=;\n",
    "NA",
    "nan",
    "NaN",
    "inf",
    "-1",
    "1e400",
    "99999999999999999999",
    "007",
    "true",
    "null",
    "\\N",
    "../../etc/passwd",
    "=1+1",
    "(",
    ")",
    "-LRB-",
    "\\/",
];

/// A piece of text.
pub(crate) fn piece(random: &mut Random) -> String {
    let piece = one_of(random, &PIECES);
    match random.below(24) {
        0 => piece.repeat(1 + index(random, 2000)),
        1 => "x".repeat(index(random, 100_000)),
        _ => piece.to_owned(),
    }
}

/// Changes a text in one way; `other` is a text of the same kind.
pub(crate) fn change(random: &mut Random, text: &mut String, other: &str) {
    match random.below(8) {
        0..2 => {
            let at = boundary(random, text);
            text.insert_str(at, &piece(random));
        }
        2 => {
            let (from, to) = (boundary(random, text), boundary(random, text));
            text.replace_range(from.min(to)..from.max(to).min(text.ceil_char_boundary(from.min(to) + 20)), "");
        }
        3 => {
            let marks: Vec<usize> = text.match_indices(|c: char| c.is_ascii_punctuation()).map(|(at, _)| at).collect();
            if let Some(&at) = marks.get(index(random, marks.len())) {
                let new = if once_in(random, 3) { String::new() } else { piece(random) };
                text.replace_range(at..=at, &new);
            }
        }
        4 => {
            let words: Vec<(usize, usize)> = words(text).collect();
            if let Some(&(begin, end)) = words.get(index(random, words.len())) {
                text.replace_range(begin..end, &piece(random));
            }
        }
        _ => change_lines(random, text, other),
    }
}

/// Lines that are removed, doubled, moved, or come from elsewhere.
fn change_lines(random: &mut Random, text: &mut String, other: &str) {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let others: Vec<&str> = other.split_inclusive('\n').collect();
    if lines.is_empty() {
        return;
    }
    let at = index(random, lines.len());
    match random.below(6) {
        0 => drop(lines.remove(at)),
        1 => {
            let n = 1 + index(random, 3);
            (0..n).for_each(|_| lines.insert(at, lines[at]));
        }
        2 => {
            let with = index(random, lines.len());
            lines.swap(at, with);
        }
        3 if !others.is_empty() => lines.insert(at, others[index(random, others.len())]),
        4 if !others.is_empty() => {
            lines.truncate(at);
            lines.extend(&others[index(random, others.len())..]);
        }
        _ => lines[at] = lines[at].trim_end(),
    }
    *text = lines.concat();
}

fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(|word| {
        let begin = word.as_ptr() as usize - text.as_ptr() as usize;
        (begin, begin + word.len())
    })
}

fn boundary(random: &mut Random, text: &str) -> usize {
    text.floor_char_boundary(index(random, text.len() + 1))
}
