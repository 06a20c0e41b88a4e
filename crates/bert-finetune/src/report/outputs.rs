//! What a finished run leaves: a model folder like the one it began with, its log and its curves.

use std::path::Path;

use checkpoint::{ModelFolder, label_config};
use stage::OutputFolder;

use crate::checkpoints::best_weights;
use crate::report::curves::learning_curves;
use crate::data::dataset::Dataset;
use crate::report::events;
use crate::train_loop::run::Finished;
use crate::report::messages;

pub(crate) use crate::checkpoints::remove_best_copies;

/// Writes all outputs but the manifest. `timing.json` is not listed in it: equal runs have equal manifests.
pub(crate) fn write(work: &mut OutputFolder, folder: &ModelFolder, data: &Dataset, result: &Finished) -> anyhow::Result<()> {
    work.write_json("config.json", &label_config(&folder.config_path(), &data.output_names())?)?;
    for (name, path) in folder.tokenizer_files() {
        work.copy(name, &path)?;
    }
    let events = events::read(&work.folder().join("log.jsonl"))?;
    work.list("log.jsonl")?;
    work.write("curves.svg", learning_curves(&events, &result.best, data.train.metadata.disclaimer()))?;
    work.write_unlisted("timing.json", serde_json::to_vec_pretty(&result.timing)?)?;
    work.copy("model.safetensors", &best_weights(work.folder(), result.best.step))
}

/// The lines that end a run.
pub(crate) fn summary(out: &Path, data: &Dataset, result: &Finished) -> String {
    let disclaimer = data.train.metadata.disclaimer().map_or(String::new(), |disclaimer| format!(" ({disclaimer})"));
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
