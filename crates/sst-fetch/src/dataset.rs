//! `sst-fetch dataset`: any source of labelled texts to raw Parquet.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use corpus::Split;
use hf_hub::RepoType;
use serde::Serialize;
use stage::{Common, Job, Stage, bad_input, sha256_hex};

use crate::hub::Repository;
use crate::local::{self, Kind, SplitFiles};
use crate::read::{read, sample_text};
use crate::source::{HubName, Source};

const STAGE: Stage = Stage { name: "sst-fetch dataset", version: 1 };

/// The arguments of `sst-fetch dataset`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sst-fetch dataset --source sample --out data/raw/sample\n  \
    sst-fetch dataset --source trainDevTestTrees_PTB/trees --out data/raw/sst\n  \
    sst-fetch dataset --source hub:stanfordnlp/sst2 --out data/raw/sst2\n  \
    sst-fetch dataset --train reviews.csv --text-column review --label-column stars --out data/raw/reviews\n\n\
    A folder holds trees as {train,dev,test}.txt, GLUE's {train,dev,test}.tsv, or tables as\n\
    {train,validation,test}.{csv,tsv,jsonl,json,parquet}. The hub's client honours HF_HOME, HF_ENDPOINT, HF_TOKEN and\n\
    HF_HUB_OFFLINE.")]
pub struct DatasetArgs {
    /// sample, hub:OWNER/NAME[@REV], or a folder
    #[arg(long, value_name = "SOURCE")]
    source: Option<Source>,

    /// File of the train split, instead of --source
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,

    /// File of the validation split, instead of --source
    #[arg(long, value_name = "FILE")]
    validation: Option<PathBuf>,

    /// File of the test split, instead of --source
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,

    /// Folder of a hub repository that has several configurations
    #[arg(long, value_name = "NAME")]
    pub(crate) config: Option<String>,

    /// Column of the texts [default: text, else sentence]
    #[arg(long, value_name = "NAME")]
    pub(crate) text_column: Option<String>,

    /// Column of the labels; the test split may lack it
    #[arg(long, value_name = "NAME", default_value = "label")]
    pub(crate) label_column: String,

    /// Column of scores, for regression; then the label column may be missing
    #[arg(long, value_name = "NAME")]
    pub(crate) score_column: Option<String>,

    /// Names of the labels 0, 1, ... [default: what the files tell, else the sorted labels of train]
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    pub(crate) label_names: Option<Vec<String>>,

    /// At most the first N sentences of each split, for trial runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) max_samples: Option<i64>,

    /// What every stage has.
    #[command(flatten)]
    common: Common,
}

/// Everything in the settings that defines the result.
#[derive(Debug, Serialize)]
struct Plan<'a> {
    dataset: &'a str,
    source: &'a str,
    config: Option<&'a str>,
    columns: Option<PlannedColumns<'a>>,
    label_names: Option<&'a [String]>,
    max_samples: Option<i64>,
}

#[derive(Debug, Serialize)]
struct PlannedColumns<'a> {
    text: Option<&'a str>,
    label: &'a str,
    score: Option<&'a str>,
}

/// A dataset that was found, and has not been read.
pub(crate) struct Dataset {
    pub(crate) name: String,
    /// Where it came from, as far as that defines what it is.
    pub(crate) source: String,
    pub(crate) licence: String,
    pub(crate) content: Content,
}

/// What there is to read.
pub(crate) enum Content {
    Sample,
    Files(Kind, SplitFiles),
    Hub(Box<Repository>),
}

