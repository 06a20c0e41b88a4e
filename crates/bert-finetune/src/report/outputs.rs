//! Outputs of a finished run: a model folder with the best weights, the log and its curves.

use std::path::Path;

use checkpoint::{ModelFolder, label_config};
use run_files::layout::train;
use run_files::log;
use stage::{OutputFolder, OutputWriter};

use crate::checkpoints::CheckpointFolder;
use crate::data::Dataset;
use crate::report::curves::learning_curves;
use crate::report::messages;
use crate::report::timing::Timing;
use crate::training::loop_state::Best;

/// What the training loop hands over when it is through.
pub(crate) struct TrainingResult {
    pub(crate) best: Best,
    pub(crate) timing: Timing,
}

/// Pixels of a picture for each unit of its drawing.
const PNG_SCALE: f32 = 2.0;

/// Writes all outputs but the manifest. `timing.json` is not listed in it: equal runs have equal manifests.
pub(crate) fn write_outputs(
    output: &mut OutputFolder,
    model: &ModelFolder,
    data: &Dataset,
    result: &TrainingResult,
) -> anyhow::Result<()> {
    output.write_json(train::CONFIG, &label_config(&model.config_path(), &data.output_names())?)?;
    for (name, path) in model.tokenizer_files() {
        output.copy(name, &path)?;
    }
    let events = log::read(&output.folder().join(train::LOG))?;
    output.list(train::LOG)?;
    let curves = learning_curves(&events, &result.best, data.disclaimer());
    output.write_unlisted(train::CURVES_PNG, figures::png(&curves, PNG_SCALE)?)?;
    output.write(train::CURVES, curves)?;
    output.write_unlisted(train::TIMING, serde_json::to_vec_pretty(&result.timing)?)?;
    let best_weights = CheckpointFolder::of(output.folder()).best_path(result.best.step);
    output.copy(train::WEIGHTS, &best_weights)
}

/// The last line of a run on the console.
pub(crate) fn summary(out: &Path, data: &Dataset, result: &TrainingResult) -> String {
    let disclaimer = data.disclaimer().map_or(String::new(), |disclaimer| format!(" ({disclaimer})"));
    let timing = &result.timing;
    let best = match result.best.figures {
        Some(figures) => format!("best at step {}: validation {}", result.best.step, messages::headline(&figures)),
        None => format!("weights of step {}", result.best.step),
    };
    format!(
        "bert-finetune: {best}{disclaimer}; {:.0} sentences/s, {:.0} tokens/s; {}",
        timing.sentences_per_second,
        timing.tokens_per_second,
        out.display()
    )
}
