//! `sst-fetch dataset`: any source of labeled texts to raw Parquet.

mod args;
mod find;
mod labels;
mod local;
mod read;
mod sample;

use serde::Serialize;
use stage::{Job, List, Stage};

pub use args::DatasetArgs;
use find::{Content, find};
use local::Layout;
use read::read;

const STAGE: Stage = Stage { name: "sst-fetch dataset", version: 1 };

/// Everything in the settings that defines the result. The names of its fields are part of the key.
#[derive(Debug, Serialize)]
struct Plan<'a> {
    dataset: &'a str,
    source: &'a str,
    config: Option<&'a str>,
    columns: Option<PlanColumns<'a>>,
    label_names: Option<&'a [String]>,
    max_samples: Option<i64>,
}

#[derive(Debug, Serialize)]
struct PlanColumns<'a> {
    text: Option<&'a str>,
    label: &'a str,
    score: Option<&'a str>,
}

pub(crate) fn run(args: &DatasetArgs) -> anyhow::Result<()> {
    let dataset = find(args)?;
    let has_columns = !matches!(dataset.content, Content::Sample | Content::Files(Layout::Trees, _));
    let columns = PlanColumns {
        text: args.text_column.as_deref(),
        label: &args.label_column,
        score: args.score_column.as_deref(),
    };
    let plan = Plan {
        dataset: &dataset.name,
        source: &dataset.source,
        config: args.config.as_deref(),
        columns: has_columns.then_some(columns),
        label_names: args.label_names.as_ref().map(List::items),
        max_samples: args.max_samples,
    };
    let mut job = Job::new(STAGE, &args.common).plan(&plan)?;
    if let Content::Files(_, splits) = &dataset.content {
        for (split, file) in splits.iter().flat_map(|(split, files)| files.iter().map(move |file| (split, file))) {
            let extension = file.extension().unwrap_or_default().to_string_lossy();
            job = job.input(format!("{}.{extension}", split.name()), file);
        }
    }
    let Some(mut out) = job.begin()? else { return Ok(()) };

    let sets = read(args, &dataset)?;
    for (split, set) in &sets {
        out.output(&split.file(), |file| Ok(set.write(file)?))?;
        let (n_rows, n_sentences) = (set.records.len(), set.records.iter().filter(|record| record.is_root).count());
        args.common.say(&format!("{}: {n_rows} rows, {n_sentences} sentences", split.name()));
    }
    if let Content::Hub(repository) = &dataset.content {
        out.record("commit", repository.commit());
    }
    out.finish()?;
    args.common.say(&format!("{}: wrote {}", STAGE.name, args.common.out.display()));
    Ok(())
}
