//! GLUE's SST-2 among tables with its header, `sentence\tlabel`: others have tables like that, whose numbers are other labels and
//! whose quotes are marks.

use std::ops::ControlFlow;
use std::path::Path;

use corpus::{Split, records};

use crate::split_files::SplitFiles;

const HEADER: &str = "sentence\tlabel";

/// Whether the files are GLUE's: the 68,221 sentences of train and validation all end with a blank. Copies without these are
/// taken for it where the user says nothing of labels (`labels_are_told`), and nothing in them speaks against it.
pub(super) fn is_glue(splits: &SplitFiles, labels_are_told: bool) -> bool {
    let mut is_like_glue = !labels_are_told;
    let mut ends_with_blanks = true;
    for (split, files) in splits {
        for file in files {
            match Lines::read(file, *split) {
                // The test split is shipped without labels, and may come from elsewhere.
                Lines::OtherHeader if *split == Split::Test => {}
                Lines::OtherHeader | Lines::Other => return false,
                Lines::OfGlue { .. } if *split == Split::Test => {}
                Lines::OfGlue { end_with_blanks, are_like_glue } => {
                    is_like_glue &= are_like_glue;
                    ends_with_blanks &= end_with_blanks;
                }
            }
        }
    }
    ends_with_blanks || is_like_glue
}

/// What the lines of a file show.
enum Lines {
    /// They have another header.
    OtherHeader,
    /// They have capitals or other labels, or are none.
    Other,
    OfGlue {
        end_with_blanks: bool,
        are_like_glue: bool,
    },
}

impl Lines {
    fn read(file: &Path, split: Split) -> Self {
        let (mut end_with_blanks, mut are_like_glue) = (true, true);
        let (mut n_lines, mut has_header, mut is_right) = (0_u64, true, true);
        let read = records::for_each_line(file, None, &mut |line| {
            n_lines += 1;
            if n_lines == 1 {
                has_header = line.trim_end() == HEADER;
            } else if !line.trim().is_empty() {
                let (text, label) = line.rsplit_once('\t').unwrap_or_default();
                is_right = matches!(label.trim_end(), "" | "0" | "1" | "-1");
                if split != Split::Test {
                    is_right &= !text.contains(char::is_uppercase);
                    end_with_blanks &= text.ends_with(' ');
                    are_like_glue &= label.trim_end() != "-1" && is_tokenized(text);
                    is_right &= end_with_blanks || are_like_glue;
                }
            }
            if has_header && is_right { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match (read.is_ok(), has_header) {
            (true, false) => Self::OtherHeader,
            (true, true) if is_right && n_lines > 1 => Self::OfGlue { end_with_blanks, are_like_glue },
            _ => Self::Other,
        }
    }
}

/// Whether a text may be one of the treebank's: Latin letters, marks that stand apart, and no doubled quotes.
fn is_tokenized(text: &str) -> bool {
    const LATIN: std::ops::RangeInclusive<char> = '\0'..='\u{24f}';
    let is_latin = |c: char| !c.is_alphabetic() || LATIN.contains(&c);
    let stands_apart = |word: &str| {
        let bare = word.trim_end_matches([',', '!', '?', ';', ':']);
        bare.len() == word.len() || !bare.ends_with(char::is_alphabetic)
    };
    text.chars().all(is_latin) && text.split(' ').all(stands_apart) && !text.contains("\"\"")
}
