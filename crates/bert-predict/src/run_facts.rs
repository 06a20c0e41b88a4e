//! Run facts: in which precision a model was trained, and to how many tokens its texts were truncated.
//!
//! The output folder of `bert-finetune` says both in its manifest. Any other folder says the length alone, in its
//! `tokenizer_config.json`, where `bert-export` writes it.

use std::path::Path;

use checkpoint::{CheckpointError, ModelFolder};
use run_files::layout::train;
use stage::Manifest;

/// What a model folder says of its training; nothing where it is no run.
pub(crate) struct RunFacts {
    is_run: bool,
    /// As the flag `--precision` has it.
    pub(crate) precision: Option<String>,
    /// In tokens, special ones counted. Runs of earlier programs do not say it.
    max_length: Option<usize>,
}

impl RunFacts {
    pub(crate) fn of(model: &Path) -> Self {
        let Some(run) = Manifest::read(model).filter(|manifest| manifest.stage == "bert-finetune") else {
            return Self { is_run: false, precision: None, max_length: None };
        };
        let max_length = run.recorded.get(train::MAX_LENGTH).and_then(|length| length.as_u64());
        Self {
            is_run: true,
            precision: run.plan.get(train::PRECISION).and_then(|precision| precision.as_str()).map(str::to_owned),
            max_length: max_length.and_then(|length| length.try_into().ok()),
        }
    }

    /// The length to which texts are truncated unless told otherwise; never more than the model has positions for.
    ///
    /// # Errors
    /// Fails when `tokenizer_config.json` is asked and cannot be read.
    pub(crate) fn default_max_length(&self, folder: &ModelFolder) -> Result<usize, CheckpointError> {
        let positions = folder.config.max_position_embeddings;
        // What a run copied from its base model says nothing of the training.
        let known = if self.is_run { self.max_length } else { folder.model_max_length()? };
        Ok(known.map_or(positions, |length| length.min(positions)))
    }
}
