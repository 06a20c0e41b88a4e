//! Reading of token files.

use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int32Type;

use super::{ATTENTION_MASK, Labels, TokenSet, TokensMetadata, WINDOW};
use crate::error::{CorpusError, Result};
use crate::parquet_file::{Batch, ParquetFile};
use crate::task::Task;
use crate::tokenizer::Overflow;

impl TokenSet {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Fails when the file is not a token file in every respect: a missing column or fact, a wrong type, a null id, an
    /// empty or too long row, a negative token, a label without a name, a score that is not finite.
    pub fn read(path: &Path) -> Result<Self> {
        let file = ParquetFile::open(path)?;
        let metadata = TokensMetadata::of(&file)?;
        let labels =
            if metadata.task == Task::Regression { Labels::Scores(Vec::new()) } else { Labels::Classes(Vec::new()) };
        let target = if metadata.task == Task::Regression { "score" } else { "label" };
        let (has_windows, is_padded) =
            (matches!(metadata.overflow, Overflow::Windows { .. }), metadata.padding.is_some());
        let mut columns = vec!["id", "sentence_id", "input_ids", target];
        columns.extend(has_windows.then_some(WINDOW));
        columns.extend(is_padded.then_some(ATTENTION_MASK));
        if let Some(missing) = columns.iter().find(|column| !file.has(column)) {
            return Err(file.missing(missing));
        }
        let (offsets, window_offsets) = (vec![0], Vec::new());
        let (ids, sentence_ids, input_ids) = (Vec::new(), Vec::new(), Vec::new());
        let mut set = TokenSet { metadata, ids, sentence_ids, input_ids, offsets, window_offsets, labels };
        let mut windows = Vec::new();
        file.for_each_batch(&columns, &mut |batch| {
            set.ids.extend(batch.not_null("id", &batch.integers("id")?)?);
            set.sentence_ids.extend(batch.not_null("sentence_id", &batch.integers("sentence_id")?)?);
            add_input_ids(&file, &batch, &mut set)?;
            if has_windows {
                windows.extend(batch.not_null(WINDOW, &batch.integers(WINDOW)?)?);
            }
            match &mut set.labels {
                Labels::Classes(classes) => classes.extend(batch.labels(set.metadata.label_names.len())?),
                Labels::Scores(scores) => scores.extend(finite_scores(&file, &batch)?),
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if set.ids.is_empty() {
            return Err(CorpusError::Empty { file: path.to_owned() });
        }
        set.window_offsets =
            if has_windows { window_offsets_of(&file, &set, &windows)? } else { (0..=set.len()).collect() };
        Ok(set)
    }
}

fn add_input_ids(file: &ParquetFile, batch: &Batch, set: &mut TokenSet) -> Result<()> {
    let max_length = set.metadata.max_length;
    let lengths = match set.metadata.padding {
        Some(_) => Some(lengths_without_padding(file, batch)?),
        None => None,
    };
    for (index, list) in batch.integer_lists("input_ids")?.iter().enumerate() {
        let row = batch.first_row() + index as u64;
        let wrong = |problem: String| file.wrong_value(row, format!("column input_ids {problem}"));
        let list = list.ok_or_else(|| wrong("is null; expected tokens".to_owned()))?;
        let tokens = list.as_primitive::<Int32Type>();
        if tokens.null_count() > 0 || tokens.values().iter().any(|&token| token < 0) {
            return Err(wrong("has a null or negative token".to_owned()));
        }
        if tokens.is_empty() || tokens.len() > max_length {
            return Err(wrong(format!("has {} tokens; expected 1 to {max_length}", tokens.len())));
        }
        let length = lengths.as_ref().map_or(tokens.len(), |lengths| lengths[index]);
        let tokens = tokens.values().get(..length).filter(|tokens| !tokens.is_empty()).ok_or_else(|| {
            wrong(format!("has {} tokens, but {ATTENTION_MASK} keeps {length} of them", tokens.len()))
        })?;
        set.input_ids.extend_from_slice(tokens);
        set.offsets.push(set.input_ids.len());
    }
    Ok(())
}

/// How many tokens of each row are none of the padding on its right.
fn lengths_without_padding(file: &ParquetFile, batch: &Batch) -> Result<Vec<usize>> {
    let masks = batch.integer_lists(ATTENTION_MASK)?;
    let lengths = (batch.first_row()..).zip(masks.iter()).map(|(row, mask)| {
        let wrong = || file.wrong_value(row, format!("column {ATTENTION_MASK} is not ones followed by zeros"));
        let mask = mask.ok_or_else(wrong)?;
        let mask = mask.as_primitive::<Int32Type>();
        let length = mask.values().iter().take_while(|&&value| value == 1).count();
        let is_mask = mask.null_count() == 0 && mask.values()[length..].iter().all(|&value| value == 0);
        if is_mask { Ok(length) } else { Err(wrong()) }
    });
    lengths.collect()
}

/// Where each text begins: windows count up from 0, and those of a text have its id and target.
fn window_offsets_of(file: &ParquetFile, set: &TokenSet, windows: &[i64]) -> Result<Vec<usize>> {
    let mut offsets = Vec::new();
    for (row, &window) in windows.iter().enumerate() {
        let begin = offsets.last().map_or(0, |&begin| row - begin);
        let continues = row > 0
            && i64::try_from(begin) == Ok(window)
            && set.ids[row] == set.ids[row - 1]
            && set.labels.is_equal(row, row - 1);
        if window == 0 {
            offsets.push(row);
        } else if !continues {
            let id = set.ids[row];
            let problem = format!("column window is {window}; expected the next window of the text with id {id}, or 0");
            return Err(file.wrong_value(row as u64 + 1, problem));
        }
    }
    offsets.push(set.len());
    Ok(offsets)
}

fn finite_scores(file: &ParquetFile, batch: &Batch) -> Result<Vec<Option<f32>>> {
    let scores: Vec<Option<f32>> = batch.floats("score")?.iter().collect();
    match (batch.first_row()..).zip(&scores).find(|(_, score)| score.is_some_and(|score| !score.is_finite())) {
        Some((row, _)) => Err(file.wrong_value(row, "column score is not a finite number".to_owned())),
        None => Ok(scores),
    }
}
