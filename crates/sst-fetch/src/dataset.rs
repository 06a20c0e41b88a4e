//! `sst-fetch dataset`: any source of labeled texts to raw Parquet.

mod table_args;
mod args;
mod patterns;
mod class_folders;
mod local;
mod find;
mod sample;
mod tables;
mod reading;
mod scores;
mod labels;
mod read;

use std::collections::BTreeMap;
use std::path::Path;

use corpus::raw::RawSet;
use corpus::records::FileName;
use corpus::{Split, class_balance};
use serde::Serialize;
use stage::{Fingerprint, Job, List, Manifest, Stage, sha256_hex};

pub use args::DatasetArgs;
use find::{Content, Dataset, find};
use local::Layout;
use read::read;
use scores::ScoreRange;
use table_args::TablePlan;

use crate::source::Source;

const STAGE: Stage = Stage { name: "sst-fetch dataset", version: 1 };

/// How labels are read from tables; raised when the same rows come to have other labels.
const LABEL_RULES: u32 = 2;

/// Everything in the settings that defines the result. The names of its fields are part of the key.
#[derive(Debug, Clone, Serialize)]
struct Plan<'a> {
    dataset: &'a str,
    source: &'a str,
    config: Option<&'a str>,
    columns: Option<PlanColumns<'a>>,
    label_names: Option<&'a [String]>,
    max_samples: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label_order: Option<&'a [String]>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unlabeled: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    score_range: Option<ScoreRange>,
    /// Of tables whose labels are not defined by their layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    label_rules: Option<u32>,
    /// Only what was given.
    #[serde(flatten)]
    tables: TablePlan,
}

#[derive(Debug, Clone, Serialize)]
struct PlanColumns<'a> {
    text: Option<&'a str>,
    label: &'a str,
    score: Option<&'a str>,
}

pub(crate) fn run(args: &DatasetArgs) -> anyhow::Result<()> {
    let dataset = find(args)?;
    let mut plan = plan(args, &dataset)?;
    if is_old_and_the_same(args, &dataset, &plan)? {
        plan.label_rules = None;
    }
    let mut job = Job::new(STAGE, &args.common).plan(&plan)?;
    if let Some(Source::Path(folder)) = &args.source {
        job = job.input_folder(folder);
    }
    for folder in [&args.train, &args.validation, &args.test].into_iter().flatten().filter(|path| path.is_dir()) {
        job = job.input_folder(folder);
    }
    if let Content::Files(layout, splits) = &dataset.content {
        for (split, files) in splits {
            for (index, file) in files.iter().enumerate() {
                job = job.input(role(*split, index, file, *layout), file);
            }
        }
    }
    let Some(mut out) = job.begin()? else { return Ok(()) };

    let labeled = read(args, &dataset)?;
    for (split, set) in &labeled.sets {
        out.output(&split.file(), |file| Ok(set.write(file)?))?;
        args.common.say(&counts(*split, set));
    }
    labeled.notes.iter().for_each(|note| args.common.say(note));
    for warning in balance_warnings(&labeled.sets) {
        args.common.say(&format!("{}: warning: {warning}", STAGE.name));
    }
    if let Content::Hub(repository) = &dataset.content {
        out.record("commit", repository.commit());
    }
    out.finish()?;
    args.common.say(&format!("{}: wrote {}", STAGE.name, args.common.out.display()));
    Ok(())
}

/// What a file is to the dataset: it defines the result together with the content. In folders of classes it has the class.
fn role(split: Split, index: usize, file: &Path, layout: Layout) -> String {
    if layout == Layout::ClassFolders {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        return format!("{}/{}/{name}", split.name(), class_folders::class(file));
    }
    let name = FileName::of(file);
    let extension = match name.compression {
        Some(compression) => format!("{}.{}", name.extension, compression.extension()),
        None => file.extension().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let number = if index == 0 { String::new() } else { format!("-{}", index + 1) };
    format!("{}{number}.{extension}", split.name())
}

/// What should be known about the numbers of rows of the classes. Of trees the sentences count.
fn balance_warnings(sets: &[(Split, RawSet)]) -> Vec<String> {
    let Some((_, first)) = sets.first() else { return Vec::new() };
    let names = &first.metadata.label_names;
    let counts = sets.iter().map(|(split, set)| {
        let mut counts = vec![0; names.len()];
        let labels = set.records.iter().filter(|record| record.is_root).filter_map(|record| record.label);
        labels.filter_map(|label| usize::try_from(label).ok()).for_each(|label| counts[label] += 1);
        (*split, counts)
    });
    class_balance::warnings(names, &counts.collect::<Vec<_>>())
}

/// The rows of a split in one line, those without a target counted.
fn counts(split: Split, set: &RawSet) -> String {
    let n_sentences = set.records.iter().filter(|record| record.is_root).count();
    let (target, n_missing) = match set.metadata.label_names.as_slice() {
        [] => ("score", set.records.iter().filter(|record| record.score.is_none()).count()),
        _ => ("label", set.records.iter().filter(|record| record.label.is_none()).count()),
    };
    let missing = if n_missing == 0 { String::new() } else { format!(", {n_missing} without a {target}") };
    format!("{}: {} rows, {n_sentences} sentences{missing}", split.name(), set.records.len())
}

fn plan<'a>(args: &'a DatasetArgs, dataset: &'a Dataset) -> anyhow::Result<Plan<'a>> {
    let has_columns =
        !matches!(dataset.content, Content::Sample | Content::Files(Layout::Trees | Layout::ClassFolders, _));
    let has_own_labels =
        matches!(dataset.content, Content::Files(Layout::Tables | Layout::ClassFolders, _) | Content::Hub(_));
    let columns = PlanColumns {
        text: args.text_column.as_deref(),
        label: &args.label_column,
        score: args.score_column.as_deref(),
    };
    Ok(Plan {
        dataset: &dataset.name,
        source: &dataset.source,
        config: args.config.as_deref(),
        columns: has_columns.then_some(columns),
        label_names: args.label_names.as_ref().map(List::items),
        max_samples: args.max_samples,
        label_order: args.label_order.as_ref().map(List::items),
        unlabeled: &args.unlabeled,
        score_range: args.score_range()?,
        label_rules: has_own_labels.then_some(LABEL_RULES),
        tables: args.tables.plan(),
    })
}

/// Whether the output folder is of the time before these rules of labels, and they give the same files: then it stays fresh.
fn is_old_and_the_same(args: &DatasetArgs, dataset: &Dataset, plan: &Plan) -> anyhow::Result<bool> {
    let old_plan = serde_json::to_value(Plan { label_rules: None, ..plan.clone() })?;
    let Some(old) = Manifest::read(&args.common.out) else { return Ok(false) };
    if plan.label_rules.is_none() || old.stage != STAGE.name || old.plan != old_plan {
        return Ok(false);
    }
    let Ok(labeled) = read(args, dataset) else { return Ok(false) }; // what is wrong is said when the files are made
    let mut files = BTreeMap::new();
    for (split, mut set) in labeled.sets {
        set.metadata.ordered = true; // the files of that time do not say whether the order means something
        let mut bytes = Vec::new();
        set.write(&mut bytes)?;
        files.insert(split.file(), Fingerprint { bytes: bytes.len() as u64, sha256: sha256_hex(&bytes) });
    }
    Ok(files == old.outputs)
}