pub(crate) fn run(args: &DatasetArgs) -> anyhow::Result<()> {
    let dataset = find(args)?;
    let tables = !matches!(dataset.content, Content::Sample | Content::Files(Kind::Trees, _));
    let columns = PlannedColumns {
        text: args.text_column.as_deref(),
        label: &args.label_column,
        score: args.score_column.as_deref(),
    };
    let plan = Plan {
        dataset: &dataset.name,
        source: &dataset.source,
        config: args.config.as_deref(),
        columns: tables.then_some(columns),
        label_names: args.label_names.as_deref(),
        max_samples: args.max_samples,
    };
    let mut job = Job::new(STAGE, &args.common).plan(&plan)?;
    if let Content::Files(_, splits) = &dataset.content {
        for (split, file) in splits.iter().flat_map(|(split, files)| files.iter().map(move |file| (split, file))) {
            let ending = file.extension().unwrap_or_default().to_string_lossy();
            job = job.input(format!("{}.{ending}", split.name()), file);
        }
    }
    let Some(mut work) = job.begin()? else { return Ok(()) };

    let sets = read(args, &dataset)?;
    for (split, set) in &sets {
        work.output(&split.file(), |file| Ok(set.write(file)?))?;
        let (n_rows, n_sentences) = (set.records.len(), set.records.iter().filter(|record| record.is_root).count());
        args.common.say(&format!("{}: {n_rows} rows, {n_sentences} sentences", split.name()));
    }
    if let Content::Hub(repository) = &dataset.content {
        work.record("commit", repository.commit());
    }
    work.finish()?;
    args.common.say(&format!("{}: {} is done", STAGE.name, args.common.out.display()));
    Ok(())
}

fn find(args: &DatasetArgs) -> anyhow::Result<Dataset> {
    let named = [(Split::Train, &args.train), (Split::Validation, &args.validation), (Split::Test, &args.test)];
    let named: Vec<(Split, PathBuf)> =
        named.into_iter().filter_map(|(split, file)| Some((split, file.clone()?))).collect();
    let dataset = match &args.source {
        Some(_) if !named.is_empty() => {
            Err(anyhow!("give --source, or files with --train, --validation, --test; not both"))
        }
        // Not every failure of the hub is the fault of what was typed.
        Some(Source::Hub(name)) => return hub_dataset(name, args.common.quiet),
        _ if args.config.is_some() => Err(anyhow!("--config goes with --source hub:OWNER/NAME")),
        None if named.is_empty() => {
            Err(anyhow!("nothing to fetch: give --source sample, hub:OWNER/NAME or a folder, or --train FILE"))
        }
        None => local::kind(&named).map(|kind| local_dataset(kind, local::one_file_each(named))),
        Some(Source::Sample) => Ok(sample_dataset()),
        Some(Source::Stanford) => Err(anyhow!(
            "the source stanford is not offered yet; download and unpack trainDevTestTrees_PTB.zip from \
             https://nlp.stanford.edu/sentiment/ and give its folder: --source trees"
        )),
        Some(Source::Path(folder)) => local::scan(folder).map(|(kind, splits)| local_dataset(kind, splits)),
    };
    dataset.map_err(bad_input)
}

fn sample_dataset() -> Dataset {
    Dataset {
        name: corpus::raw::SAMPLE.to_owned(),
        source: format!("sample {:.12}", sha256_hex(sample_text().as_bytes())),
        licence: "MIT OR Apache-2.0".to_owned(),
        content: Content::Sample,
    }
}

fn hub_dataset(name: &HubName, quiet: bool) -> anyhow::Result<Dataset> {
    let repository = Repository::open(RepoType::Dataset, name, quiet)?;
    Ok(Dataset {
        name: name.id.clone(),
        source: format!("hub:{}@{}", name.id, repository.commit()),
        licence: format!("see https://huggingface.co/datasets/{}", name.id),
        content: Content::Hub(Box::new(repository)),
    })
}

/// Local files are named by what they are, never by where they lie: a moved folder gives the same bytes.
fn local_dataset(kind: Kind, splits: SplitFiles) -> Dataset {
    let (name, source, licence) = match kind {
        Kind::Trees => ("sst", "PTB trees", "Stanford Sentiment Treebank, see https://nlp.stanford.edu/sentiment/"),
        Kind::Glue => ("glue-sst2", "GLUE TSV", "GLUE, see https://gluebenchmark.com"),
        Kind::Tables => ("files", "local files", "unknown"),
    };
    let (name, source, licence) = (name.to_owned(), source.to_owned(), licence.to_owned());
    Dataset { name, source, licence, content: Content::Files(kind, splits) }
}
