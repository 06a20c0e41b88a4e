//! fastText's lines: a text, and its label as a word that begins with `__label__`, before or behind it.

use super::labeled_lines::{LabeledText, LineFormat};

const PREFIX: &str = "__label__";
const BLANKS: [char; 2] = [' ', '\t'];

pub(super) const FAST_TEXT: LineFormat =
    LineFormat { description: "lines of fastText, whose labels begin with __label__", n_looked_at: 1, is_of, parts };

/// Whether the first line begins or ends with a label. One that runs into a separator is a field.
fn is_of(lines: &[String]) -> bool {
    let has_label = |line: &String| {
        let mut words = words(line);
        let ends = [words.next(), words.next_back()];
        ends.into_iter().flatten().any(|word| word.starts_with(PREFIX) && !word.contains([',', ';', '|']))
    };
    lines.first().is_some_and(has_label)
}

fn parts(line: &str) -> Option<LabeledText<'_>> {
    let mut labels: Vec<&str> = words(line).filter_map(|word| word.strip_prefix(PREFIX)).collect();
    labels.dedup();
    let text: String = line.split_inclusive(BLANKS).filter(|word| !word.starts_with(PREFIX)).collect();
    Some(LabeledText { labels, text: text.trim_matches(BLANKS).to_owned() })
}

fn words(line: &str) -> impl DoubleEndedIterator<Item = &str> {
    line.split(BLANKS).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, for_each_damaged_text, summary};
    use super::super::{Columns, ReadOptions, is_fast_text};

    #[test]
    fn a_label_stands_at_either_end_of_its_text() {
        let lines = "__label__pos  A fine,  \"fine\" film \n\n__label__2\tBad\r\nso so __label__so-so\nnone\n__label__pos\na \
                     __label__x b\n__label__a __label__a twice\n__label__ empty\n";
        let expected = [
            "A fine,  \"fine\" film|pos|-",
            "Bad|2|-",
            "so so|so-so|-",
            "none|-|-",
            "|pos|-",
            "a b|x|-",
            "twice|a|-",
            "empty||-",
        ];
        assert_eq!(summary("a.txt", lines.as_bytes(), &Columns::default()).unwrap(), expected);
    }

    #[test]
    fn a_text_of_two_classes_is_refused() {
        let error = summary("a.txt", b"__label__a x\n__label__a __label__b y\n", &Columns::default()).unwrap_err();
        let problem = "it has 2 labels, a, b; a text is learned as one class: keep one of them";
        assert_eq!(error, format!("a.txt, line 2: {problem}"));
        let without = Columns { label: None, targets_required: false, ..Columns::default() };
        assert_eq!(summary("a.txt", b"__label__a __label__b y\n", &without).unwrap(), ["y|-|-"]);
    }

    #[test]
    fn labels_may_be_scores_and_no_other_columns_are_there() {
        let scored = Columns { label: None, score: Some("label".to_owned()), ..Columns::default() };
        assert_eq!(summary("a.txt", b"__label__0.5 x\ny\n", &scored).unwrap(), ["x|-|0.5", "y|-|-"]);
        let error = summary("a.txt", b"__label__good x\n", &scored).unwrap_err();
        assert_eq!(error, "a.txt, line 1: the score `good` is not a finite number");
        let id = Columns { keep: vec!["id".to_owned()], ..Columns::default() };
        assert_eq!(summary("a.txt", b"__label__a x\n", &id).unwrap_err(), "a.txt has no column id, only label, text");
    }

    #[test]
    fn other_lines_are_none_of_fast_text() {
        let is = |content: &str| {
            let (_folder, path) = file("a.txt", content.as_bytes());
            is_fast_text(&path, &ReadOptions::default()).unwrap()
        };
        assert!(is("\nx __label__a\nno label\n"));
        for others in ["", "text\tlabel\na\t__label__b\n", "__label__1,good film\n", "the word __label__ marks it\n"] {
            assert!(!is(others), "{others:?}");
        }
    }

    #[test]
    fn damaged_lines_never_panic() {
        let lines = "__label__a é x\n\ny __label__b\r\n__label__a";
        for_each_damaged_text("a.txt", lines.as_bytes(), &Columns::default(), &ReadOptions::default());
    }
}
