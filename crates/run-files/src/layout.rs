//! Run folder layout: the names of the files and folders that the stages after tokenization write.
//!
//! ```text
//! data/runs/<name>/train/         config.json model.safetensors, tokenizer files, log.jsonl curves.{svg,png} timing.json
//!                                 tensorboard/ checkpoints/step-NNNNNN/ manifest.json
//!                  eval/<split>/  metrics.json confusion_matrix.{svg,png} predictions.parquet manifest.json
//!                  export/        hf/ verification.json manifest.json
//!                  sweep/         trials/<id>/{profile.toml,plan.json,stderr.log,failure.json,train/} trials.jsonl ...
//! ```
//!
//! The names of a model folder's tokenizer files are in the crate `checkpoint`, that of the manifest is in `stage`.

/// The output folder of `bert-finetune`.
pub mod train {
    /// The model's config with its label names.
    pub const CONFIG: &str = "config.json";
    /// The weights of the best checkpoint.
    pub const WEIGHTS: &str = "model.safetensors";
    /// The deterministic events, see [`crate::log`].
    pub const LOG: &str = "log.jsonl";
    /// The picture of the log.
    pub const CURVES: &str = "curves.svg";
    /// The same picture for what shows no SVG; not listed in the manifest, so that folders without it stay fresh.
    pub const CURVES_PNG: &str = "curves.png";
    /// The rates of the last process. No listed output, since no two runs have the same.
    pub const TIMING: &str = "timing.json";
    /// With how many processes each part of the run was computed, where there were several. No listed output, since the result
    /// does not depend on it.
    pub const RESTARTS: &str = "restarts.jsonl";
    /// The folder of the TensorBoard event file.
    pub const TENSORBOARD: &str = "tensorboard";
    /// The folder of the checkpoints, one folder each: [`checkpoint_name`].
    pub const CHECKPOINTS: &str = "checkpoints";

    /// The fact in the manifest that says to how many tokens the texts of the training were truncated, special tokens
    /// counted.
    pub const MAX_LENGTH: &str = "max_length";
    /// The fact in the manifest that says where longer texts of the training were cut: `left` or `head-tail`. Without it and
    /// [`WINDOW_STRIDE`] they were cut on the right.
    pub const TRUNCATION_SIDE: &str = "truncation_side";
    /// The fact in the manifest that says that longer texts of the training were read in windows, and how many tokens
    /// neighbors shared.
    pub const WINDOW_STRIDE: &str = "window_stride";
    /// The fact in the manifest that says how many texts of the train split each class had, in the order of the label names.
    pub const CLASS_COUNTS: &str = "train_class_counts";
    /// The setting in the manifest's plan that says in which precision the training computed.
    pub const PRECISION: &str = "precision";
    /// The settings in the manifest's plan that say with which dropout it trained, where flags gave it; keys of `config.json`.
    pub const DROPOUT: [&str; 3] = ["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"];

    /// The folder of the checkpoint after `step` steps, in [`CHECKPOINTS`].
    #[must_use]
    pub fn checkpoint_name(step: u64) -> String {
        format!("step-{step:06}")
    }

    /// The step of a checkpoint's folder name; `None` for any other name.
    #[must_use]
    pub fn checkpoint_step(name: &str) -> Option<u64> {
        name.strip_prefix("step-")?.parse().ok()
    }

    /// The weights of the best evaluation so far, in [`CHECKPOINTS`] until the run is finished.
    #[must_use]
    pub fn best_weights_name(step: u64) -> String {
        format!("{BEST_WEIGHTS_PREFIX}{step:06}.safetensors")
    }

    /// Whether a file in [`CHECKPOINTS`] is one of the [`best_weights_name`]s.
    #[must_use]
    pub fn is_best_weights_name(name: &str) -> bool {
        let step = name.strip_prefix(BEST_WEIGHTS_PREFIX).and_then(|rest| rest.strip_suffix(".safetensors"));
        step.is_some_and(|step| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()))
    }

    const BEST_WEIGHTS_PREFIX: &str = "best-step-";
}

/// A checkpoint in the folder `checkpoints` of a training.
pub mod checkpoint {
    /// The parameters that are trained.
    pub const WEIGHTS: &str = "model.safetensors";
    /// The optimizer's state.
    pub const OPTIMIZER: &str = "optimizer.safetensors";
    /// The exponential moving average of the parameters, if one is kept.
    pub const EMA: &str = "average.safetensors";
    /// The state of the training loop.
    pub const STATE: &str = "state.json";
    /// Beside the checkpoints, not in one: the log of an unfinished run that gives way to one of other settings.
    pub const LOG_ASIDE: &str = "log-of-others.jsonl";
}

