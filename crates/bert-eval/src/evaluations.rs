//! Finished evaluations, as what is made from several of them reads them.

use std::path::{Path, PathBuf};

use run_files::layout::eval::{METRICS, PREDICTIONS};
use run_files::metrics_json::{self, Metrics};
use run_files::predictions::{Outcomes, Predictions, TEXT, TextColumns};
use stage::{Fingerprint, Job, Manifest, Upstream, ensure_input};

/// The role of the weights among the inputs of an evaluation.
pub(crate) const WEIGHTS: &str = "train/model.safetensors";

/// An output folder of `bert-eval`.
#[derive(Debug)]
pub(crate) struct Evaluation {
    /// What tells it from the others, a part of its path.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
    metrics_file: PathBuf,
    predictions_file: PathBuf,
}

/// What an evaluation found.
#[derive(Debug)]
pub(crate) struct Evaluated {
    pub(crate) metrics: Metrics,
    pub(crate) predictions: Predictions,
    pub(crate) text_columns: TextColumns,
}

impl Evaluation {
    /// Opens the folders, at least `at_least` of them.
    ///
    /// # Errors
    /// Fails when there are fewer, one is no finished evaluation, or one has no figures.
    pub(crate) fn open_all(folders: &[PathBuf], at_least: usize) -> anyhow::Result<Vec<Self>> {
        ensure_input!(
            folders.len() >= at_least,
            "expected at least {at_least} output folders of bert-eval, found {}",
            folders.len()
        );
        let names = short_names(folders);
        let open = |(folder, name): (&PathBuf, String)| {
            let upstream = Upstream::open(folder, "bert-eval")?;
            Ok(Self {
                name,
                folder: folder.clone(),
                metrics_file: upstream.required(METRICS)?,
                predictions_file: upstream.required(PREDICTIONS)?,
                manifest: upstream.manifest,
            })
        };
        folders.iter().zip(names).map(open).collect()
    }

    /// Adds what is read of all `evaluations` to a job.
    pub(crate) fn inputs(evaluations: &[Self], job: Job) -> Job {
        evaluations.iter().enumerate().fold(job, |job, (index, evaluation)| {
            let role = |name: &str| format!("{}/{name}", index + 1);
            job.input_folder(&evaluation.folder)
                .input(role(METRICS), &evaluation.metrics_file)
                .input(role(PREDICTIONS), &evaluation.predictions_file)
        })
    }

    /// Reads the figures and the predictions.
    ///
    /// # Errors
    /// Names the file that is not what it should be.
    pub(crate) fn read(&self) -> anyhow::Result<Evaluated> {
        let (predictions, text_columns) = Predictions::read(&self.predictions_file)?;
        Ok(Evaluated { metrics: metrics_json::read(&self.metrics_file)?, predictions, text_columns })
    }

    /// SHA-256 of the weights that were evaluated.
    pub(crate) fn weights(&self) -> Option<&Fingerprint> {
        self.manifest.inputs.get(WEIGHTS)
    }

    /// The file of a split in the folder `raw` or `tokens`, if it was read.
    fn file_of(&self, folder: &str, split: &str) -> Option<&Fingerprint> {
        self.manifest.inputs.get(&format!("{folder}/{split}.parquet"))
    }

    /// Whether both evaluate the same weights on the same tokens of `split`.
    pub(crate) fn is_same_as(&self, other: &Self, split: &str) -> bool {
        self.weights() == other.weights() && self.file_of("tokens", split) == other.file_of("tokens", split)
    }

    /// Reads those that evaluate the same rows; with doubts, in words, whether they do.
    ///
    /// # Errors
    /// Names the file that is not what it should be, and the first that evaluates other rows.
    pub(crate) fn read_of_same_rows(evaluations: &[Self]) -> anyhow::Result<(Vec<Evaluated>, Vec<String>)> {
        let read: Vec<Evaluated> = evaluations.iter().map(Self::read).collect::<anyhow::Result<_>>()?;
        let mut doubts = Vec::new();
        for (evaluation, evaluated) in evaluations.iter().zip(&read).skip(1) {
            doubts.extend(read[0].check_same_rows(&evaluations[0], evaluated, evaluation)?);
        }
        Ok((read, doubts))
    }
}

