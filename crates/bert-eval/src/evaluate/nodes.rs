//! Nodes of the trees: does the model follow a sentence from its words to its whole? Every labeled phrase of `--raw` is
//! tokenized and predicted, and counted by its size and its depth. `nodes.json`.

use std::ops::ControlFlow;

use bert::{Classifier, argmax, probabilities};
use corpus::raw::{RawReader, Record};
use corpus::task::{Target, View};
use corpus::tokenizer::Tokenizer;
use corpus::tokens::TokensMetadata;
use run_files::predictions::{Outcomes, Predictions};
use stage::{Progress, ensure_input};

use super::inputs::Raw;
use super::slice_figures::{SliceFigures, slice_figures};
use super::slices::Slice;
use crate::labeled::Labeled;

/// Texts that are tokenized and predicted at a time.
const PART: usize = 1 << 14;
/// The largest number of words of each size but the last.
const SIZES: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Deeper nodes are counted as one.
const MAX_DEPTH: i32 = 12;

/// The nodes of a split.
#[derive(Default)]
struct Nodes {
    ids: Vec<i64>,
    labels: Vec<Option<i32>>,
    scores: Vec<Option<f32>>,
    logits: Vec<f32>,
    by_size: Vec<Vec<u32>>,
    by_depth: Vec<Vec<u32>>,
}

/// Refuses a split without phrases, before anything is written.
///
/// # Errors
/// Fails when the raw file has whole sentences alone, or cannot be read.
pub(crate) fn ensure_phrases(raw: &Raw) -> anyhow::Result<()> {
    let mut has_phrases = false;
    RawReader::open(&raw.split)?.for_each(&mut |record| {
        has_phrases = !record.is_root;
        if has_phrases { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    ensure_input!(
        has_phrases,
        "--nodes needs trees with their phrases, but {} has whole sentences alone",
        raw.split.display()
    );
    Ok(())
}

/// The figures of all labeled nodes, whole sentences among them, by size and depth; `None` where none is labeled.
///
/// # Errors
/// Fails when the raw file or the tokenizer cannot be read, or its labels are not those of the task.
pub(crate) fn node_figures(
    raw: &Raw,
    classifier: &Classifier,
    metadata: &TokensMetadata,
    progress: &mut Progress,
) -> anyhow::Result<Option<SliceFigures>> {
    let reader = RawReader::open(&raw.split)?;
    let view = metadata.task.view(&reader.metadata().label_names, reader.metadata().ordered)?;
    let tokenizer = Tokenizer::open(&classifier.folder.path, metadata.max_length)?.with_overflow(metadata.overflow)?;
    let mut nodes = Nodes {
        by_size: vec![Vec::new(); SIZES.len() + 1],
        by_depth: vec![Vec::new(); MAX_DEPTH as usize + 1],
        ..Nodes::default()
    };
    let (mut pending, mut outcome) = (Vec::new(), Ok(()));
    reader.for_each(&mut |record| {
        if nodes.add(&record, &view) {
            pending.push(record.text);
        }
        if pending.len() == PART {
            outcome = nodes.predict(&mut pending, classifier, &tokenizer);
            progress.set(nodes.ids.len() as u64, String::new);
        }
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    outcome?;
    nodes.predict(&mut pending, classifier, &tokenizer)?;
    nodes.figures(&classifier.output_names)
}

impl Nodes {
    /// Adds a node that has a label; whether it has.
    fn add(&mut self, record: &Record, view: &View) -> bool {
        match view.target(record.label, record.score) {
            Target::Class(class) => self.labels.push(Some(class)),
            Target::Score(score) => self.scores.push(Some(score)),
            Target::Unlabeled | Target::Excluded => return false,
        }
        let number = self.ids.len() as u32;
        self.ids.push(record.id);
        let n_words = record.text.split_whitespace().count();
        self.by_size[SIZES.partition_point(|&largest| largest < n_words)].push(number);
        self.by_depth[record.depth.clamp(0, MAX_DEPTH) as usize].push(number);
        true
    }

    fn predict(
        &mut self,
        texts: &mut Vec<String>,
        classifier: &Classifier,
        tokenizer: &Tokenizer,
    ) -> anyhow::Result<()> {
        let encodings = tokenizer.encode(texts)?;
        texts.clear();
        let rows: Vec<&[i32]> = encodings.rows().collect();
        let logits = classifier.logits(&rows, |_| ())?;
        let n_outputs = classifier.output_names.len();
        self.logits.extend(bert::WindowPooling::Mean.pool(&logits, n_outputs, &encodings.window_offsets));
        Ok(())
    }

    fn figures(self, output_names: &[String]) -> anyhow::Result<Option<SliceFigures>> {
        let outcomes = if self.scores.is_empty() {
            let n_classes = output_names.len();
            Outcomes::Classes {
                labels: self.labels,
                predictions: self.logits.chunks(n_classes).map(|row| argmax(row) as i32).collect(),
                probabilities: probabilities(&self.logits, n_classes),
                logits: self.logits,
            }
        } else {
            Outcomes::Scores { labels: self.scores, predictions: self.logits }
        };
        let predictions =
            Predictions { label_names: output_names.to_vec(), sentence_ids: self.ids.clone(), ids: self.ids, outcomes };
        let Some(labeled) = Labeled::of(&predictions) else { return Ok(None) };
        let size = |(index, rows): (usize, Vec<u32>)| {
            let name = match (index.checked_sub(1).map(|before| SIZES[before]), SIZES.get(index)) {
                (None, _) => "one word".to_owned(),
                (Some(before), Some(&largest)) if before + 1 == largest => format!("{largest} words"),
                (Some(before), Some(largest)) => format!("{} to {largest} words", before + 1),
                (Some(before), None) => format!("{} and more words", before + 1),
            };
            Slice { group: "size".to_owned(), name, rows }
        };
        let depth = |(depth, rows): (usize, Vec<u32>)| {
            let name = match depth as i32 {
                0 => "whole sentences".to_owned(),
                MAX_DEPTH => format!("depth {MAX_DEPTH} and more"),
                depth => format!("depth {depth}"),
            };
            Slice { group: "depth".to_owned(), name, rows }
        };
        let slices = self.by_size.into_iter().enumerate().map(size);
        let slices: Vec<Slice> = slices.chain(self.by_depth.into_iter().enumerate().map(depth)).collect();
        let mut figures = slice_figures(&slices, &labeled)?;
        // By size and depth, and not the worst first: it is the way through the tree that is told.
        let position = |figure: &super::slice_figures::SliceFigure| {
            slices.iter().position(|slice| slice.group == figure.group && slice.name == figure.name)
        };
        figures.slices.sort_by_key(position);
        Ok(Some(figures))
    }
}
