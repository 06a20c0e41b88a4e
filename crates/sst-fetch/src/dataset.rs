//! `sst-fetch dataset`: any source of labeled texts to raw Parquet.
//!
//! The first reading of the files keeps a few facts of every row, on which is decided what the classes are and
//! which rows go where; another one writes each split. So memory does not grow with the texts, and nothing is written of a dataset
//! that is refused.

mod scores;
mod division;
mod division_args;
mod args;

mod rows;
mod layout;
mod class_folders;
mod folder_tables;
mod class_files;
mod paired_lines;
mod names_file;
mod texts_by_class;
mod named_within;
mod glue;
mod local;
mod stanford;
mod find;
mod sample;
mod plan;

mod raw_source;
mod label_text;
mod split_column;
mod sources;
mod reading;
mod grouping;
mod survey;
mod labels;
mod assignment;
mod divide;
mod write;
mod report;

use std::path::{Path, PathBuf};

use corpus::raw::RawMetadata;
use corpus::records::FileName;
use corpus::{Split, raw_rows};
use serde_json::{Map, Value, json};
use stage::{Job, List, OutputWriter, Stage};

pub use args::DatasetArgs;
use divide::divide;
use division::Division;
use find::{Content, Dataset, find};
use grouping::Grouping;
use labels::{GivenNames, Labels};
use layout::Layout;
use names_file::NamesFile;
use plan::Plan;
use report::Report;
use scores::ScoreRules;
use survey::Survey;
use write::RowWriter;

use crate::source::Source;
use crate::split_files::SplitFiles;

/// Version 2: rows have their depth and where they stand in the source, and samples are drawn, not cut off. Version 3: Arrow's schema
/// has the metadata, too.
const STAGE: Stage = Stage { name: local::RAW_STAGE, version: 3 };

pub(crate) fn run(args: &DatasetArgs) -> anyhow::Result<()> {
    let dataset = find(args)?;
    let mut division = args.division.division(&dataset.splits()?, dataset.is_divided_by_default(args))?;
    let kept = args.kept_names()?;
    let names_files = match &dataset.content {
        Content::Files(layout, splits) => names_file::beside(args, *layout, &data_files(*layout, splits)),
        _ => Vec::new(),
    };
    let job = Job::new(STAGE, &args.common).plan(&Plan::new(args, &dataset, &division)?)?.figures(figures);
    let job = with_inputs(job, args, &dataset, &names_files);
    let mut said = dataset.said()?;
    let Some(mut out) = job.begin()? else { return Ok(()) };

    let sources = sources::open(args, &dataset)?;
    if let Some(column) = &sources.split_column {
        // Which splits are there is known by now. The plan has the settings, of which with the files this is a function.
        division = args.division.division(&sources.names(), dataset.is_divided_by_default(args))?;
        out.record("split_column", column);
        said.push(format!("splits: column `{}`", column.trim()));
    }
    let guesses = said.into_iter().chain(reading::guesses(&sources.splits)).chain(sources.said.clone());
    let scores = ScoreRules::new(args.score_range()?, &args.unlabeled);
    let mut grouping = (division != Division::Whole).then(|| Grouping::new(args.group_index()));
    let mut survey = Survey::read(&sources.splits, &scores, grouping.as_mut())?;
    let names = GivenNames {
        by_user: args.label_names.as_ref().map(List::items).filter(|_| dataset.layout() != Some(Layout::Trees)),
        beside: names_files.into_iter().map(|path| NamesFile::read(path, args.tables.encoding)).collect(),
    };
    let labels = Labels::decide(args, &names, &sources, &mut survey)?;
    let groups = grouping.map(|grouping| grouping.finish(sources.of(Split::Train))).transpose()?;
    let divided = divide(&args.division, &division, &survey.rows, groups.as_deref(), &labels)?;

    let metadata = RawMetadata {
        label_names: labels.names.clone(),
        ordered: labels.ordered,
        dataset: dataset.name.clone(),
        source: dataset.source.clone(),
        license: dataset.license.clone(),
        kept,
    };
    let (rows, assignment, layout) = (&survey.rows, &divided.assignment, dataset.layout());
    let writer = RowWriter { layout, rows, assignment, labels: &labels, scores: &scores, metadata };
    let report = Report { rows, assignment, labels: &labels };
    for split in report.splits() {
        out.output(&split.file(), |file| writer.write(&sources.splits, split, file))?;
        args.common.say(&report.counts(split));
    }
    guesses.for_each(|guess| args.common.say(&guess));
    reading::left_out(&survey.without_text).iter().for_each(|rows| stage::say(rows));
    labels.notes.iter().chain(&divided.notes).for_each(|note| args.common.say(note));
    if let Some(copies) = report.copies() {
        args.common.say(&copies);
    }
    for warning in report.balance_warnings() {
        args.common.say(&format!("{}: warning: {warning}", STAGE.name));
    }
    if let Content::Hub(hub) = &dataset.content {
        out.record("commit", hub.commit());
    }
    out.finish()?;
    args.common.say(&format!("{}: wrote {}", STAGE.name, args.common.out.display()));
    Ok(())
}

