//! Model card: what the model is, how to use it, its figures, the proof of its files, its training, and where it came from, as Markdown
//! with the front matter of the Hugging Face Hub.
//!
//! What is not known is left out, never guessed. The metrics are typed, so a card never has an empty cell: what `metrics.json` lacks is
//! an error of its reader.

mod front_matter;
mod results;
mod usage;
mod provenance;
mod verified;

use checkpoint::{LongTexts, ModelFolder, OutputKind, Outputs};
use corpus::raw::RawMetadata;
use run_files::calibration::Calibration;
use run_files::verification::ExportVerification;
use serde_json::Value;
use stage::StagedOutputs;

use crate::args::Args;
use crate::inputs::{Evaluated, Inputs};

pub(crate) use verified::verification_lines;

/// Names of outputs that are listed; of more the first.
const MOST_NAMES: usize = 20;

/// What raw files say of texts that are the user's own, and of their license.
const OWN_FILES: &str = "files";
const UNKNOWN: &str = "unknown";

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
    /// The whole card.
    pub(crate) fn markdown(&self) -> String {
        [
            front_matter::front_matter(self),
            self.introduction(),
            usage::usage(self),
            results::results(self.evaluated),
            verified::section(self),
            self.training(),
            provenance::provenance(self),
        ]
        .concat()
    }

    /// The name of the dataset, where a file that was given says it.
    fn dataset(&self) -> Option<&str> {
        let of_raw = self.raw.as_ref().map(|raw| raw.dataset.as_str());
        let of_evaluation = self.evaluated.first().map(|it| it.metrics.evaluated().dataset.as_str());
        of_raw.or(of_evaluation).or_else(|| self.inputs.tokens.as_ref().map(|tokens| tokens.metadata.dataset.as_str()))
    }

    /// The name of the dataset on the hub, and of the model that the run began with.
    fn dataset_on_hub(&self) -> Option<&str> {
        self.dataset().filter(|name| name.contains('/'))
    }

    /// `OWNER/NAME@COMMIT` of the model that the run began with.
    fn base_model(&self) -> Option<(&str, &str)> {
        let source = self.inputs.base_model.as_ref()?.plan.get("source").and_then(Value::as_str)?;
        source.strip_prefix("hub:")?.split_once('@')
    }

    fn kind(&self) -> OutputKind {
        self.outputs.map_or(OutputKind::Class, |outputs| outputs.kind)
    }

    /// The name of the model.
    fn name(&self) -> String {
        let given = self.args.card.model_name.clone();
        given
            .or_else(|| self.dataset().map(|dataset| format!("bert-{}", dataset.replace('/', "-"))))
            .unwrap_or("bert".to_owned())
    }

    fn introduction(&self) -> String {
        let config = &self.folder.config;
        let names = self.outputs.map_or(&[][..], |outputs| &outputs.names);
        let listed = if names.len() > MOST_NAMES {
            format!(
                "{}, and {} more (`id2label` of `config.json`)",
                names[..MOST_NAMES].join(", "),
                names.len() - MOST_NAMES
            )
        } else {
            names.join(", ")
        };
        let what = match self.kind() {
            OutputKind::Score => "A BERT that gives a text a score.".to_owned(),
            OutputKind::Class => format!("A BERT that gives a text one of {} labels: {listed}.", names.len()),
            OutputKind::Labels => format!("A BERT that gives a text any of {} labels: {listed}.", names.len()),
        };
        let size = format!(
            "{} layers, hidden size {}, {} parameters.",
            config.num_hidden_layers,
            config.hidden_size,
            grouped(config.n_parameters(names.len()))
        );
        let mut sentences = vec![what, size];
        if let Some((base, commit)) = self.base_model() {
            sentences.push(format!("Fine-tuned from [{base}](https://huggingface.co/{base}/tree/{commit})."));
        }
        if let Some(dataset) = self.dataset().filter(|&dataset| dataset != OWN_FILES) {
            let linked = match self.dataset_on_hub() {
                Some(id) => format!("[{id}](https://huggingface.co/datasets/{id})"),
                None => dataset.to_owned(),
            };
            sentences.push(format!("Trained on the dataset {linked}."));
        }
        if let Some(raw) = self.raw.as_ref().filter(|raw| raw.license != UNKNOWN) {
            sentences.push(format!("License of the dataset: {}.", raw.license.trim_end_matches('.')));
        }
        if let Some(long_texts) = self.long_texts {
            sentences.push(told(long_texts));
        }
        if let Some(calibration) = self.calibration {
            sentences.push(format!(
                "Temperature {:.4}, fitted on the {} split: logits divided by it give probabilities that say how often they are \
                 right. No file holds it but the metadata of ONNX files.",
                calibration.temperature, calibration.split
            ));
        }
        format!("# {}\n\n{}\n\n", self.name(), sentences.join(" "))
    }

    fn training(&self) -> String {
        let plan = self.inputs.trained.manifest.plan.as_object();
        let row = |(name, value): (&String, &Value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("| `{name}` | {value} |\n")
        };
        let rows: String = plan.into_iter().flatten().filter(|(_, value)| !value.is_null()).map(row).collect();
        format!("## Training\n\n| argument | value |\n|---|---|\n{rows}\n")
    }
}

/// A number with commas: `22,713,986`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What became of long texts, in a sentence.
fn told(long_texts: &LongTexts) -> String {
    let LongTexts { max_length, truncation_side, other } = long_texts;
    match other {
        Some((name, value)) if *name == run_files::layout::train::WINDOW_STRIDE => {
            format!(
                "Texts of more than {max_length} tokens were read in windows of that length that share {value} tokens."
            )
        }
        Some(_) => format!("Of texts of more than {max_length} tokens the middle was cut out."),
        None => format!("Texts were cut to {max_length} tokens on the {truncation_side}."),
    }
}
