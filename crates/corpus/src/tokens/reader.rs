//! Reading of token files.

use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int32Type;

use super::{Labels, TokenSet, TokensMetadata};
use crate::error::{CorpusError, Result};
use crate::parquet_file::{Batch, ParquetFile};
use crate::task::Task;

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
        let columns = ["id", "sentence_id", "input_ids", target];
        if let Some(missing) = columns.into_iter().find(|column| !file.has(column)) {
            return Err(file.missing(missing));
        }
        let (ids, sentence_ids, input_ids) = (Vec::new(), Vec::new(), Vec::new());
        let mut set = TokenSet { metadata, ids, sentence_ids, input_ids, offsets: vec![0], labels };
        file.for_each_batch(&columns, &mut |batch| {
            set.ids.extend(batch.not_null("id", &batch.integers("id")?)?);
            set.sentence_ids.extend(batch.not_null("sentence_id", &batch.integers("sentence_id")?)?);
            add_input_ids(&file, &batch, &mut set)?;
            match &mut set.labels {
                Labels::Classes(classes) => classes.extend(batch.labels(set.metadata.label_names.len())?),
                Labels::Scores(scores) => scores.extend(finite_scores(&file, &batch)?),
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if set.ids.is_empty() {
            return Err(CorpusError::Empty { file: path.to_owned() });
        }
        Ok(set)
    }
}

fn add_input_ids(file: &ParquetFile, batch: &Batch, set: &mut TokenSet) -> Result<()> {
    let max_length = set.metadata.max_length;
    for (row, list) in (batch.first_row()..).zip(batch.integer_lists("input_ids")?.iter()) {
        let wrong = |problem: String| file.wrong_value(row, format!("column input_ids {problem}"));
        let list = list.ok_or_else(|| wrong("is null; expected tokens".to_owned()))?;
        let tokens = list.as_primitive::<Int32Type>();
        if tokens.null_count() > 0 || tokens.values().iter().any(|&token| token < 0) {
            return Err(wrong("has a null or negative token".to_owned()));
        }
        if tokens.is_empty() || tokens.len() > max_length {
            return Err(wrong(format!("has {} tokens; expected 1 to {max_length}", tokens.len())));
        }
        set.input_ids.extend_from_slice(tokens.values());
        set.offsets.push(set.input_ids.len());
    }
    Ok(())
}

fn finite_scores(file: &ParquetFile, batch: &Batch) -> Result<Vec<Option<f32>>> {
    let scores: Vec<Option<f32>> = batch.floats("score")?.iter().collect();
    match (batch.first_row()..).zip(&scores).find(|(_, score)| score.is_some_and(|score| !score.is_finite())) {
        Some((row, _)) => Err(file.wrong_value(row, "column score is not a finite number".to_owned())),
        None => Ok(scores),
    }
}
