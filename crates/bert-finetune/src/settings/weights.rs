//! Which weights are learned, which are dropped or averaged on the way, and which are added beside.

use anyhow::{bail, ensure};
use bert::{Lora, LoraTarget};
use checkpoint::BertConfig;
use clap::ArgAction;
use serde::Serialize;

use super::checks::{positive, share};

/// Dropout, freezing, LoRA, averaging.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Weights")]
pub struct WeightArgs {
    /// Dropout of states; default: the model's
    #[arg(long, value_name = "P")]
    pub hidden_dropout_prob: Option<f64>,

    /// Dropout of attention probabilities; default: the model's
    #[arg(long, value_name = "P")]
    pub attention_probs_dropout_prob: Option<f64>,

    /// Dropout before the classifier; default: the model's
    #[arg(long, value_name = "P")]
    pub classifier_dropout: Option<f64>,

    /// Keep the embeddings as they are
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false,
          default_missing_value = "true", value_name = "BOOL")]
    pub freeze_embeddings: bool,

    /// Keep the first N layers of the encoder as they are
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub freeze_layers: usize,

    /// Evaluate and keep an exponential moving average of the weights: the share of the old average in each step's new
    #[arg(long, value_name = "SHARE")]
    pub ema_decay: Option<f64>,

    /// Learn a product of two matrices of this rank beside each of --lora-targets, and the classifier; all else is kept
    #[arg(long, value_name = "RANK")]
    pub lora_rank: Option<usize>,

    /// The product counts alpha / rank; default: twice the rank
    #[arg(long, value_name = "ALPHA")]
    pub lora_alpha: Option<f64>,

    /// The matrices with a product beside them; default: query,value
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    pub lora_targets: Option<Vec<LoraTarget>>,
}

/// [`WeightArgs`], valid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct WeightPlan {
    pub(crate) hidden_dropout_prob: Option<f64>,
    pub(crate) attention_probs_dropout_prob: Option<f64>,
    pub(crate) classifier_dropout: Option<f64>,
    pub(crate) freeze_embeddings: bool,
    pub(crate) freeze_layers: usize,
    pub(crate) ema_decay: Option<f64>,
    pub(crate) lora: Option<Lora>,
}

impl WeightPlan {
    pub(crate) fn resolve(args: &WeightArgs, config: &BertConfig) -> anyhow::Result<Self> {
        let shares = [
            ("hidden-dropout-prob", args.hidden_dropout_prob),
            ("attention-probs-dropout-prob", args.attention_probs_dropout_prob),
            ("classifier-dropout", args.classifier_dropout),
            ("ema-decay", args.ema_decay),
        ];
        for (name, value) in shares {
            value.map_or(Ok(()), |value| share(name, value))?;
        }
        let layers = config.num_hidden_layers;
        ensure!(args.freeze_layers <= layers, "--freeze-layers is {}, but there are {layers}", args.freeze_layers);
        let lora = lora(args, config)?;
        if lora.is_some() && (args.freeze_embeddings || args.freeze_layers > 0) {
            bail!("--lora-rank keeps all weights but the classifier's as they are; leave out --freeze-*");
        }
        Ok(Self {
            hidden_dropout_prob: args.hidden_dropout_prob,
            attention_probs_dropout_prob: args.attention_probs_dropout_prob,
            classifier_dropout: args.classifier_dropout,
            freeze_embeddings: args.freeze_embeddings,
            freeze_layers: args.freeze_layers,
            ema_decay: args.ema_decay,
            lora,
        })
    }
}

fn lora(args: &WeightArgs, config: &BertConfig) -> anyhow::Result<Option<Lora>> {
    let Some(rank) = args.lora_rank else {
        if args.lora_alpha.is_some() || args.lora_targets.is_some() {
            bail!("--lora-alpha and --lora-targets go with --lora-rank");
        }
        return Ok(None);
    };
    let most = config.hidden_size;
    ensure!(rank >= 1 && rank <= most, "--lora-rank is {rank}; expected 1 to {most}, the width of the model");
    let alpha = args.lora_alpha.unwrap_or(2.0 * rank as f64);
    positive("lora-alpha", alpha)?;
    let mut targets = args.lora_targets.clone().unwrap_or_else(|| vec![LoraTarget::Query, LoraTarget::Value]);
    targets.sort();
    targets.dedup();
    Ok(Some(Lora { rank, alpha, targets }))
}
