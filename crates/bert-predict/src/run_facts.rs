//! Run facts: in which precision a model was trained, to how many tokens its texts were brought, and how.
//!
//! The output folder of `bert-finetune` says it in its manifest. Any other folder says the length and what becomes of longer
//! texts, in its `tokenizer_config.json`, where `bert-export` writes it.

use std::collections::BTreeMap;
use std::path::Path;

use checkpoint::{CheckpointError, ModelFolder, TOKENIZER_CONFIG, long_texts};
use corpus::tokenizer::Overflow;
use run_files::layout::train;
use serde_json::{Map, Value};
use stage::{Manifest, bad_input};

/// What a model folder says of its training; nothing where it is no run.
pub(crate) struct RunFacts {
    is_run: bool,
    /// As the flag `--precision` has it.
    pub(crate) precision: Option<String>,
    /// In tokens, special ones counted. Runs of earlier programs do not say it.
    max_length: Option<usize>,
    recorded: BTreeMap<String, Value>,
}

impl RunFacts {
    pub(crate) fn of(model: &Path) -> Self {
        let Some(run) = Manifest::read(model).filter(|manifest| manifest.stage == "bert-finetune") else {
            return Self { is_run: false, precision: None, max_length: None, recorded: BTreeMap::new() };
        };
        let max_length = run.recorded.get(train::MAX_LENGTH).and_then(|length| length.as_u64());
        Self {
            is_run: true,
            precision: run.plan.get(train::PRECISION).and_then(|precision| precision.as_str()).map(str::to_owned),
            max_length: max_length.and_then(|length| length.try_into().ok()),
            recorded: run.recorded,
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

    /// What becomes of longer texts unless told otherwise; `None` where the folder does not say.
    ///
    /// # Errors
    /// Fails when `tokenizer_config.json` is asked and cannot be read, or the folder says what only another program
    /// understands.
    pub(crate) fn default_overflow(&self, folder: &ModelFolder) -> anyhow::Result<Option<Overflow>> {
        let facts = if self.is_run { None } else { Some(long_texts(&folder.path)?) };
        if facts.as_ref().is_some_and(Map::is_empty) {
            return Ok(None);
        }
        let fact = |name| match &facts {
            Some(facts) => facts.get(name),
            None => self.recorded.get(name),
        };
        Overflow::of_json(fact(train::TRUNCATION_SIDE), fact(train::WINDOW_STRIDE)).map(Some).map_err(|problem| {
            let file = if self.is_run { stage::MANIFEST } else { TOKENIZER_CONFIG };
            bad_input!("{}: {problem}; give --truncation-side or --window-stride", folder.path.join(file).display())
        })
    }
}
