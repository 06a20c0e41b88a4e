//! Tests of the token files: what is written is read, and wrong content is named.

use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Int32Type;

use super::*;
use crate::parquet_file::mutation::for_each_damaged;
use crate::parquet_file::{Batch, ParquetFile};
use crate::task::Task;
use crate::tokenizer::Overflow;

fn sample(labels: Labels) -> TokenSet {
    let (task, label_names) = match labels {
        Labels::Classes(_) => (Task::Sst2, vec!["negative".to_owned(), "positive".to_owned()]),
        Labels::Scores(_) => (Task::Regression, Vec::new()),
    };
    TokenSet {
        metadata: TokensMetadata {
            dataset: "reviews".to_owned(),
            task,
            label_names,
            tokenizer_sha256: "ab".repeat(32),
            max_length: 4,
            rows_truncated: 1,
            overflow: Overflow::default(),
            padding: None,
            kept: Vec::new(),
        },
        ids: vec![0, 3, 9],
        sentence_ids: vec![0, 0, 1],
        input_ids: vec![101, 7, 8, 102, 101, 102, 101, 9, 102],
        offsets: vec![0, 4, 6, 9],
        window_offsets: vec![0, 1, 2, 3],
        labels,
    }
}

fn file_of(set: &TokenSet) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    set.write(&mut file).unwrap();
    file
}

#[test]
fn tokens_are_for_a_model_of_their_labels() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let classes = sample(Labels::Classes(vec![Some(1), None, Some(0)])).metadata;
    let scores = sample(Labels::Scores(vec![Some(0.5), None, Some(1.0)])).metadata;
    classes.check_labels(&names(&["negative", "positive"]), false).unwrap();
    scores.check_labels(&names(&["LABEL_0"]), true).unwrap();
    let refusal = |metadata: &TokensMetadata, names: &[String], is_regression| {
        metadata.check_labels(names, is_regression).unwrap_err().to_string()
    };
    assert_eq!(
        refusal(&classes, &names(&["positive", "negative"]), false),
        "the tokens have the labels (negative, positive), the model has the labels (positive, negative); tokenize for the \
         task that the model was trained on"
    );
    assert!(refusal(&classes, &names(&["LABEL_0"]), true).contains("(negative, positive), the model has scores;"));
    assert!(
        refusal(&scores, &names(&["bad", "good"]), false)
            .contains("have scores, the model has the labels (bad, good);")
    );
}

#[test]
fn what_is_written_is_read_and_equal_rows_are_equal_bytes() {
    let classes = sample(Labels::Classes(vec![Some(1), None, Some(0)]));
    let file = file_of(&classes);
    assert_eq!(TokenSet::read(file.path()).unwrap(), classes);
    assert_eq!(TokensMetadata::read(file.path()).unwrap(), classes.metadata);
    assert_eq!(classes.input_ids(1), [101, 102]);
    assert_eq!(std::fs::read(file.path()).unwrap(), std::fs::read(file_of(&classes).path()).unwrap());

    let scores = sample(Labels::Scores(vec![Some(0.5), None, Some(1.0)]));
    assert_eq!(TokenSet::read(file_of(&scores).path()).unwrap(), scores);
}

#[test]
fn parts_hold_whole_texts_and_add_up_to_the_file() {
    // More rows than are decoded at a time; texts of one to four windows.
    let mut set = sample(Labels::Classes(Vec::new()));
    set.metadata.overflow = Overflow::Windows { stride: 1 };
    (set.ids, set.sentence_ids, set.input_ids) = (Vec::new(), Vec::new(), Vec::new());
    (set.offsets, set.window_offsets) = (vec![0], vec![0]);
    let mut labels = Vec::new();
    for text in 0..4000_i64 {
        for _window in 0..=text % 4 {
            set.ids.push(text);
            set.sentence_ids.push(text / 2);
            set.input_ids.extend((0..=text % 3).map(|token| token as i32));
            set.offsets.push(set.input_ids.len());
            labels.push(Some((text % 2) as i32));
        }
        set.window_offsets.push(set.ids.len());
    }
    set.labels = Labels::Classes(labels);
    let file = file_of(&set);
    let reader = TokensReader::open(file.path()).unwrap();
    for n_rows in [1, 4096, 5000, usize::MAX] {
        let (mut parts, mut ids, mut tokens, mut n_texts) = (0, Vec::new(), Vec::new(), 0);
        let each = &mut |part: TokenSet| {
            assert_eq!((part.offsets[0], part.window_offsets[0]), (0, 0));
            assert!(part.first_rows().windows(2).all(|rows| part.ids[rows[0]] != part.ids[rows[1]]));
            assert_eq!(part.labels.len(), part.len());
            (parts, n_texts) = (parts + 1, n_texts + part.n_texts());
            ids.extend_from_slice(&part.ids);
            tokens.extend_from_slice(&part.input_ids);
            ControlFlow::Continue(())
        };
        reader.for_each_part(n_rows, each).unwrap();
        assert_eq!((ids, tokens, n_texts), (set.ids.clone(), set.input_ids.clone(), 4000), "{n_rows}");
        assert_eq!(parts > 1, n_rows < usize::MAX, "{n_rows}");
    }
    let mut parts = 0;
    let each = &mut |_| {
        parts += 1;
        ControlFlow::Break(())
    };
    reader.for_each_part(1, each).unwrap();
    assert_eq!(parts, 1);
    assert_eq!(TokenSet::read(file.path()).unwrap(), set);
}

