//! Dropout, the classifier to begin with, frozen parameters, exponential moving average (EMA), and LoRA adapters.

use bert::{DropoutRates, Lora, LoraTarget, layer_of};
use checkpoint::BertConfig;
use clap::ArgAction;
use serde::Serialize;
use stage::{List, bad_input, bail_input, ensure_input};

use super::checks::{fraction, positive};

/// Dropout, freezing, LoRA, EMA.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Weights")]
pub struct WeightArgs {
    /// Dropout of the hidden states; default: the model's
    #[arg(long, value_name = "P")]
    pub hidden_dropout_prob: Option<f64>,

    /// Dropout of the attention probabilities; default: the model's
    #[arg(long, value_name = "P")]
    pub attention_probs_dropout_prob: Option<f64>,

    /// Dropout before the classifier; default: the model's
    #[arg(long, value_name = "P")]
    pub classifier_dropout: Option<f64>,

    /// Draw the classifier anew, also where the model has one of the right size
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", value_name = "BOOL")]
    pub new_head: bool,

    /// Freeze the embeddings
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", value_name = "BOOL")]
    pub freeze_embeddings: bool,

    /// Freeze the first N encoder layers
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub freeze_layers: usize,

    /// Evaluate and keep an exponential moving average (EMA) of the weights with this decay, from the weights that the run begins
    /// with
    #[arg(long, value_name = "DECAY")]
    pub ema_decay: Option<f64>,

    /// LoRA: train adapters of this rank on --lora-targets, and the classifier, with a pooler that the model folder lacks;
    /// everything else is frozen
    #[arg(long, value_name = "RANK")]
    pub lora_rank: Option<usize>,

    /// LoRA: adapters are scaled by ALPHA / RANK; default: twice the rank
    #[arg(long, value_name = "ALPHA")]
    pub lora_alpha: Option<f64>,

    /// LoRA: the matrices that get adapters, of query, key, value, attention_output, intermediate, output; default:
    /// query,value
    #[arg(long, value_name = "A,B,...", value_parser = lora_target_list)]
    pub lora_targets: Option<List>,
}

fn lora_target_list(text: &str) -> anyhow::Result<List> {
    let list: List = text.parse()?;
    lora_targets(&list)?;
    Ok(list)
}

fn lora_targets(list: &List) -> anyhow::Result<Vec<LoraTarget>> {
    let known = || LoraTarget::ALL.map(LoraTarget::name).join(", ");
    let target = |name: &String| name.parse().map_err(|_| bad_input!("{name} is none of {}", known()));
    list.items().iter().map(target).collect()
}

/// [`WeightArgs`], valid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct WeightPlan {
    pub(crate) hidden_dropout_prob: Option<f64>,
    pub(crate) attention_probs_dropout_prob: Option<f64>,
    pub(crate) classifier_dropout: Option<f64>,
    /// Left out where it is false, as it was before there was this setting: the keys of such runs stay.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) new_head: bool,
    pub(crate) freeze_embeddings: bool,
    pub(crate) freeze_layers: usize,
    pub(crate) ema_decay: Option<f64>,
    pub(crate) lora: Option<Lora>,
}

impl WeightPlan {
    pub(crate) fn resolve(args: &WeightArgs, config: &BertConfig) -> anyhow::Result<Self> {
        let fractions = [
            ("hidden-dropout-prob", args.hidden_dropout_prob),
            ("attention-probs-dropout-prob", args.attention_probs_dropout_prob),
            ("classifier-dropout", args.classifier_dropout),
            ("ema-decay", args.ema_decay),
        ];
        for (name, value) in fractions {
            value.map_or(Ok(()), |value| fraction(name, value))?;
        }
        let layers = config.num_hidden_layers;
        ensure_input!(
            args.freeze_layers <= layers,
            "--freeze-layers is {}, but the model has {layers} layers",
            args.freeze_layers
        );
        let lora = lora(args, config)?;
        if lora.is_some() && (args.freeze_embeddings || args.freeze_layers > 0) {
            bail_input!(
                "--lora-rank freezes everything but the adapters and the classifier; remove --freeze-embeddings and --freeze-layers"
            );
        }
        Ok(Self {
            hidden_dropout_prob: args.hidden_dropout_prob,
            attention_probs_dropout_prob: args.attention_probs_dropout_prob,
            classifier_dropout: args.classifier_dropout,
            new_head: args.new_head,
            freeze_embeddings: args.freeze_embeddings,
            freeze_layers: args.freeze_layers,
            ema_decay: args.ema_decay,
            lora,
        })
    }
}

impl WeightPlan {
    /// Whether one of the rates that are given is not zero.
    pub(crate) fn drops(&self) -> bool {
        let rates = [self.hidden_dropout_prob, self.attention_probs_dropout_prob, self.classifier_dropout];
        rates.into_iter().flatten().any(|rate| rate > 0.0)
    }

    /// The same with the dropout rates that the model's config decides where none were given.
    pub(crate) fn resolved(&self, config: &BertConfig) -> Self {
        let hidden = self.hidden_dropout_prob.unwrap_or(config.hidden_dropout_prob);
        Self {
            hidden_dropout_prob: Some(hidden),
            attention_probs_dropout_prob: self
                .attention_probs_dropout_prob
                .or(Some(config.attention_probs_dropout_prob)),
            classifier_dropout: self.classifier_dropout.or(config.classifier_dropout).or(Some(hidden)),
            ..self.clone()
        }
    }

    /// What training drops in a model of this config.
    pub(crate) fn dropout_rates(&self, config: &BertConfig) -> DropoutRates {
        let default = DropoutRates::of(config);
        let resolved = self.resolved(config);
        DropoutRates {
            hidden: resolved.hidden_dropout_prob.unwrap_or(default.hidden),
            attention: resolved.attention_probs_dropout_prob.unwrap_or(default.attention),
            classifier: resolved.classifier_dropout.unwrap_or(default.classifier),
        }
    }

    /// Whether the checkpoint's tensor `name` is not trained, though there are no adapters.
    pub(crate) fn freezes(&self, name: &str) -> bool {
        (self.freeze_embeddings && name.starts_with("bert.embeddings."))
            || layer_of(name).is_some_and(|layer| layer < self.freeze_layers)
    }
}

fn lora(args: &WeightArgs, config: &BertConfig) -> anyhow::Result<Option<Lora>> {
    let Some(rank) = args.lora_rank else {
        if args.lora_alpha.is_some() || args.lora_targets.is_some() {
            bail_input!("--lora-alpha and --lora-targets require --lora-rank");
        }
        return Ok(None);
    };
    let hidden_size = config.hidden_size;
    ensure_input!(
        rank >= 1 && rank <= hidden_size,
        "--lora-rank is {rank}; expected 1 to {hidden_size}, the model's hidden_size"
    );
    let alpha = args.lora_alpha.unwrap_or(2.0 * rank as f64);
    positive("lora-alpha", alpha)?;
    let mut targets = match &args.lora_targets {
        Some(list) => lora_targets(list)?,
        None => vec![LoraTarget::Query, LoraTarget::Value],
    };
    targets.sort();
    targets.dedup();
    Ok(Some(Lora { rank, alpha, targets }))
}
