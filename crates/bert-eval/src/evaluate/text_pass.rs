//! The pass over the texts of a split: predictions are written beside them, errors get their text, slices their rows.
//!
//! Without `--raw` the predictions alone are written.

use std::collections::HashMap;

use corpus::raw::{RawReader, Record};
use corpus::similarity::NearDuplicates;
use run_files::layout::eval::PREDICTIONS;
use run_files::predictions::{COLUMN_NAMES, Predictions, PredictionsWriter, TEXT};
use stage::{OutputFile, OutputFolder, OutputWriter};

use super::errors::{NearText, WrongPrediction};
use super::inputs::Raw;
use super::slices::{Slice, SliceCollector, WordCounts};
use crate::source_columns::free_names;

/// Rows that are written at a time.
const WRITE_SIZE: usize = 1 << 13;
/// Where the text was read; raw files keep these names free.
const SOURCE: [&str; 2] = ["source_file", "source_line"];

/// What is known of the texts of a split beside what is predicted for them.
pub(crate) struct TextPass<'a> {
    pub(crate) predictions: &'a Predictions,
    pub(crate) n_tokens: &'a [u32],
    pub(crate) temperature: Option<f64>,
    pub(crate) save_texts: bool,
}

/// The slices of a split, and what has to be said of columns that give none.
type Slices = (Vec<Slice>, Vec<String>);

impl TextPass<'_> {
    /// Writes `predictions.parquet` without texts; the slices are those by length.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub(crate) fn without_texts(&self, output: &mut OutputFolder) -> anyhow::Result<Slices> {
        output.output(PREDICTIONS, |file| {
            let mut writer = PredictionsWriter::new(file, self.predictions, &[], self.temperature)?;
            for first in (0..self.predictions.len()).step_by(WRITE_SIZE) {
                writer.write(first..(first + WRITE_SIZE).min(self.predictions.len()), &[])?;
            }
            Ok(writer.finish()?)
        })?;
        Ok(SliceCollector::default().finish(self.n_tokens))
    }

    /// Writes it beside the texts of `raw`, describes `errors` by theirs, and sorts the texts into slices.
    ///
    /// # Errors
    /// Fails when a raw file cannot be read or lacks a row, or the file cannot be written.
    pub(crate) fn with_texts(
        &self,
        raw: &Raw,
        errors: &mut [WrongPrediction],
        output: &mut OutputFolder,
    ) -> anyhow::Result<Slices> {
        let reader = RawReader::open(&raw.split)?;
        let metadata = reader.metadata().clone();
        let words =
            raw.train.as_deref().map(RawReader::open).transpose()?.map(|train| train_words(&train)).transpose()?;
        let mut collector = SliceCollector::new(&metadata, words);
        let mut error_of: HashMap<usize, &mut WrongPrediction> =
            errors.iter_mut().map(|error| (error.row, error)).collect();
        let mut each = |row: usize, record: &Record| {
            collector.add(u32::try_from(row)?, record, &metadata.label_names);
            if let Some(error) = error_of.get_mut(&row) {
                error.describe(record, &metadata.kept);
            }
            Ok(())
        };
        output.output(PREDICTIONS, |file| self.write(file, raw, &reader, &mut each))?;
        if let Some(train) = raw.train.as_ref().filter(|_| !errors.is_empty()) {
            find_near_duplicates(errors, &RawReader::open(train)?)?;
        }
        Ok(collector.finish(self.n_tokens))
    }

    /// Writes all predictions with their columns of text; `each` sees every row.
    fn write(
        &self,
        file: &mut OutputFile,
        raw: &Raw,
        reader: &RawReader,
        each: &mut dyn FnMut(usize, &Record) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let kept = &reader.metadata().kept;
        let own: Vec<&str> = COLUMN_NAMES.into_iter().chain([TEXT]).chain(SOURCE).collect();
        let names: Vec<String> = (self.save_texts.then_some(TEXT).into_iter().chain(SOURCE).map(str::to_owned))
            .chain(free_names(kept, &own))
            .collect();
        let mut writer = PredictionsWriter::new(file, self.predictions, &names, self.temperature)?;
        let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
        let mut first = 0;
        raw.texts.for_each(reader, &self.predictions.ids, &mut |row, record| {
            each(row, &record)?;
            let line = record.source.as_ref().map(|source| source.line.to_string());
            let file = record.source.map(|source| source.file.to_string());
            let text = self.save_texts.then_some(Some(record.text));
            let values = text.into_iter().chain([file, line]).chain(record.kept);
            columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
            if row + 1 - first == WRITE_SIZE || row + 1 == self.predictions.len() {
                writer.write(first..row + 1, &columns)?;
                columns.iter_mut().for_each(Vec::clear);
                first = row + 1;
            }
            Ok(())
        })?;
        Ok(writer.finish()?)
    }
}

fn train_words(train: &RawReader) -> anyhow::Result<WordCounts> {
    let mut words = WordCounts::default();
    train.for_each(&mut |record| {
        words.add(&record.text);
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(words)
}

/// Texts of the train split that are nearly those of an error, or the same: the first of each.
fn find_near_duplicates(errors: &mut [WrongPrediction], train: &RawReader) -> anyhow::Result<()> {
    let mut shown = NearDuplicates::new();
    for error in errors.iter() {
        shown.add(error.text.as_deref().unwrap_or_default());
    }
    train.for_each(&mut |record| {
        if let Some(error) = shown.find(&record.text).and_then(|index| errors.get_mut(index as usize)) {
            error.near_duplicate.get_or_insert(NearText { split: "train", id: record.id, text: record.text });
        }
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(())
}
