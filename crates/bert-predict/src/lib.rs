//! `bert-predict`: rows of texts in, a label and probabilities for each out, in their order.
//!
//! The model is any fine-tuned BERT: a folder that `bert-finetune` or `bert-export` wrote, or one from the hub.
//!
//! ```text
//! arguments, stdin, files ──input──► windows ──prepare: tokens, beside the model──► predictor: logits
//!     ──verdict──► answers ──output──► stdout or a file (streaming), or a folder of parts (parts)
//! ```

mod verdict;
mod answer;
mod output;
mod counts;
mod caller;

mod args;
mod input;
mod run_facts;
mod settings;
mod predictor;
mod prepare;
mod answers;
mod reporting;
mod streaming;
mod parts;

use std::path::Path;

use stage::{bad_input, named_files};

pub use args::{Args, InputFormat};

use crate::input::{Input, WindowSize};
use crate::output::{Layout, kept_names};
use crate::parts::PartsRun;
use crate::predictor::Predictor;
use crate::prepare::PreparedWindows;
use crate::reporting::Reporting;
use crate::settings::Settings;
use crate::streaming::Streaming;

/// Enough rows for batches of like length, few enough to be answered within a moment.
const WINDOW_SIZE: WindowSize = WindowSize { rows: 512, bytes: 1 << 20 };
/// Where each row takes as long as dozens do otherwise.
const WINDOW_SIZE_OF_ATTRIBUTIONS: WindowSize = WindowSize { rows: 16, bytes: 1 << 20 };

/// Runs the program.
///
/// # Errors
/// Fails when the model is not fine-tuned, the input cannot be read, or the output cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    caller::check(args)?;
    if let Some(out) = &args.output.collect {
        return parts::collect(args, out);
    }
    let model = args.model.as_deref().ok_or_else(|| bad_input!("--model is missing"))?;
    let mut output_file = None;
    if let Some(file) = &args.output.output {
        let files = named_files("--input", &args.input.input)?;
        let inputs: Vec<&Path> = [model].into_iter().chain(files.iter().map(|path| &**path)).collect();
        output_file = Some(stage::check_output_file(file, &inputs)?);
    }
    let format = streaming::format(args)?;
    let input = Input::open(args)?;
    let (settings, model) = Settings::open(model, args)?;
    let (kept, said) = kept_names(input.kept(), &settings.decoding)?;
    said.iter().for_each(|said| args.say(said));
    let layout = Layout { kept, decoding: settings.decoding.clone(), attributions: settings.attributions };
    let (settings, layout) = (&settings, &layout);
    let size = if layout.attributions { WINDOW_SIZE_OF_ATTRIBUTIONS } else { WINDOW_SIZE };
    let input = match input {
        Input::Files(files) if args.output.out.is_some() => {
            return PartsRun { settings, layout, format, size }.run(args, files, model);
        }
        input => input,
    };
    let predictor = Predictor::load(settings, model.classifier)?;
    let reporting = Reporting::begin(args, input.paths());
    let windows = PreparedWindows::begin(input, model.tokenizer, settings.vocab_size, size)?;
    let streaming = Streaming { predictor: &predictor, layout, format, windows };
    match &output_file {
        None => streaming.to_stdout(reporting),
        Some(path) => streaming.to_file(path, reporting),
    }
}
