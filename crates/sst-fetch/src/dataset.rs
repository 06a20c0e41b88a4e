//! `sst-fetch dataset`: any source of labelled texts to raw Parquet.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use hf_hub::RepoType;
use serde::Serialize;
use sst::Split;
use sst::raw::{RawMetadata, RawSet};
use sst::records::{self, Columns, Table};
use sst::task::FINE_GRAINED;
use stage::{Common, Job, Stage, bad_input, sha256_hex};

use crate::hub::Repository;
use crate::labels::{SplitTables, label_names, raw_set};
use crate::local::{self, Kind, SplitFiles};
use crate::source::Source;

const STAGE: Stage = Stage { name: "sst-fetch dataset", version: 1 };

/// The sentences written for this project: part of the program, so that it works wherever it is installed.
const SAMPLE: [(Split, &str, &str); 3] = [
    (Split::Train, "data/sample/train.csv", include_str!("../../../data/sample/train.csv")),
    (Split::Validation, "data/sample/validation.csv", include_str!("../../../data/sample/validation.csv")),
    (Split::Test, "data/sample/test.csv", include_str!("../../../data/sample/test.csv")),
];

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
    config: Option<String>,

    /// Column of the texts [default: text, else sentence]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,

    /// Column of the labels; the test split may lack it
    #[arg(long, value_name = "NAME", default_value = "label")]
    label_column: String,

    /// Column of scores, for regression; then the label column may be missing
    #[arg(long, value_name = "NAME")]
    score_column: Option<String>,

    /// Names of the labels 0, 1, ... [default: what the files tell, else the sorted labels of train]
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    label_names: Option<Vec<String>>,

    /// At most the first N sentences of each split, for trial runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    max_samples: Option<i64>,

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
struct Dataset {
    name: String,
    /// Where it came from, as far as that defines what it is.
    source: String,
    licence: String,
    content: Content,
}

enum Content {
    Sample,
    Files(Kind, SplitFiles),
    Hub(Repository),
}

pub(crate) fn run(args: &DatasetArgs) -> anyhow::Result<()> {
    let dataset = find(args).map_err(bad_input)?;
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
    let rows = |set: &RawSet| (set.records.len(), set.records.iter().filter(|record| record.is_root).count());
    for (split, set) in &sets {
        work.output(&split.file(), |file| Ok(set.write(file)?))?;
        let (n_rows, n_sentences) = rows(set);
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
    if args.config.is_some() && !matches!(args.source, Some(Source::Hub(_))) {
        bail!("--config goes with --source hub:OWNER/NAME");
    }
    let source = match &args.source {
        None if named.is_empty() => {
            bail!("nothing to fetch: give --source sample, hub:OWNER/NAME or a folder, or --train FILE")
        }
        None => {
            let kind = local::kind(&named)?;
            return Ok(local_dataset(kind, named.into_iter().map(|(split, file)| (split, vec![file])).collect()));
        }
        Some(_) if !named.is_empty() => bail!("give --source, or files with --train, --validation, --test; not both"),
        Some(source) => source,
    };
    match source {
        Source::Sample => Ok(Dataset {
            name: "sample".to_owned(),
            source: format!("sample {:.12}", sha256_hex(SAMPLE.map(|(.., text)| text).concat().as_bytes())),
            licence: "MIT OR Apache-2.0".to_owned(),
            content: Content::Sample,
        }),
        Source::Stanford => bail!(
            "the source stanford is not offered yet; download and unpack trainDevTestTrees_PTB.zip from \
             https://nlp.stanford.edu/sentiment/ and give its folder: --source trees"
        ),
        Source::Hub(name) => {
            let repository = Repository::open(RepoType::Dataset, name, args.common.quiet)?;
            Ok(Dataset {
                name: name.id.clone(),
                source: format!("hub:{}@{}", name.id, repository.commit()),
                licence: format!("see https://huggingface.co/datasets/{}", name.id),
                content: Content::Hub(repository),
            })
        }
        Source::Path(folder) => local::scan(folder).map(|(kind, splits)| local_dataset(kind, splits)),
    }
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

/// Reads all splits before anything is written.
fn read(args: &DatasetArgs, dataset: &Dataset) -> anyhow::Result<Vec<(Split, RawSet)>> {
    let mut metadata = RawMetadata {
        label_names: args.label_names.clone().unwrap_or_else(|| FINE_GRAINED.map(str::to_owned).to_vec()),
        dataset: dataset.name.clone(),
        source: dataset.source.clone(),
        licence: dataset.licence.clone(),
    };
    let mut sets = match &dataset.content {
        Content::Files(Kind::Trees, splits) => trees(splits, &metadata).map_err(bad_input)?,
        content => {
            let tables = tables(args, content)?;
            let given = match content {
                Content::Sample => Some(metadata.label_names.clone()),
                Content::Files(Kind::Glue, _) => args.label_names.clone().or_else(|| Some(polarity())),
                _ => args.label_names.clone(),
            };
            metadata.label_names = label_names(&tables, given.as_deref()).map_err(bad_input)?;
            let sets = tables.into_iter().map(|tables| Ok((tables.split, raw_set(tables, &metadata)?)));
            sets.collect::<anyhow::Result<Vec<_>>>().map_err(bad_input)?
        }
    };
    if let Some(most) = args.max_samples {
        sets.iter_mut().for_each(|(_, set)| set.records.retain(|record| record.sentence_id < most));
    }
    Ok(sets)
}

fn polarity() -> Vec<String> {
    ["negative", "positive"].map(str::to_owned).to_vec()
}

fn trees(splits: &SplitFiles, metadata: &RawMetadata) -> anyhow::Result<Vec<(Split, RawSet)>> {
    if metadata.label_names.len() != FINE_GRAINED.len() {
        bail!("trees have {} labels; --label-names gives {}", FINE_GRAINED.len(), metadata.label_names.len());
    }
    let read = |(split, files): &(Split, Vec<PathBuf>)| {
        let file = files.first().context("a split has a file")?;
        Ok((*split, RawSet { metadata: metadata.clone(), records: records::trees::read(file)? }))
    };
    splits.iter().map(read).collect()
}

fn tables(args: &DatasetArgs, content: &Content) -> anyhow::Result<Vec<SplitTables>> {
    let columns = |split: Split| Columns {
        text: args.text_column.clone(),
        label: args.label_column.clone(),
        score: args.score_column.clone(),
        label_required: split != Split::Test && args.score_column.is_none(),
    };
    let splits = match content {
        Content::Sample => return SAMPLE.into_iter().map(|(split, name, text)| sample(split, name, text)).collect(),
        Content::Files(_, splits) => splits.clone(),
        Content::Hub(repository) => repository.dataset_files(args.config.as_deref())?,
    };
    let read = |(split, files): (Split, Vec<PathBuf>)| {
        let table = |file: PathBuf| Ok((file.clone(), records::read(&file, &columns(split))?));
        let tables: anyhow::Result<Vec<(PathBuf, Table)>> = files.into_iter().map(table).collect();
        Ok(SplitTables { split, tables: tables.map_err(bad_input)? })
    };
    splits.into_iter().map(read).collect()
}

fn sample(split: Split, name: &str, text: &str) -> anyhow::Result<SplitTables> {
    let table = records::parse_csv(Path::new(name), text, &Columns::default());
    Ok(SplitTables { split, tables: vec![(name.into(), table.map_err(|error| anyhow!(error))?)] })
}
