//! The rows that a run reads, checked against the model that will read them.

use std::path::Path;

use anyhow::anyhow;
use checkpoint::BertConfig;
use corpus::tokens::{Labels, TokenSet};
use stage::bad_input;

use crate::settings::plan::Plan;
use crate::settings::BestModelCriterion;

/// The train split, and the validation split where there is one.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) train: TokenSet,
    pub(crate) validation: Option<TokenSet>,
}

impl Dataset {
    pub(crate) fn read(train: &Path, validation: Option<&Path>, config: &BertConfig) -> anyhow::Result<Self> {
        let read = |path: &Path| -> anyhow::Result<TokenSet> {
            let set = TokenSet::read(path).map_err(bad_input)?;
            check(&set, path, config).map_err(bad_input)?;
            Ok(set)
        };
        let data = Self { train: read(train)?, validation: validation.map(read).transpose()? };
        if let Some(validation) = &data.validation
            && validation.metadata.label_names != data.train.metadata.label_names
        {
            let (train, validation) = (&data.train.metadata.label_names, &validation.metadata.label_names);
            return Err(bad_input(anyhow!(
                "train has the labels {train:?}, validation {validation:?}; tokenize them together"
            )));
        }
        Ok(data)
    }

    /// Of every train row, in tokens.
    pub(crate) fn train_lengths(&self) -> Vec<usize> {
        self.train.offsets.windows(2).map(|ends| ends[1] - ends[0]).collect()
    }

    /// How many classes there are; `None` for scores.
    pub(crate) fn n_classes(&self) -> Option<usize> {
        matches!(self.train.labels, Labels::Classes(_)).then_some(self.train.metadata.label_names.len())
    }

    /// Whether the plan fits what is to be learned; returns the figure that chooses the best checkpoint.
    pub(crate) fn check_plan(&self, plan: &Plan) -> anyhow::Result<BestModelCriterion> {
        plan.objective.check(self.n_classes())?;
        plan.intervals.judge(self.n_classes().is_none())
    }

    /// The names of the outputs: those of the classes, or `score`.
    pub(crate) fn output_names(&self) -> Vec<String> {
        match &self.train.labels {
            Labels::Classes(_) => self.train.metadata.label_names.clone(),
            Labels::Scores(_) => vec!["score".to_owned()],
        }
    }
}

/// Every token is a row of the word table, every row fits the positions, and every row has a label.
fn check(set: &TokenSet, path: &Path, config: &BertConfig) -> anyhow::Result<()> {
    for row in 0..set.len() {
        let ids = set.input_ids(row);
        let place = || format!("{}: row {row} (id {})", path.display(), set.ids[row]);
        if let Some(id) = ids.iter().find(|&&id| id as usize >= config.vocab_size) {
            return Err(anyhow!(
                "{}: token {id} is not below the model's vocab_size {}; tokenize with this model's tokenizer",
                place(),
                config.vocab_size
            ));
        }
        if ids.len() > config.max_position_embeddings {
            let most = config.max_position_embeddings;
            return Err(anyhow!("{}: {} tokens, but the model has {most} positions", place(), ids.len()));
        }
        let labelled = match &set.labels {
            Labels::Classes(labels) => labels[row].is_some(),
            Labels::Scores(scores) => scores[row].is_some(),
        };
        if !labelled {
            return Err(anyhow!("{}: no label; rows that train or choose the checkpoint need one", place()));
        }
    }
    Ok(())
}
