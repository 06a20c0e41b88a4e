//! Verification: every format is loaded again from its file, and run over the validation split beside the model that was trained.
//!
//! The model and the format `hf` are computed by this project's model in float32, the ONNX files by a [`Session`]; the files are those
//! that are written, before anybody sees them. ONNX in float32 is given batches, padded and masked, as users give them; in 8 bits each
//! text is given by itself, since the scale of activations is that of a whole batch.

use std::ops::ControlFlow;
use std::path::Path;

use bert::{Classifier, Compute, WindowPooling};
use checkpoint::OutputKind;
use corpus::task::Task;
use corpus::tokens::{Labels, TokenSet, TokensReader};
use corpus::vocabulary;
use run_files::layout::export::HF;
use run_files::verification::{ExportVerification, VerifiedFormat};
use stage::{ExitReason, OutputWriter, Progress, StagedOutputs};

use crate::args::Args;
use crate::comparison::{Difference, Outputs};
use crate::format::{Dtype, Format};
use crate::inputs::{STAGE, Tokens};
use crate::max_flips::MaxFlips;
use crate::onnx::Products;
use crate::runtime::Session;

/// Rows of the token file that are in memory at a time.
const PART: usize = 1 << 9;
/// Tokens of a batch, padding counted.
const TOKENS_PER_BATCH: usize = 1024;
/// Flips that are told.
const MOST_TOLD: usize = 5;

/// Runs the formats in `staged`.
///
/// # Errors
/// Fails with exit code 5 when labels of a format flip, more than are allowed, and names them. Fails when the labels of the tokens are
/// not the model's, a file cannot be loaded again, or a kernel fails.
pub(crate) fn verify(args: &Args, tokens: &Tokens, staged: &StagedOutputs) -> anyhow::Result<ExportVerification> {
    let compute = Compute::resolve("cpu", args.threads, "float32")?;
    let model = Classifier::open(&args.run, compute)?;
    // Those of a model with several labels a text are never its own: their texts alone are compared.
    if model.output_kind != OutputKind::Labels {
        tokens.metadata.check_labels(&model.output_names, model.is_regression())?;
    }
    let folder = staged.folder().join(HF);
    let open = |&format: &Format| Ok((format, Loaded::open(format, &folder, compute)?));
    let formats = args.format.list().iter().map(open).collect::<anyhow::Result<Vec<_>>>()?;
    let said = predict(args, tokens, &model, &formats)?;
    let outputs = Outputs { names: &model.output_names, kind: model.output_kind };
    let figure = outputs.figure(&said.model, &said.labels);
    let mut verified = Vec::new();
    for ((format, logits), (_, loaded)) in args.format.list().iter().zip(&said.formats).zip(&formats) {
        let dtype = dtype(*format, args.dtype);
        let difference = outputs.difference(&said.model, logits, dtype == "float32");
        let default = if dtype == "float32" { MaxFlips::Count(0) } else { MaxFlips::Percent(1.0) };
        let most = args.max_flips.unwrap_or(default);
        let max_flips = most.of(said.ids.len());
        // What is no number is no answer, however many may flip.
        if difference.flips.len() > max_flips || !difference.max.is_finite() {
            return Err(too_many(*format, &difference, max_flips, &said.ids));
        }
        let name = format!("{HF}/{}", format.file());
        let written = staged.written(&name);
        let value = outputs.figure(logits, &said.labels).map(|(_, value)| value);
        verified.push(VerifiedFormat {
            format: format.name().to_owned(),
            bytes: written.map_or(0, |written| written.bytes),
            sha256: written.map_or_else(String::new, |written| written.sha256.clone()),
            file: name,
            dtype: dtype.to_owned(),
            runtime: loaded.runtime().to_owned(),
            max_difference: difference.max,
            mean_difference: difference.mean,
            flips: difference.flips.len(),
            ties: difference.ties,
            max_flips,
            value,
            change: value.zip(figure).map(|(value, (_, of_model))| value - of_model),
        });
    }
    Ok(ExportVerification {
        dataset: tokens.metadata.dataset.clone(),
        split: corpus::Split::Validation.name().to_owned(),
        n: said.ids.len(),
        n_labeled: (0..said.labels.len()).filter(|&text| said.labels.is_known(text)).count(),
        figure: figure.map(|(name, _)| name.to_owned()),
        value: figure.map(|(_, value)| value),
        formats: verified,
    })
}

/// The type of a format's weights.
pub(crate) fn dtype(format: Format, of_hf: Dtype) -> &'static str {
    match format {
        Format::Hf => of_hf.element().torch_name(),
        Format::Onnx => "float32",
        Format::OnnxInt8 => "int8",
    }
}

/// A format, loaded again.
enum Loaded {
    Folder(Box<Classifier>),
    Graph(Graph),
}

/// An ONNX file, and how rows are given to it.
struct Graph {
    session: Session,
    pad_token_id: i64,
    one_by_one: bool,
}

impl Loaded {
    fn open(format: Format, folder: &Path, compute: Compute) -> anyhow::Result<Self> {
        let Some(products) = format.products() else {
            return Ok(Self::Folder(Box::new(Classifier::open(folder, compute)?)));
        };
        let config = checkpoint::ModelFolder::read_config(folder)?;
        Ok(Self::Graph(Graph {
            session: Session::open(&folder.join(format.file()))?,
            pad_token_id: config.pad_token_id.unwrap_or(0) as i64,
            one_by_one: products == Products::Int8,
        }))
    }

