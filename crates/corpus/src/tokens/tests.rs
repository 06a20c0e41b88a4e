//! Tests of the token files: what is written is read, and wrong content is named.

use super::*;
use crate::parquet_file::mutation::for_each_damaged;

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
            kept: Vec::new(),
        },
        ids: vec![0, 3, 9],
        sentence_ids: vec![0, 0, 1],
        input_ids: vec![101, 7, 8, 102, 101, 102, 101, 9, 102],
        offsets: vec![0, 4, 6, 9],
        labels,
    }
}

fn file_of(set: &TokenSet) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    set.write(&mut file).unwrap();
    file
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
fn rows_without_a_target_can_be_left_out() {
    let labeled = sample(Labels::Classes(vec![Some(1), None, Some(0)])).labeled();
    assert_eq!((labeled.ids.as_slice(), labeled.sentence_ids.as_slice()), (&[0, 9][..], &[0, 1][..]));
    assert_eq!(labeled.input_ids, [101, 7, 8, 102, 101, 9, 102]);
    assert_eq!((labeled.offsets.as_slice(), labeled.labels.class_counts(2)), (&[0, 4, 7][..], vec![1, 1]));
    assert_eq!(labeled.labels, Labels::Classes(vec![Some(1), Some(0)]));
    assert!(sample(Labels::Scores(vec![None; 3])).labeled().is_empty());
}

#[test]
fn wrong_content_is_named_with_its_row() {
    let problem = |change: fn(&mut TokenSet)| {
        let mut set = sample(Labels::Classes(vec![Some(1), None, Some(0)]));
        change(&mut set);
        let file = file_of(&set);
        let message = TokenSet::read(file.path()).unwrap_err().to_string();
        message.replace(&file.path().display().to_string(), "FILE")
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
    let bytes = std::fs::read(file_of(&sample(Labels::Classes(vec![Some(1), None, Some(0)]))).path()).unwrap();
    for_each_damaged(&bytes, |path| {
        let _ = TokenSet::read(path);
    });
}
