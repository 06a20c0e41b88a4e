//! What a model card is written from, and what follows from it: names of the model, of its dataset, of the model that it began with.

use checkpoint::{LongTexts, ModelFolder, OutputKind, Outputs};
use corpus::raw::RawMetadata;
use run_files::calibration::Calibration;
use run_files::verification::ExportVerification;
use serde_json::Value;
use stage::StagedOutputs;

use crate::args::Args;
use crate::inputs::{Evaluated, Inputs};

/// What raw files say of texts that are the user's own, and of their license.
pub(crate) const OWN_FILES: &str = "files";
pub(crate) const UNKNOWN: &str = "unknown";

/// What a card is written from.
pub(crate) struct Card<'a> {
    pub(crate) args: &'a Args,
    pub(crate) inputs: &'a Inputs,
    pub(crate) folder: &'a ModelFolder,
    pub(crate) outputs: Option<&'a Outputs>,
    pub(crate) evaluated: &'a [Evaluated],
    /// What the texts' files say of the dataset.
    pub(crate) raw: Option<RawMetadata>,
    pub(crate) calibration: Option<&'a Calibration>,
    pub(crate) long_texts: Option<&'a LongTexts>,
    pub(crate) verification: Option<&'a ExportVerification>,
    /// The files beside the card.
    pub(crate) staged: &'a StagedOutputs,
}

impl Card<'_> {
    /// The name of the dataset, where a file that was given says it.
    pub(crate) fn dataset(&self) -> Option<&str> {
        let of_raw = self.raw.as_ref().map(|raw| raw.dataset.as_str());
        let of_evaluation = self.evaluated.first().map(|it| it.metrics.evaluated().dataset.as_str());
        of_raw.or(of_evaluation).or_else(|| self.inputs.tokens.as_ref().map(|tokens| tokens.metadata.dataset.as_str()))
    }

    /// The name of the dataset on the hub.
    pub(crate) fn dataset_on_hub(&self) -> Option<&str> {
        self.dataset().filter(|name| name.contains('/'))
    }

    /// `OWNER/NAME@COMMIT` of the model that the run began with.
    pub(crate) fn base_model(&self) -> Option<(&str, &str)> {
        let source = self.inputs.base_model.as_ref()?.plan.get("source").and_then(Value::as_str)?;
        source.strip_prefix("hub:")?.split_once('@')
    }

    pub(crate) fn kind(&self) -> OutputKind {
        self.outputs.map_or(OutputKind::Class, |outputs| outputs.kind)
    }

    /// The name of the model.
    pub(crate) fn name(&self) -> String {
        let given = self.args.card.model_name.clone();
        given
            .or_else(|| self.dataset().map(|dataset| format!("bert-{}", dataset.replace('/', "-"))))
            .unwrap_or("bert".to_owned())
    }
}
