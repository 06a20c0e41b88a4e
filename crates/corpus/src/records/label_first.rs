//! Lines that begin with their label and a blank: `1 a fine film`, as the Stanford Sentiment Treebank and others were prepared for
//! convolutional networks (Kim 2014), and `DESC:manner How did it begin ?`, as TREC's questions are.
//!
//! No mark says so. It is a guess that is made where every line begins with such a label, digits come again and again, and no
//! separator stands in all lines; and only where labels are wanted.

use std::collections::BTreeSet;

use super::beginning::N_ROWS;
use super::labeled_lines::{LabeledText, LineFormat};

/// The coarse classes of TREC's questions.
const COARSE: [&str; 6] = ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"];
/// What may separate fields.
const SEPARATORS: [char; 5] = ['\t', ',', ';', '|', '@'];

pub(super) const LABEL_FIRST: LineFormat =
    LineFormat { description: "lines of a label, a blank and a text", n_looked_at: N_ROWS, is_of, parts };

fn is_of(lines: &[String]) -> bool {
    let labels: Option<BTreeSet<&str>> = lines.iter().map(|line| Some(line.split_once(' ')?.0)).collect();
    let Some(labels) = labels else { return false };
    let come_again = !labels.is_empty() && labels.len() * 2 <= lines.len();
    let are_digits = labels.iter().all(|label| is_digit(label)) && come_again;
    let are_labels = are_digits || (!labels.is_empty() && labels.iter().all(|label| is_question_class(label)));
    are_labels && !SEPARATORS.iter().any(|&mark| lines.iter().all(|line| line.contains(mark)))
}

fn parts(line: &str) -> Option<LabeledText<'_>> {
    let (label, text) = line.split_once(' ')?;
    let is_label = is_digit(label) || is_question_class(label);
    is_label.then(|| LabeledText { labels: vec![label], text: text.trim().to_owned() })
}

/// A class of one digit: numbers of more are those of lines, days or years.
fn is_digit(label: &str) -> bool {
    matches!(label.trim_start_matches(['-', '+']).as_bytes(), [b'0'..=b'9'])
}

/// A class of TREC: one of its coarse ones, a colon, and a fine one.
fn is_question_class(label: &str) -> bool {
    label.split_once(':').is_some_and(|(coarse, fine)| {
        COARSE.contains(&coarse) && !fine.is_empty() && fine.bytes().all(|byte| byte.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, for_each_damaged_text, summary};
    use super::super::{Columns, ReadOptions, has_label_first};

    #[test]
    fn a_label_stands_before_its_text() {
        let lines = "1 a stirring , funny film\n0 1960 was  better\n\n1 \r\n0 \"quoted , so\n";
        let expected = ["a stirring , funny film|1|-", "1960 was  better|0|-", "|1|-", "\"quoted , so|0|-"];
        assert_eq!(summary("stsa.binary.train", lines.as_bytes(), &Columns::default()).unwrap(), expected);
        let questions = "DESC:manner How did it\tbegin ?\nENTY:cremat What film ?\n";
        let expected = ["How did it\tbegin ?|DESC:manner|-", "What film ?|ENTY:cremat|-"];
        assert_eq!(summary("train_5500.label", questions.as_bytes(), &Columns::default()).unwrap(), expected);
    }

    #[test]
    fn other_lines_have_no_label_before_them() {
        let is = |content: &str| {
            let (_folder, path) = file("a.txt", content.as_bytes());
            has_label_first(&path, &ReadOptions::default()).unwrap()
        };
        assert!(is("-1 a\n+1 b\n-1 c\n+1 d\n"));
        assert!(is("1 a\n1 b\n1 c\n1 d\n"), "one class");
        for (others, kind) in [
            ("", "nothing"),
            ("1 a\n2 b\n3 c\n4 d\n", "numbered lines"),
            ("INFO:root a\nERROR:root b\n", "a log"),
            ("10 a\n11 b\n10 c\n11 d\n", "larger numbers"),
            ("1 a\n0 b\n1 c\nnone d\n", "a line without"),
            ("1\n0\n1\n0\n", "no texts"),
            ("1 star,bad\n5 stars,good\n1 star,awful\n5 stars,fine\n", "fields"),
            ("id text\n1 a\n0 b\n1 c\n0 d\n", "a header"),
        ] {
            assert!(!is(others), "{kind}");
        }
    }

    #[test]
    fn a_line_that_is_written_otherwise_is_named() {
        let lines = format!("{}Great value\n", "1 a\n0 b\n".repeat(1000));
        let error = summary("a.txt", lines.as_bytes(), &Columns::default()).unwrap_err();
        let problem = "it is none of the lines of a label, a blank and a text, as the lines before it are";
        assert_eq!(error, format!("a.txt, line 2001: {problem}"));
    }

    #[test]
    fn damaged_lines_never_panic() {
        let lines = "1 a é x\n\n0 y\r\n1 \n0 z";
        for_each_damaged_text("a.txt", lines.as_bytes(), &Columns::default(), &ReadOptions::default());
    }
}