/// The files of all splits, with those of their labels.
fn data_files(layout: Layout, splits: &SplitFiles) -> Vec<PathBuf> {
    let with_labels = |file: &PathBuf| [Some(file.clone()), labels_beside(layout, file)].into_iter().flatten();
    splits.iter().flat_map(|(_, files)| files).flat_map(with_labels).collect()
}

/// The file that the labels of a file are in, where that is another.
fn labels_beside(layout: Layout, file: &Path) -> Option<PathBuf> {
    if layout == Layout::PairedLines { paired_lines::labels_of(file) } else { None }
}

/// The job with everything on this machine that the dataset is read from.
fn with_inputs(mut job: Job, args: &DatasetArgs, dataset: &Dataset, names_files: &[PathBuf]) -> Job {
    if let Some(Source::Path(path)) = &args.source {
        job = job.input_folder(path);
    }
    for folder in [&args.train, &args.validation, &args.test].into_iter().flatten().filter(|path| path.is_dir()) {
        job = job.input_folder(folder);
    }
    match &dataset.content {
        Content::Files(layout, splits) => {
            for (split, files) in splits {
                for (role, file) in roles(*split, files, *layout).into_iter().zip(files) {
                    if let Some(labels) = labels_beside(*layout, file) {
                        job = job.input(format!("{role}.labels"), labels);
                    }
                    job = job.input(role, file);
                }
            }
        }
        Content::Stanford(files) => {
            for (role, file) in files.inputs() {
                job = job.input(role, file);
            }
        }
        Content::Sample | Content::Hub(_) => {}
    }
    let role = |path: &PathBuf| format!("names/{}", path.file_name().unwrap_or_default().to_string_lossy());
    names_files.iter().fold(job, |job, path| job.input(role(path), path))
}

/// The rows of each split.
fn figures(folder: &Path) -> anyhow::Result<Map<String, Value>> {
    Ok(Map::from_iter([("rows".to_owned(), json!(raw_rows(folder)?))]))
}

/// What the files of a split are to the dataset: that defines the result together with their content. In folders of classes it
/// has the class.
fn roles(split: Split, files: &[PathBuf], layout: Layout) -> Vec<String> {
    let numbered = |index: usize| match index {
        0 => split.name().to_owned(),
        _ => format!("{}-{}", split.name(), index + 1),
    };
    if layout == Layout::ClassFolders {
        let folders = files.chunk_by(|a, b| class_folders::folder(a) == class_folders::folder(b)).enumerate();
        let role = |index, text: &PathBuf| {
            let name = text.file_name().unwrap_or_default().to_string_lossy();
            format!("{}/{}/{name}", numbered(index), class_folders::class(text))
        };
        return folders.flat_map(|(index, texts)| texts.iter().map(move |text| role(index, text))).collect();
    }
    let extension = |file: &PathBuf| {
        let name = FileName::of(file);
        match name.compression {
            Some(compression) => format!("{}.{}", name.extension, compression.extension()),
            None => file.extension().unwrap_or_default().to_string_lossy().into_owned(),
        }
    };
    files.iter().enumerate().map(|(index, file)| format!("{}.{}", numbered(index), extension(file))).collect()
}
