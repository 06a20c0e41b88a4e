//! `bert-predict`: texts in, a label and probabilities for each as JSON lines out.

mod answer;

use std::io::{BufWriter, IsTerminal, Read, Write, stdin, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use bert::Classifier;
use clap::Parser;
use corpus::tokenizer::Tokenizer;
use stage::{OutputFile, bad_input};

use crate::answer::Answer;

const EXAMPLE: &str = "Examples:
  bert-predict --model data/runs/sst2/export/hf \"A film of rare beauty.\" \"Two hours I will never get back.\"
  bert-predict --model data/runs/sst2/train --input reviews.csv --text-column review --output answers.jsonl
  zcat reviews.txt.gz | bert-predict --model data/runs/sst2/train";

/// Predicts the sentiment of texts: arguments, a file, or the lines of stdin
#[derive(Debug, Clone, Parser)]
#[command(name = "bert-predict", version, after_help = EXAMPLE)]
pub struct Args {
    /// A fine-tuned model: the output of bert-finetune, or a folder that bert-export wrote
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,

    /// The texts; without any, and without --input, the lines of stdin
    #[arg(value_name = "TEXT", conflicts_with = "input")]
    pub texts: Vec<String>,

    /// A file of texts: .txt (one a line), .csv, .tsv, .jsonl, .parquet
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,

    /// The column of the texts in --input; default: text, else sentence
    #[arg(long, value_name = "NAME", requires = "input")]
    pub text_column: Option<String>,

    /// Where to write the JSON lines instead of stdout; the file appears whole or not at all
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Longest text in tokens; what is longer is cut; default: what the model's positions allow
    #[arg(long, value_name = "N")]
    pub max_length: Option<usize>,

    /// TOML profile of which this program reads the section [predict]; flags win over it
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,

    /// Device, threads, precision
    #[command(flatten)]
    pub compute: stage::ComputeArgs,
}

/// Runs the program.
///
/// # Errors
/// Fails when the model is not fine-tuned, a text cannot be read, or the output cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let compute = bert::Compute::resolve(&args.compute.device, args.compute.threads, &args.compute.precision).map_err(bad_input)?;
    let classifier = Classifier::open(&args.model, compute).map_err(bad_input)?;
    let positions = classifier.folder.config.max_position_embeddings;
    let max_length = args.max_length.unwrap_or(positions);
    if max_length > positions {
        return Err(bad_input(anyhow!("--max-length is {max_length}, but the model has {positions} positions")));
    }
    let tokenizer = Tokenizer::open(&args.model, max_length).map_err(bad_input)?;
    let texts = texts(args).map_err(bad_input)?;
    let encodings = tokenizer.encode(&texts).map_err(bad_input)?;
    let vocab_size = classifier.folder.config.vocab_size;
    if let Some(id) = encodings.input_ids.iter().find(|&&id| id as usize >= vocab_size) {
        let folder = args.model.display();
        return Err(bad_input(anyhow!("{folder}: the tokenizer makes token {id}, but vocab_size is {vocab_size}")));
    }
    let sentences: Vec<&[i32]> = (0..encodings.len()).map(|row| encodings.input_ids(row)).collect();
    let logits = classifier.logits(&sentences, |_| ())?;
    let answers = texts.iter().zip(logits.chunks(classifier.output_names.len()));
    let answers = answers.map(|(text, logits)| Answer::new(text, &classifier.output_names, logits));
    match &args.output {
        None => write_lines(BufWriter::new(stdout().lock()), answers),
        Some(path) => {
            let mut file = OutputFile::create(path)?;
            write_lines(&mut file, answers).with_context(|| format!("cannot write {}", path.display()))?;
            file.commit().map(|_| ())
        }
    }
}

fn texts(args: &Args) -> anyhow::Result<Vec<String>> {
    if let Some(path) = &args.input {
        return match path.extension().and_then(|extension| extension.to_str()) {
            Some("txt") => {
                lines(&std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?, path)
            }
            _ => Ok(corpus::records::texts(path, args.text_column.as_deref())?),
        };
    }
    if !args.texts.is_empty() {
        return Ok(args.texts.clone());
    }
    if stdin().is_terminal() {
        bail!("no text: give one as an argument, a file with --input, or lines on stdin");
    }
    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes).context("cannot read stdin")?;
    lines(&bytes, Path::new("stdin"))
}

fn lines(bytes: &[u8], place: &Path) -> anyhow::Result<Vec<String>> {
    let text = |(number, line): (usize, &[u8])| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line).map(str::to_owned);
        text.with_context(|| format!("{}: line {} is not UTF-8", place.display(), number + 1))
    };
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    bytes.split(|&byte| byte == b'\n').enumerate().map(text).collect()
}

fn write_lines<'a>(mut sink: impl Write, answers: impl Iterator<Item = Answer<'a>>) -> anyhow::Result<()> {
    for answer in answers {
        serde_json::to_writer(&mut sink, &answer)?;
        sink.write_all(b"\n")?;
    }
    Ok(sink.flush()?)
}
