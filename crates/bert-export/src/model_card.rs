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

use checkpoint::{LongTexts, OutputKind};
use serde_json::Value;

use crate::card_facts::{Card, OWN_FILES, UNKNOWN};

pub(crate) use verified::verification_lines;

/// Names of outputs that are listed; of more the first.
const MOST_NAMES: usize = 20;

/// The whole card.
pub(crate) fn markdown(card: &Card<'_>) -> String {
    [
        front_matter::front_matter(card),
        introduction(card),
        usage::usage(card),
        results::results(card.evaluated),
        verified::section(card),
        training(card),
        provenance::provenance(card),
    ]
    .concat()
}

fn introduction(card: &Card<'_>) -> String {
    let config = &card.folder.config;
    let names = card.outputs.map_or(&[][..], |outputs| &outputs.names);
    let names: Vec<String> = names.iter().map(|name| escaped(name)).collect();
    let listed = if names.len() > MOST_NAMES {
        format!(
            "{}, and {} more (`id2label` of `config.json`)",
            names[..MOST_NAMES].join(", "),
            names.len() - MOST_NAMES
        )
    } else {
        names.join(", ")
    };
    let what = match card.kind() {
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
    if let Some((base, commit)) = card.base_model() {
        sentences.push(format!("Fine-tuned from [{base}](https://huggingface.co/{base}/tree/{commit})."));
    }
    if let Some(dataset) = card.dataset().filter(|&dataset| dataset != OWN_FILES) {
        let linked = match card.dataset_on_hub() {
            Some(id) => format!("[{id}](https://huggingface.co/datasets/{id})"),
            None => dataset.to_owned(),
        };
        sentences.push(format!("Trained on the dataset {linked}."));
    }
    if let Some(raw) = card.raw.as_ref().filter(|raw| raw.license != UNKNOWN) {
        sentences.push(format!("License of the dataset: {}.", raw.license.trim_end_matches('.')));
    }
    if let Some(long_texts) = card.long_texts {
        sentences.push(told(long_texts));
    }
    if let Some(calibration) = card.calibration {
        sentences.push(format!(
            "Temperature {:.4}, fitted on the {} split: logits divided by it give probabilities that say how often they are \
             right. No file holds it but the metadata of ONNX files.",
            calibration.temperature, calibration.split
        ));
    }
    format!("# {}\n\n{}\n\n", card.name(), sentences.join(" "))
}

fn training(card: &Card<'_>) -> String {
    let plan = card.inputs.trained.manifest.plan.as_object();
    let row = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("| `{name}` | {value} |\n")
    };
    let rows: String = plan.into_iter().flatten().filter(|(_, value)| !value.is_null()).map(row).collect();
    format!("## Training\n\n| argument | value |\n|---|---|\n{rows}\n")
}

/// A text as Markdown shows it, whatever is in it.
fn escaped(text: &str) -> String {
    let escape = |character: char| {
        let special = "\\`*_{}[]<>#|&~".contains(character);
        special.then_some('\\').into_iter().chain([if character.is_control() { ' ' } else { character }])
    };
    text.chars().flat_map(escape).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_they_are() {
        assert_eq!(escaped("very negative"), "very negative");
        assert_eq!(escaped("*c*_d <b>\n"), "\\*c\\*\\_d \\<b\\> ");
        assert_eq!(grouped(22_713_986), "22,713,986");
    }
}
