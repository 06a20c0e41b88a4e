//! Finds a dataset: from `--source` or the named files to what there is to read, with its name and origin.

use std::path::{Path, PathBuf};

use corpus::Split;
use corpus::raw::{RawMetadata, RawReader};
use corpus::records::FileName;
use stage::{bail_input, ensure_input, named_files, sha256_hex};

use super::args::DatasetArgs;
use super::class_folders;
use super::layout::Layout;
use super::local::{self, FoundFiles, RAW_STAGE};
use super::sample;
use super::stanford::StanfordFiles;
use crate::hub::HubDataset;
use crate::source::{HubName, Source};
use crate::split_files::SplitFiles;

const TREEBANK_LICENSE: &str = "Stanford Sentiment Treebank, see https://nlp.stanford.edu/sentiment/";

/// A dataset that was found, and has not been read.
pub(crate) struct Dataset {
    pub(crate) name: String,
    /// Where it came from, as far as that defines what it is.
    pub(crate) source: String,
    pub(crate) license: String,
    pub(crate) content: Content,
    /// Which of its files is what, where that was guessed.
    guesses: Vec<String>,
}

/// What there is to read.
pub(crate) enum Content {
    Sample,
    Files(Layout, SplitFiles),
    Hub(Box<HubDataset>),
    /// The treebank as Stanford ships it.
    Stanford(Box<StanfordFiles>),
}

impl Dataset {
    /// The names of its local files, by which rows say where they are from, and of those of the hub where its commit does not say
    /// which they are.
    pub(crate) fn file_names(&self) -> Vec<String> {
        match &self.content {
            Content::Files(Layout::ClassFolders | Layout::Raw, _) | Content::Sample => Vec::new(),
            Content::Hub(hub) => hub.cached_names(),
            Content::Stanford(files) => files.file_names(),
            Content::Files(layout, splits) => {
                splits.iter().flat_map(|(_, files)| files).map(|file| source_name(file, Some(*layout))).collect()
            }
        }
    }

    /// How its local files are laid out.
    pub(crate) fn layout(&self) -> Option<Layout> {
        match &self.content {
            Content::Files(layout, _) => Some(*layout),
            Content::Stanford(_) => Some(Layout::Trees),
            Content::Sample | Content::Hub(_) => None,
        }
    }

    /// What is to be said of its files before they are read.
    pub(crate) fn said(&self) -> anyhow::Result<Vec<String>> {
        let of_content = match &self.content {
            Content::Stanford(files) => files.differences()?,
            Content::Hub(hub) => hub.said().to_vec(),
            Content::Sample | Content::Files(..) => Vec::new(),
        };
        Ok([of_content, self.guesses.clone()].concat())
    }

    /// The splits that it has.
    pub(crate) fn splits(&self) -> anyhow::Result<Vec<Split>> {
        match &self.content {
            Content::Sample => Ok(Split::ALL.to_vec()),
            Content::Files(_, splits) => Ok(splits.iter().map(|(split, _)| *split).collect()),
            Content::Hub(hub) => Ok(hub.splits()),
            Content::Stanford(files) => files.splits(),
        }
    }

    /// Whether what it lacks is split off without being requested: where a source as a whole was named, not its splits.
    pub(crate) fn is_divided_by_default(&self, args: &DatasetArgs) -> bool {
        args.source.is_some() && !matches!(self.content, Content::Sample)
    }
}

/// The name by which rows say which file they are from: without folders, but for that of a class.
pub(crate) fn source_name(file: &Path, layout: Option<Layout>) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if layout == Some(Layout::ClassFolders) { format!("{}/{name}", class_folders::class(file)) } else { name }
}

/// Finds the dataset that the arguments name.
pub(crate) fn find(args: &DatasetArgs) -> anyhow::Result<Dataset> {
    let given = [(Split::Train, &args.train), (Split::Validation, &args.validation), (Split::Test, &args.test)];
    let mut files = SplitFiles::new();
    for (split, given) in given.into_iter().filter(|(_, given)| !given.is_empty()) {
        files.push((split, named_files(&format!("--{}", split.name()), given)?));
    }
    ensure_input!(
        args.source.is_none() || files.is_empty(),
        "give --source, or files with --train, --validation, --test; not both"
    );
    let is_stanford = args.source == Some(Source::Stanford);
    ensure_input!(is_stanford || args.stanford_url.is_none(), "--stanford-url goes with --source stanford");
    if let Some(Source::Hub(name)) = &args.source {
        return hub_dataset(name, args.config.as_deref(), args.common.quiet);
    }
    ensure_input!(args.config.is_none(), "--config goes with --source hub:OWNER/NAME");
    match &args.source {
        None if files.is_empty() => {
            bail_input!(
                "nothing to fetch: give --source sample, stanford, hub:OWNER/NAME, a file or a folder, or --train FILE"
            )
        }
        None => local_dataset(args, local::split_layout(files, args)?),
        Some(Source::Path(folder)) => {
            if let Some(files) = StanfordFiles::find(folder)? {
                refuse_table_flags(args, Layout::Trees, &[])?;
                return Ok(stanford_dataset(files));
            }
            local_dataset(args, local::scan(folder, args)?)
        }
        Some(Source::Stanford) => {
            refuse_table_flags(args, Layout::Trees, &[])?;
            Ok(stanford_dataset(StanfordFiles::fetch(args.stanford_url.as_deref(), args.common.quiet)?))
        }
        Some(Source::Sample | Source::Hub(_)) => {
            refuse_table_flags(args, Layout::Trees, &[])?;
            Ok(sample_dataset())
        }
    }
}

