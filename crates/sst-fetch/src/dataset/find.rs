//! Finds a dataset: from `--source` or the named files to what there is to read, with its name and origin.

use corpus::Split;
use hf_hub::RepoType;
use stage::{bail_input, ensure_input, sha256_hex};

use super::args::DatasetArgs;
use super::local::{self, Layout};
use super::sample;
use crate::hub::Repository;
use crate::source::{HubName, Source};
use crate::split_files::SplitFiles;

/// A dataset that was found, and has not been read.
pub(crate) struct Dataset {
    pub(crate) name: String,
    /// Where it came from, as far as that defines what it is.
    pub(crate) source: String,
    pub(crate) license: String,
    pub(crate) content: Content,
}

/// What there is to read.
pub(crate) enum Content {
    Sample,
    Files(Layout, SplitFiles),
    Hub(Box<Repository>),
}

/// Finds the dataset that the arguments name.
pub(crate) fn find(args: &DatasetArgs) -> anyhow::Result<Dataset> {
    let files = [(Split::Train, &args.train), (Split::Validation, &args.validation), (Split::Test, &args.test)];
    let given = files.into_iter().filter(|(_, files)| !files.is_empty());
    let files: SplitFiles = given.map(|(split, files)| (split, files.clone())).collect();
    for (split, files) in &files {
        let twice = files.iter().enumerate().find(|(index, file)| files[..*index].contains(file));
        if let Some((_, file)) = twice {
            bail_input!("--{} names {} twice", split.name(), file.display());
        }
    }
    ensure_input!(
        args.source.is_none() || files.is_empty(),
        "give --source, or files with --train, --validation, --test; not both"
    );
    if let Some(Source::Hub(name)) = &args.source {
        return hub_dataset(name, args.common.quiet);
    }
    ensure_input!(args.config.is_none(), "--config goes with --source hub:OWNER/NAME");
    match &args.source {
        None if files.is_empty() => {
            bail_input!("nothing to fetch: give --source sample, hub:OWNER/NAME or a folder, or --train FILE")
        }
        None => Ok(local_dataset(local::layout(&files)?, files)),
        Some(Source::Path(folder)) => {
            let (layout, splits) = local::scan(folder)?;
            Ok(local_dataset(layout, splits))
        }
        Some(Source::Sample | Source::Hub(_)) => Ok(sample_dataset()),
    }
}

fn sample_dataset() -> Dataset {
    Dataset {
        name: corpus::raw::SAMPLE.to_owned(),
        source: format!("sample {:.12}", sha256_hex(sample::text().as_bytes())),
        license: "MIT OR Apache-2.0".to_owned(),
        content: Content::Sample,
    }
}

fn hub_dataset(name: &HubName, quiet: bool) -> anyhow::Result<Dataset> {
    let repository = Repository::open(RepoType::Dataset, name, quiet)?;
    Ok(Dataset {
        name: name.id.clone(),
        source: format!("hub:{}@{}", name.id, repository.commit()),
        license: format!("see https://huggingface.co/datasets/{}", name.id),
        content: Content::Hub(Box::new(repository)),
    })
}

/// Local files are named by what they are, never by their path: a moved folder gives the same bytes.
fn local_dataset(layout: Layout, splits: SplitFiles) -> Dataset {
    let (name, source, license) = match layout {
        Layout::Trees => ("sst", "PTB trees", "Stanford Sentiment Treebank, see https://nlp.stanford.edu/sentiment/"),
        Layout::Glue => ("glue-sst2", "GLUE TSV", "GLUE, see https://gluebenchmark.com"),
        Layout::Tables => ("files", "local files", "unknown"),
    };
    Dataset {
        name: name.to_owned(),
        source: source.to_owned(),
        license: license.to_owned(),
        content: Content::Files(layout, splits),
    }
}