/// The output folder of `bert-eval`.
pub mod eval {
    /// See [`crate::metrics_json`]; absent when no row of the split has a label.
    pub const METRICS: &str = "metrics.json";
    /// See [`crate::predictions`].
    pub const PREDICTIONS: &str = "predictions.parquet";
    /// The figures of [`METRICS`] by one name each.
    pub const FLAT_METRICS: &str = "metrics_flat.json";
    /// The evaluation on one page.
    pub const REPORT: &str = "report.html";
    /// Figures of slices: texts that have something in common; absent when no row of the split has a label.
    pub const SLICES: &str = "slices.json";
    /// Figures of the nodes of the trees by size and depth, on request.
    pub const NODES: &str = "nodes.json";
    /// A baseline beside the model, on request.
    pub const BASELINE: &str = "baseline.json";
    /// The surest wrong predictions, one line each.
    pub const ERRORS: &str = "errors.jsonl";
    /// What the confidences are worth: reliability, coverage, thresholds; of classifiers.
    pub const CONFIDENCE: &str = "confidence.json";
    /// The figures for TensorBoard; holds the time, so it is no listed output.
    pub const TENSORBOARD_EVENTS: &str = "events.out.tfevents.0.bert-eval";
    /// How DVC finds figures and plots.
    pub const DVC: &str = "dvc.yaml";
    /// See [`crate::calibration`]; where the evaluation fitted a temperature.
    pub const CALIBRATION: &str = "calibration.json";
}

/// The output folder of `bert-eval compare`.
pub mod compare {
    /// Figures, differences and tests.
    pub const COMPARISON: &str = "comparison.json";
    /// The rows on which evaluations disagree, one line each.
    pub const DISAGREEMENTS: &str = "disagreements.jsonl";
    /// The comparison on one page.
    pub const REPORT: &str = "report.html";
}

/// The output folder of `bert-eval seeds`.
pub mod seeds {
    /// Mean and interval of each figure.
    pub const SEEDS: &str = "seeds.json";
}

/// The output folder of `bert-eval suspects`.
pub mod suspects {
    /// The likely label errors, ranked, one line each.
    pub const SUSPECTS: &str = "suspects.jsonl";
    /// The same as a page.
    pub const REPORT: &str = "report.html";
}

/// The output folder of `bert-export`.
pub mod export {
    /// The folder for Transformers and the Hugging Face Hub.
    pub const HF: &str = "hf";
    /// The model card in it.
    pub const MODEL_CARD: &str = "README.md";
    /// The graph in float32 in it, where Optimum and Transformers.js look for it.
    pub const ONNX: &str = "onnx/model.onnx";
    /// The graph in 8 bits in it, as Transformers.js calls it.
    pub const ONNX_INT8: &str = "onnx/model_int8.onnx";
    /// What the formats say of the validation split, see [`crate::verification`].
    pub const VERIFICATION: &str = "verification.json";
}

/// The folder of one run of a trial of `bert-sweep`.
pub mod trial {
    /// Everything that `bert-finetune --profile` needs to train it.
    pub const PROFILE: &str = "profile.toml";
    /// What `bert-finetune --plan` printed, see [`crate::plan`].
    pub const PLAN: &str = "plan.json";
    /// What the training wrote to stderr.
    pub const STDERR: &str = "stderr.log";
    /// How the training ended, if it failed.
    pub const FAILURE: &str = "failure.json";
    /// The output folder of the training, see [`super::train`].
    pub const TRAIN: &str = "train";
}

#[cfg(test)]
mod tests {
    use super::train::{best_weights_name, checkpoint_name, checkpoint_step, is_best_weights_name};

    #[test]
    fn steps_are_padded_to_six_digits_and_read_back() {
        assert_eq!(checkpoint_name(42), "step-000042");
        assert_eq!(checkpoint_name(12_345_678), "step-12345678");
        assert_eq!(best_weights_name(42), "best-step-000042.safetensors");
        assert!(is_best_weights_name(&best_weights_name(42)) && !is_best_weights_name("best-step-mine.safetensors"));
        assert_eq!(checkpoint_step("step-000042"), Some(42));
        assert_eq!(checkpoint_step("best-step-000042.safetensors"), None);
    }
}