/// Refuses flags that say how CSV, TSV or text is read where there is none.
fn refuse_table_flags(args: &DatasetArgs, layout: Layout, files: &[&PathBuf]) -> anyhow::Result<()> {
    let names: Vec<FileName> = files.iter().map(|file| FileName::of(file)).collect();
    let may_have_fields = |name: &FileName| ["csv", "tsv"].contains(&name.extension.as_str()) || name.is_plain_text();
    let has_fields = matches!(layout, Layout::Tables | Layout::Glue) && names.iter().any(may_have_fields);
    if let Some(flag) = args.tables.of_separated_fields().filter(|_| !has_fields) {
        bail_input!("{flag} says how CSV, TSV and tables in .txt are read, and there is none of them");
    }
    let has_text = names.iter().any(|name| name.extension != "parquet");
    ensure_input!(
        has_text || args.tables.encoding.is_none(),
        "--encoding says how text files are read, and there is none"
    );
    Ok(())
}

fn sample_dataset() -> Dataset {
    Dataset {
        name: corpus::raw::SAMPLE.to_owned(),
        source: format!("sample {:.12}", sha256_hex(sample::text().as_bytes())),
        license: "MIT OR Apache-2.0".to_owned(),
        content: Content::Sample,
        guesses: Vec::new(),
    }
}

fn stanford_dataset(files: StanfordFiles) -> Dataset {
    Dataset {
        name: "sst".to_owned(),
        source: files.source().to_owned(),
        license: TREEBANK_LICENSE.to_owned(),
        content: Content::Stanford(Box::new(files)),
        guesses: Vec::new(),
    }
}

fn hub_dataset(name: &HubName, config: Option<&str>, quiet: bool) -> anyhow::Result<Dataset> {
    let hub = HubDataset::open(name, config, quiet)?;
    Ok(Dataset {
        name: name.id.clone(),
        source: format!("hub:{}@{}", hub.id(), hub.commit()),
        license: format!("see https://huggingface.co/datasets/{}", name.id),
        content: Content::Hub(Box::new(hub)),
        guesses: Vec::new(),
    })
}

/// What an earlier run fetched stays what it is.
fn raw_dataset(layout: Layout, splits: SplitFiles) -> anyhow::Result<Dataset> {
    let Some(file) = splits.iter().flat_map(|(_, files)| files).next() else {
        bail_input!(
            "the folder's manifest is one of {RAW_STAGE}, but it holds none of its files; fetch the dataset again"
        );
    };
    let RawMetadata { dataset: name, source, license, .. } = RawReader::open(file)?.metadata().clone();
    Ok(Dataset { name, source, license, content: Content::Files(layout, splits), guesses: Vec::new() })
}

/// Local files are named by what they are, never by their path: a moved folder gives the same bytes.
fn local_dataset(args: &DatasetArgs, found: FoundFiles) -> anyhow::Result<Dataset> {
    let FoundFiles { layout, splits, said } = found;
    refuse_table_flags(args, layout, &splits.iter().flat_map(|(_, files)| files).collect::<Vec<_>>())?;
    ensure_input!(
        ![Layout::ClassFolders, Layout::ClassFiles, Layout::PairedLines].contains(&layout)
            || args.score_column.is_none(),
        "--score-column is for tables; texts whose labels are names of files or folders, or stand in files of their own, have no scores"
    );
    let (name, source, license) = match layout {
        Layout::Trees => ("sst", "PTB trees", TREEBANK_LICENSE),
        Layout::Glue => ("glue-sst2", "GLUE TSV", "GLUE, see https://gluebenchmark.com"),
        Layout::Tables => ("files", "local files", "unknown"),
        Layout::ClassFolders => ("files", "a folder for each class", "unknown"),
        Layout::ClassFiles => ("files", "a file for each class", "unknown"),
        Layout::PairedLines => ("files", "files of texts and of labels", "unknown"),
        Layout::Raw => return raw_dataset(layout, splits),
    };
    Ok(Dataset {
        name: name.to_owned(),
        source: source.to_owned(),
        license: license.to_owned(),
        content: Content::Files(layout, splits),
        guesses: said,
    })
}
