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

/// A token file, opened, whose rows can be read any number of times.
#[derive(Debug)]
pub struct TokensReader {
    file: ParquetFile,
    metadata: TokensMetadata,
}

impl TokensReader {
    /// Opens a file and checks that its columns and metadata are there.
    ///
    /// # Errors
    /// Fails when the file cannot be read as Parquet, or lacks a column or a fact.
    pub fn open(path: &Path) -> Result<Self> {
        let file = ParquetFile::open(path)?;
        let reader = Self { metadata: TokensMetadata::of(&file)?, file };
        match reader.columns().iter().find(|column| !reader.file.has(column)) {
            Some(missing) => Err(reader.file.missing(missing)),
            None => Ok(reader),
        }
    }

    /// The file's metadata.
    pub fn metadata(&self) -> &TokensMetadata {
        &self.metadata
    }

    /// How many rows the file says that it has.
    pub fn n_rows(&self) -> u64 {
        self.file.n_rows()
    }

    /// Reads all rows in their order, as parts of whole texts that have at least `n_rows` rows, but for the last, until `each`
    /// breaks.
    ///
    /// # Errors
    /// Fails when the file is not a token file in every respect: no rows, a wrong type, a null id, an empty or too long row,
    /// a negative token, a label without a name, a score that is not finite.
    pub fn for_each_part(&self, n_rows: usize, each: &mut dyn FnMut(TokenSet) -> ControlFlow<()>) -> Result<()> {
        let mut part = Part::new(self);
        let (mut broken, mut is_empty) = (false, true);
        self.file.for_each_batch(&self.columns(), &mut |batch| {
            is_empty = false;
            part.add(&self.file, &batch)?;
            if part.set.len() >= n_rows
                && let Some(whole) = part.take_whole_texts(&self.file)?
            {
                broken = each(whole).is_break();
            }
            Ok(if broken { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        if is_empty {
            return Err(CorpusError::Empty { file: self.file.path().to_owned() });
        }
        if !broken && !part.set.is_empty() {
            let _ = each(part.finish(&self.file)?); // it is the last
        }
        Ok(())
    }

    fn has_windows(&self) -> bool {
        matches!(self.metadata.overflow, Overflow::Windows { .. })
    }

    fn columns(&self) -> Vec<&'static str> {
        let target = if self.metadata.task == Task::Regression { "score" } else { "label" };
        let mut columns = vec!["id", "sentence_id", "input_ids", target];
        columns.extend(self.has_windows().then_some(WINDOW));
        columns.extend(self.metadata.padding.is_some().then_some(ATTENTION_MASK));
        columns
    }
}

impl TokenSet {
    /// Reads and checks a whole file.
    ///
    /// # Errors
    /// As [`TokensReader::open`] and [`TokensReader::for_each_part`].
    pub fn read(path: &Path) -> Result<Self> {
        let reader = TokensReader::open(path)?;
        let mut whole = None;
        reader.for_each_part(usize::MAX, &mut |set| {
            whole = Some(set);
            ControlFlow::Continue(())
        })?;
        whole.ok_or_else(|| CorpusError::Empty { file: path.to_owned() })
    }

    /// Splits the rows from `n_rows` on off; the offsets of both parts begin at 0, and neither has window offsets.
    fn split_off(&mut self, n_rows: usize) -> Self {
        let first_token = self.offsets[n_rows];
        let mut offsets = self.offsets.split_off(n_rows);
        offsets.iter_mut().for_each(|offset| *offset -= first_token);
        self.offsets.push(first_token);
        Self {
            metadata: self.metadata.clone(),
            ids: self.ids.split_off(n_rows),
            sentence_ids: self.sentence_ids.split_off(n_rows),
            input_ids: self.input_ids.split_off(first_token),
            offsets,
            window_offsets: Vec::new(),
            labels: match &mut self.labels {
                Labels::Classes(classes) => Labels::Classes(classes.split_off(n_rows)),
                Labels::Scores(scores) => Labels::Scores(scores.split_off(n_rows)),
            },
        }
    }
}

/// The rows that were read and not yet handed on.
struct Part {
    /// Without window offsets.
    set: TokenSet,
    /// Which window of its text each row is, where texts are read in windows.
    windows: Option<Vec<i64>>,
    /// The row of the file, from 1, that is the first of these.
    first_row: u64,
}

impl Part {
    fn new(reader: &TokensReader) -> Self {
        let metadata = reader.metadata.clone();
        let labels =
            if metadata.task == Task::Regression { Labels::Scores(Vec::new()) } else { Labels::Classes(Vec::new()) };
        let (offsets, window_offsets) = (vec![0], Vec::new());
        let (ids, sentence_ids, input_ids) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            set: TokenSet { metadata, ids, sentence_ids, input_ids, offsets, window_offsets, labels },
            windows: reader.has_windows().then(Vec::new),
            first_row: 1,
        }
    }

    fn add(&mut self, file: &ParquetFile, batch: &Batch) -> Result<()> {
        let set = &mut self.set;
        set.ids.extend(batch.not_null("id", &batch.integers("id")?)?);
        set.sentence_ids.extend(batch.not_null("sentence_id", &batch.integers("sentence_id")?)?);
        add_input_ids(file, batch, set)?;
        if let Some(windows) = &mut self.windows {
            windows.extend(batch.not_null(WINDOW, &batch.integers(WINDOW)?)?);
        }
        match &mut set.labels {
            Labels::Classes(classes) => classes.extend(batch.labels(set.metadata.label_names.len())?),
            Labels::Scores(scores) => scores.extend(finite_scores(file, batch)?),
        }
        Ok(())
    }

    /// Takes the texts of which no row can follow; `None` where that is none.
    fn take_whole_texts(&mut self, file: &ParquetFile) -> Result<Option<TokenSet>> {
        let n_rows = match &self.windows {
            None => self.set.len(),
            Some(windows) => windows.iter().rposition(|&window| window == 0).unwrap_or(0),
        };
        if n_rows == 0 {
            return Ok(None);
        }
        let rest = Self {
            set: self.set.split_off(n_rows),
            windows: self.windows.as_mut().map(|windows| windows.split_off(n_rows)),
            first_row: self.first_row + n_rows as u64,
        };
        std::mem::replace(self, rest).finish(file).map(Some)
    }

    fn finish(self, file: &ParquetFile) -> Result<TokenSet> {
        let window_offsets = match &self.windows {
            Some(windows) => window_offsets_of(file, &self.set, windows, self.first_row)?,
            None => (0..=self.set.len()).collect(),
        };
        Ok(TokenSet { window_offsets, ..self.set })
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
fn window_offsets_of(file: &ParquetFile, set: &TokenSet, windows: &[i64], first_row: u64) -> Result<Vec<usize>> {
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
            return Err(file.wrong_value(row as u64 + first_row, problem));
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
