//! GLUE's SST-2 among tables with its header, `sentence\tlabel`: others have tables like that, whose numbers are other labels and
//! whose quotes are marks.

use std::ops::ControlFlow;
use std::path::Path;

use corpus::{Split, records};

use crate::split_files::SplitFiles;

const HEADER: &str = "sentence\tlabel";
/// Of the test split, whose labels are hidden.
const HEADER_OF_TEST: &str = "index\tsentence";

/// Whether the files are GLUE's: all 68,221 sentences that it ships with labels end with a blank. Copies without these are taken
/// for it where the user says nothing of labels (`labels_are_told`), and nothing in them speaks against it.
pub(super) fn is_glue(splits: &SplitFiles, labels_are_told: bool) -> bool {
    let mut is_like_glue = !labels_are_told;
    let mut ends_with_blanks = true;
    for (split, files) in splits {
        for file in files {
            let Some(lines) = Lines::read(file, *split) else { return false };
            is_like_glue &= lines.are_like_glue;
            ends_with_blanks &= lines.end_with_blanks;
        }
    }
    ends_with_blanks || is_like_glue
}

/// What the lines of a file show.
struct Lines {
    end_with_blanks: bool,
    are_like_glue: bool,
}

impl Lines {
    /// Reads a file; none where it has another header or other labels, or no rows.
    fn read(file: &Path, split: Split) -> Option<Self> {
        let mut lines = Self { end_with_blanks: true, are_like_glue: true };
        let (mut n_lines, mut is_right, mut is_test) = (0_u64, true, false);
        let read = records::for_each_line(file, &mut |line| {
            n_lines += 1;
            if n_lines == 1 && split == Split::Test && line.trim_end() == HEADER_OF_TEST {
                is_test = true;
            } else if n_lines == 1 {
                is_right = line.trim_end() == HEADER;
            } else {
                let (text, label) = line.rsplit_once('\t').unwrap_or_default();
                is_right = matches!(label.trim_end(), "" | "0" | "1" | "-1");
                lines.end_with_blanks &= text.ends_with(' ');
                let has_label = label.trim_end() != "-1" || split == Split::Test;
                lines.are_like_glue &= has_label && is_tokenized(text);
                is_right &= lines.end_with_blanks || lines.are_like_glue;
            }
            if is_right && !is_test { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        (read.is_ok() && is_right && (n_lines > 1 || is_test)).then_some(lines)
    }
}

/// Whether a text may be one of the treebank's: Latin letters without capitals, marks that stand apart, and no doubled quotes.
fn is_tokenized(text: &str) -> bool {
    const LATIN: std::ops::RangeInclusive<char> = '\0'..='\u{24f}';
    let is_latin = |c: char| !c.is_alphabetic() || (LATIN.contains(&c) && !c.is_uppercase());
    let stands_apart = |word: &str| {
        let bare = word.trim_end_matches([',', '!', '?', ';', ':']);
        bare.len() == word.len() || !bare.ends_with(char::is_alphabetic)
    };
    text.chars().all(is_latin) && text.split(' ').all(stands_apart) && !text.contains("\"\"")
}