impl Evaluated {
    /// Refuses another evaluation of other rows: other ids, labels or names of them, or other texts where both have them. A
    /// doubt, in words, where their texts may be others.
    ///
    /// # Errors
    /// Says which two, and in what they differ.
    fn check_same_rows(&self, of: &Evaluation, other: &Self, of_other: &Evaluation) -> anyhow::Result<Option<String>> {
        let (left, right) = (&self.predictions, &other.predictions);
        let differs = if left.label_names != right.label_names {
            Some("label names".to_owned())
        } else if left.len() != right.len() {
            Some(format!("numbers of rows, {} and {}", left.len(), right.len()))
        } else if left.ids != right.ids || left.sentence_ids != right.sentence_ids {
            Some("ids".to_owned())
        } else if !same_labels(&left.outcomes, &right.outcomes) {
            Some("labels".to_owned())
        } else if self.texts().zip(other.texts()).is_some_and(|(left, right)| left != right) {
            Some("texts".to_owned())
        } else {
            None
        };
        ensure_input!(
            differs.is_none(),
            "{} and {} evaluate different rows: they have other {}; give evaluations of one split of one dataset",
            of.folder.display(),
            of_other.folder.display(),
            differs.unwrap_or_default()
        );
        if self.texts().is_some() && other.texts().is_some() {
            return Ok(None);
        }
        let split = &self.metrics.evaluated().split;
        let files = |folder| (of.file_of(folder, split), of_other.file_of(folder, split));
        let (kind, left, right, remedy) = match files("raw") {
            (Some(left), Some(right)) => ("raw", Some(left), Some(right), "--save-texts"),
            // Other tokens may be those of another tokenizer.
            _ => ("token", files("tokens").0, files("tokens").1, "--raw, given to both,"),
        };
        Ok((left != right).then(|| {
            format!(
                "{} and {} were given {kind} files that differ (SHA-256 {}, {}): whether their texts are the same is not known; \
                 {remedy} would tell",
                of.folder.display(),
                of_other.folder.display(),
                Fingerprint::short(left),
                Fingerprint::short(right)
            )
        }))
    }

    fn texts(&self) -> Option<&[Option<String>]> {
        let column = self.text_columns.names.iter().position(|name| name == TEXT)?;
        Some(&self.text_columns.values[column])
    }
}

fn same_labels(left: &Outcomes, right: &Outcomes) -> bool {
    match (left, right) {
        (Outcomes::Classes { labels: left, .. }, Outcomes::Classes { labels: right, .. }) => left == right,
        (Outcomes::Scores { labels: left, .. }, Outcomes::Scores { labels: right, .. }) => left == right,
        _ => false,
    }
}

/// The parts of the paths between what all begin and what all end with; where that tells them not apart, with a number.
fn short_names(folders: &[PathBuf]) -> Vec<String> {
    let paths: Vec<Vec<String>> = folders.iter().map(|folder| components(folder)).collect();
    if let [path] = paths.as_slice() {
        return vec![path.last().cloned().unwrap_or_default()];
    }
    let shortest = paths.iter().map(Vec::len).min().unwrap_or(0);
    let all_have = |part: &dyn Fn(&[String]) -> Option<String>| {
        let first = paths.first().and_then(|path| part(path));
        first.is_some() && paths.iter().all(|path| part(path) == first)
    };
    let before = (0..shortest).take_while(|&at| all_have(&|path| path.get(at).cloned())).count();
    let behind = (0..shortest - before).take_while(|&at| all_have(&|path| path.iter().rev().nth(at).cloned())).count();
    let mut names: Vec<String> = paths.iter().map(|path| path[before..path.len() - behind].join("/")).collect();
    for index in 0..names.len() {
        let n_before = names[..index].iter().filter(|name| **name == names[index]).count();
        if names[index].is_empty() || n_before > 0 {
            names[index] = format!("{} ({})", paths[index].last().map_or("", String::as_str), index + 1);
        }
    }
    names
}

fn components(path: &Path) -> Vec<String> {
    path.components().map(|component| component.as_os_str().to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_tells_paths_apart() {
        let names = |paths: &[&str]| short_names(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(names(&["data/runs/a/eval/test", "data/runs/b/eval/test"]), ["a", "b"]);
        assert_eq!(names(&["runs/a/seed-1/test", "runs/b/test"]), ["a/seed-1", "b"]);
        assert_eq!(names(&["test", "test"]), ["test (1)", "test (2)"]);
        assert_eq!(names(&["a/test", "a/test", "b/test"]), ["a", "test (2)", "b"]);
        assert_eq!(names(&["a/test"]), ["test"]);
    }
}
