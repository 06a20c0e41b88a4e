//! Where answers go.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::output::Format;

/// What says how texts are answered, which no collecting of answers does.
const ANSWERING: [&str; 21] = [
    "model",
    "texts",
    "input",
    "input_format",
    "text_column",
    "keep_columns",
    "output",
    "output_format",
    "out",
    "top_k",
    "threshold",
    "calibration",
    "attributions",
    "max_length",
    "truncation_side",
    "window_stride",
    "profile",
    "unset",
    "device",
    "threads",
    "precision",
];

/// What there are no parts with. That an argument requires --out is not asked where --out is in conflict with another, so these
/// are in conflict with what --out is.
const WITHOUT_PARTS: [&str; 2] = ["output", "texts"];

/// Where answers go.
#[derive(Debug, Clone, Args)]
pub(crate) struct OutputArgs {
    /// Write the answers to this file instead of stdout, in the format of its ending; it appears complete or not at all
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Format of the answers: jsonl, csv, tsv, parquet; default: as --output ends, else jsonl
    #[arg(long, value_name = "FORMAT")]
    pub(crate) output_format: Option<Format>,

    /// For large files: write the answers into this folder, in parts; a run that was killed goes on where it was
    #[arg(long, value_name = "DIR", requires = "input", conflicts_with_all = WITHOUT_PARTS)]
    pub(crate) out: Option<PathBuf>,

    /// Rows of the input that make one part
    #[arg(long, value_name = "N", requires = "out", conflicts_with_all = WITHOUT_PARTS, default_value_t = 16384, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rows_per_part: u64,

    /// Answer only the parts of shard I of N, into a folder of its own in --out; `auto/N` takes I from JOB_COMPLETION_INDEX
    /// (Kubernetes) or SLURM_ARRAY_TASK_ID (Slurm, --array=0-(N-1)), which count from 0
    #[arg(long, value_name = "I/N", requires = "out", conflicts_with_all = WITHOUT_PARTS, value_parser = shard)]
    pub(crate) shard: Option<Shard>,

    /// Make one result of the shards in this folder; nothing else is needed
    #[arg(long, value_name = "DIR", conflicts_with_all = ANSWERING)]
    pub(crate) collect: Option<PathBuf>,

    /// With --out, start over: run even if the output is fresh, and go on with nothing
    #[arg(long, requires = "out", conflicts_with_all = WITHOUT_PARTS)]
    pub(crate) force: bool,

    /// With --out, print what differs from the last run, and run nothing
    #[arg(long, requires = "out", conflicts_with_all = WITHOUT_PARTS)]
    pub(crate) explain: bool,
}

/// One of several runs that share the parts of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 1.
    pub(crate) index: u64,
    /// How many there are.
    pub(crate) count: u64,
}

impl Shard {
    /// Whether it has the part with this number, from 0.
    pub(crate) fn has(self, part: u64) -> bool {
        part % self.count == self.index - 1
    }

    /// The name of its folder.
    pub(crate) fn folder(self) -> String {
        format!("shard-{}-of-{}", self.index, self.count)
    }

    /// The shard of a folder's name.
    pub(crate) fn of_folder(name: &str) -> Option<Self> {
        let (index, count) = name.strip_prefix("shard-")?.split_once("-of-")?;
        format!("{index}/{count}").parse().ok().filter(|shard: &Self| shard.folder() == name)
    }
}

/// A shard as it was typed, or as the engine says it.
fn shard(text: &str) -> Result<Shard, String> {
    match text.strip_prefix("auto/") {
        Some(count) => shard_of_task(stage::task_index()?, count),
        None => text.parse(),
    }
}

/// The shard of a task whose index counts from 0.
fn shard_of_task(index: u64, count: &str) -> Result<Shard, String> {
    let last = count.parse::<u64>().ok().and_then(|count| count.checked_sub(1));
    let last = last.ok_or("expected auto/N, such as auto/4")?;
    if index > last {
        return Err(format!("the engine says that this is task {index}; expected 0 to {last}, since the first is 0"));
    }
    Ok(Shard { index: index + 1, count: last + 1 })
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').map(|(index, count)| (index.parse::<u64>(), count.parse::<u64>()));
        match numbers {
            Some((Ok(index), Ok(count))) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("expected I/N with I from 1 to N, such as 1/4, or auto/N".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_of_one_shard() {
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].map(|text| text.parse().unwrap()).to_vec();
        for part in 0..20 {
            assert_eq!(shards.iter().filter(|shard| shard.has(part)).count(), 1, "{part}");
        }
        for shard in shards {
            assert_eq!(Shard::of_folder(&shard.folder()), Some(shard));
        }
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0", "-1/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        assert_eq!(Shard::of_folder("shard-01-of-3"), None);
    }

    #[test]
    fn the_tasks_of_an_engine_are_all_shards() {
        let shards: Vec<Shard> = (0..4).map(|index| shard_of_task(index, "4").unwrap()).collect();
        assert_eq!(shards, ["1/4", "2/4", "3/4", "4/4"].map(|text| text.parse().unwrap()));
        let error = shard_of_task(4, "4").unwrap_err();
        assert_eq!(error, "the engine says that this is task 4; expected 0 to 3, since the first is 0");
        for wrong in ["0", "", "x", "-1"] {
            assert_eq!(shard_of_task(0, wrong).unwrap_err(), "expected auto/N, such as auto/4", "{wrong}");
        }
    }
}
