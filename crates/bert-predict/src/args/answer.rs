//! What an answer says.

use std::path::PathBuf;

use clap::Args;

/// What an answer says.
#[derive(Debug, Clone, Args)]
pub(crate) struct AnswerArgs {
    /// Give only the K largest probabilities, in descending order
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) top_k: Option<u64>,

    /// Give a label only where its probability is at least P, else abstain; of a model with several labels a text, give those
    /// of at least P instead of 0.5
    #[arg(long, value_name = "P", value_parser = probability)]
    pub(crate) threshold: Option<f64>,

    /// Divide logits by the temperature that bert-eval fitted, so that probabilities say how often the label is right
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,

    /// Say what each word piece contributes to the logit of the most probable label, or to the score, by integrated gradients;
    /// this takes as long as some dozens of predictions
    #[arg(long)]
    pub(crate) attributions: bool,
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "expected a probability from 0 to 1".to_owned())
}