#[test]
fn rows_without_a_target_can_be_left_out() {
    let labeled = sample(Labels::Classes(vec![Some(1), None, Some(0)])).labeled();
    assert_eq!((labeled.ids.as_slice(), labeled.sentence_ids.as_slice()), (&[0, 9][..], &[0, 1][..]));
    assert_eq!(labeled.input_ids, [101, 7, 8, 102, 101, 9, 102]);
    assert_eq!((labeled.offsets.as_slice(), labeled.labels.class_counts(2)), (&[0, 4, 7][..], vec![1, 1]));
    assert_eq!(labeled.labels, Labels::Classes(vec![Some(1), Some(0)]));
    assert!(sample(Labels::Scores(vec![None; 3])).labeled().is_empty());
}

/// Two texts, the first in two windows, padded.
fn windows() -> TokenSet {
    let mut set = sample(Labels::Classes(vec![Some(1), Some(1), None]));
    set.metadata.overflow = Overflow::Windows { stride: 1 };
    set.metadata.padding = Some(Padding { length: 4, pad_token_id: 5 });
    set.ids = vec![0, 0, 9];
    set.sentence_ids = vec![0, 0, 1];
    set.window_offsets = vec![0, 2, 3];
    set
}

#[test]
fn a_text_is_as_long_as_what_its_windows_read_once() {
    let mut shared = windows();
    shared.input_ids = vec![101, 7, 8, 102, 101, 8, 9, 102, 101, 9, 102];
    shared.offsets = vec![0, 4, 8, 11];
    assert_eq!(shared.text_lengths().collect::<Vec<_>>(), [5, 3]);
    assert_eq!(sample(Labels::Classes(vec![None; 3])).text_lengths().collect::<Vec<_>>(), [4, 2, 3]);
}

/// Reads a list column as it lies in the file.
fn lists(path: &Path, column: &str) -> Vec<Vec<i32>> {
    let mut lists = Vec::new();
    let file = ParquetFile::open(path).unwrap();
    let mut add = |batch: Batch| {
        let column = batch.integer_lists(column)?;
        lists.extend(column.iter().map(|list| list.unwrap().as_primitive::<Int32Type>().values().to_vec()));
        Ok(ControlFlow::Continue(()))
    };
    file.for_each_batch(&[column], &mut add).unwrap();
    lists
}

#[test]
fn windows_belong_to_texts_and_padding_is_taken_off_again() {
    let set = windows();
    let file = file_of(&set);
    assert_eq!(TokenSet::read(file.path()).unwrap(), set);
    assert_eq!((set.n_texts(), set.first_rows()), (2, &[0, 2][..]));
    let path = file.path();
    assert_eq!(lists(path, "input_ids"), [[101, 7, 8, 102], [101, 102, 5, 5], [101, 9, 102, 5]]);
    assert_eq!(lists(path, "attention_mask"), [[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]]);
    assert_eq!(lists(path, "token_type_ids"), [[0; 4]; 3]);

    let labeled = set.labeled();
    assert_eq!((labeled.len(), labeled.window_offsets.as_slice()), (2, &[0, 2][..]));
    assert_eq!(labeled.labels.of_rows(labeled.first_rows()), Labels::Classes(vec![Some(1)]));
}

#[test]
fn padding_makes_no_difference_to_many_rows() {
    let n = 20_000;
    let mut set = sample(Labels::Classes(vec![Some(1); n]));
    (set.ids, set.sentence_ids) = ((0..n as i64).collect(), (0..n as i64).collect());
    set.offsets = (0..=n).map(|row| row * 3 - row / 2).collect();
    set.input_ids = (0..set.offsets[n] as i32).collect();
    set.window_offsets = (0..=n).collect();
    set.metadata.padding = Some(Padding { length: 4, pad_token_id: 0 });
    let file = file_of(&set);
    assert_eq!(TokenSet::read(file.path()).unwrap(), set);
    assert!(lists(file.path(), "input_ids").iter().all(|row| row.len() == 4));
}

fn problem_of(set: &TokenSet) -> String {
    let file = file_of(set);
    let message = TokenSet::read(file.path()).unwrap_err().to_string();
    message.replace(&file.path().display().to_string(), "FILE")
}

#[test]
fn wrong_windows_are_named_with_their_row() {
    let problem = |change: fn(&mut TokenSet)| {
        let mut set = windows();
        change(&mut set);
        problem_of(&set)
    };
    let expected = "expected the next window of the text with id";
    assert_eq!(problem(|set| set.ids = vec![0, 1, 9]), format!("FILE, row 2: column window is 1; {expected} 1, or 0"));
    assert_eq!(
        problem(|set| set.labels = Labels::Classes(vec![Some(1), Some(0), None])),
        format!("FILE, row 2: column window is 1; {expected} 0, or 0")
    );
}

#[test]
fn wrong_content_is_named_with_its_row() {
    let problem = |change: fn(&mut TokenSet)| {
        let mut set = sample(Labels::Classes(vec![Some(1), None, Some(0)]));
        change(&mut set);
        problem_of(&set)
    };
    assert_eq!(
        problem(|set| set.labels = Labels::Classes(vec![Some(1), Some(2), None])),
        "FILE, row 2: column label is 2; the file names 2 labels, from 0"
    );
    assert_eq!(
        problem(|set| set.metadata.max_length = 3),
        "FILE, row 1: column input_ids has 4 tokens; expected 1 to 3"
    );
    assert_eq!(
        problem(|set| set.offsets = vec![0, 4, 4, 9]),
        "FILE, row 2: column input_ids has 0 tokens; expected 1 to 4"
    );
    assert_eq!(problem(|set| set.input_ids[5] = -1), "FILE, row 2: column input_ids has a null or negative token");
}

#[test]
fn no_damaged_file_panics() {
    for set in [sample(Labels::Classes(vec![Some(1), None, Some(0)])), windows()] {
        let bytes = std::fs::read(file_of(&set).path()).unwrap();
        for_each_damaged(&bytes, |path| {
            let _ = TokenSet::read(path);
        });
    }
}