    fn runtime(&self) -> &'static str {
        match self {
            Self::Folder(_) => "this project's model, float32",
            Self::Graph(Graph { one_by_one: false, .. }) => "node by node on libtorch, in padded batches",
            Self::Graph(Graph { one_by_one: true, .. }) => "node by node on libtorch, each row by itself",
        }
    }

    /// The logits of rows, in their order.
    fn logits(&self, rows: &[&[i32]], n_outputs: usize) -> anyhow::Result<Vec<f32>> {
        match self {
            Self::Folder(classifier) => Ok(classifier.logits(rows, |_| ())?),
            Self::Graph(graph) => graph.logits(rows, n_outputs),
        }
    }
}

impl Graph {
    /// The logits of rows in their order, computed in batches of rows of similar length, or one by one.
    fn logits(&self, rows: &[&[i32]], n_outputs: usize) -> anyhow::Result<Vec<f32>> {
        // A text by itself gives threads nothing to share, and each of its many small steps would wait for all of them.
        let threads = tch::get_num_threads();
        tch::set_num_threads(if self.one_by_one { 1 } else { threads });
        let logits = self.logits_of_batches(rows, n_outputs);
        tch::set_num_threads(threads);
        logits
    }

    fn logits_of_batches(&self, rows: &[&[i32]], n_outputs: usize) -> anyhow::Result<Vec<f32>> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&row| rows[row].len());
        let mut logits = vec![0.0; rows.len() * n_outputs];
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            // Sorted by length: the last of a batch is its longest.
            let fits = |&n: &usize| n == 1 || (!self.one_by_one && n * rows[rest[n - 1]].len() <= TOKENS_PER_BATCH);
            let n = (1..=rest.len()).take_while(fits).last().unwrap_or(1);
            let batch: Vec<&[i32]> = rest[..n].iter().map(|&row| rows[row]).collect();
            let of_batch = self.session.logits(&batch, self.pad_token_id)?;
            for (&row, values) in rest[..n].iter().zip(of_batch.chunks(n_outputs)) {
                logits[row * n_outputs..][..n_outputs].copy_from_slice(values);
            }
            rest = &rest[n..];
        }
        Ok(logits)
    }
}

/// What the model and the formats say of all texts: logits, `(n_texts, n_outputs)` each.
struct Said {
    ids: Vec<i64>,
    labels: Labels,
    model: Vec<f32>,
    formats: Vec<Vec<f32>>,
}

fn predict(args: &Args, tokens: &Tokens, model: &Classifier, formats: &[(Format, Loaded)]) -> anyhow::Result<Said> {
    let empty = match tokens.metadata.task {
        Task::Regression => Labels::Scores(Vec::new()),
        _ => Labels::Classes(Vec::new()),
    };
    let mut said = Said { ids: Vec::new(), labels: empty, model: Vec::new(), formats: vec![Vec::new(); formats.len()] };
    let reader = TokensReader::open(&tokens.file)?;
    let mut progress = Progress::new("bert-export: verify", 0, reader.n_rows(), args.common.quiet);
    let mut n_rows = 0;
    let mut outcome = Ok(());
    reader.for_each_part(PART, &mut |part| {
        outcome = vocabulary::check_token_set(&part, &tokens.file, model.folder.config.vocab_size)
            .map_err(anyhow::Error::from)
            .and_then(|()| said.add(&part, model, formats));
        n_rows += part.len() as u64;
        progress.set(n_rows, String::new);
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    progress.finish();
    outcome?;
    Ok(said)
}

impl Said {
    fn add(&mut self, part: &TokenSet, model: &Classifier, formats: &[(Format, Loaded)]) -> anyhow::Result<()> {
        let n_outputs = model.output_names.len();
        let rows: Vec<&[i32]> = (0..part.len()).map(|row| part.input_ids(row)).collect();
        let pooled = |logits: &[f32]| WindowPooling::Mean.pool(logits, n_outputs, &part.window_offsets);
        self.model.extend(pooled(&model.logits(&rows, |_| ())?));
        for (logits, (_, loaded)) in self.formats.iter_mut().zip(formats) {
            logits.extend(pooled(&loaded.logits(&rows, n_outputs)?));
        }
        let texts = part.first_rows();
        self.ids.extend(texts.iter().map(|&row| part.ids[row]));
        match (&mut self.labels, part.labels.of_rows(texts)) {
            (Labels::Classes(all), Labels::Classes(labels)) => all.extend(labels),
            (Labels::Scores(all), Labels::Scores(scores)) => all.extend(scores),
            _ => anyhow::bail!("the labels of the tokens are not those of their task"),
        }
        Ok(())
    }
}

fn too_many(format: Format, found: &Difference, most: usize, ids: &[i64]) -> anyhow::Error {
    let Difference { flips, max, .. } = found;
    let told: Vec<String> =
        flips.iter().take(MOST_TOLD).map(|(text, told)| format!("id {} {told}", ids[*text])).collect();
    let more = flips.len().saturating_sub(MOST_TOLD);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let problem = format!(
        "{format}: {} of {} texts of the validation split are not what the model says, {most} are allowed (--max-flips); largest \
         difference {max:.2e}: {}{more}. {} wrote nothing",
        flips.len(),
        ids.len(),
        told.join("; "),
        STAGE.name
    );
    ExitReason::RequirementMissed(problem).into()
}
