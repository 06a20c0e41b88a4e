//! `bert-eval suspects`: likely label errors of a dataset, ranked, from evaluations of the folds of cross-validation.
//!
//! Every row is predicted by a model that was not trained on it; confident learning says which labels contradict these
//! predictions (Northcutt, Jiang and Chuang 2021). A model that has seen a label repeats it, so one row may come once only.

use std::collections::HashMap;
use std::path::PathBuf;

use figures::{Cell, Column, DataTable, Page, Part};
use metrics::{LabelIssue, Probabilities, find_label_issues, ranked_labels};
use run_files::layout::suspects::{REPORT, SUSPECTS};
use run_files::predictions::{Outcomes, Predictions, TextColumns};
use serde::Serialize;
use serde_json::json;
use stage::{CommonArgs, Job, OutputWriter, Stage, bail_input, ensure_input};

use crate::evaluations::Evaluation;
use crate::source_columns::free_names;

const STAGE: Stage = Stage { name: "bert-eval suspects", version: 1 };

const EXAMPLE: &str = "Example:
  bert-sweep ... --folds 5 --keep-weights trial --out data/runs/sst2/folds
  cd data/runs/sst2/folds
  for fold in 1 2 3 4 5; do
      bert-eval --run kept/*-fold-$fold --tokens folds/$fold/tokens \\
          --raw folds/$fold/raw --save-texts --out eval/$fold
  done
  bert-eval suspects eval/* --out ../suspects";

/// Likely label errors, ranked, from evaluations of the folds of cross-validation
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct SuspectsArgs {
    /// Output folders of bert-eval, one for each fold
    #[arg(value_name = "EVAL_DIR", required = true)]
    pub evaluations: Vec<PathBuf>,

    /// List at least this share of all rows, however probable their labels
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub at_least: f64,

    /// Output folder, profile, freshness
    #[command(flatten)]
    pub common: CommonArgs,
}

/// One row whose label is likely wrong; a line of `suspects.jsonl`.
#[derive(Debug, Serialize)]
struct Suspect {
    rank: usize,
    /// Its fold's evaluation.
    evaluation: String,
    /// In the raw file of the fold.
    id: i64,
    label: String,
    suggested: String,
    probability_of_label: f64,
    probability_of_suggested: f64,
    /// Whether confident learning takes the label for wrong, or the row is here by its rank alone.
    is_issue: bool,
    /// Where the row stands in its source, its text, and what was kept of it, as far as the evaluations have them.
    #[serde(flatten)]
    columns: serde_json::Map<String, serde_json::Value>,
}

/// The labeled rows of all evaluations.
#[derive(Default)]
struct Rows {
    label_names: Vec<String>,
    labels: Vec<usize>,
    probabilities: Vec<f64>,
    /// The evaluation and the row in it.
    places: Vec<(usize, usize)>,
}

/// Ranks.
///
/// # Errors
/// Fails when a folder is no finished evaluation of classes, when two have other labels, or a row comes twice.
pub(crate) fn run(args: &SuspectsArgs) -> anyhow::Result<()> {
    ensure_input!(
        (0.0..=1.0).contains(&args.at_least),
        "--at-least is {}; expected a share from 0 to 1",
        args.at_least
    );
    let evaluations = Evaluation::open_all(&args.evaluations, 1)?;
    let job = Job::new(STAGE, &args.common).plan(&json!({ "at_least": args.at_least }))?;
    let Some(mut output) = Evaluation::inputs(&evaluations, job).begin()? else { return Ok(()) };

    let mut rows = Rows::default();
    let mut columns = Vec::new();
    for (index, evaluation) in evaluations.iter().enumerate() {
        let read = evaluation.read()?;
        let split = &read.metrics.evaluated().split;
        if let Some(same) = evaluations[..index].iter().find(|other| other.is_same_as(evaluation, split)) {
            let (same, this) = (same.folder.display(), evaluation.folder.display());
            bail_input!("{same} and {this} evaluate the same weights on the same rows; give one of them");
        }
        rows.add(index, evaluation, &read.predictions)?;
        let TextColumns { names, values } = read.text_columns;
        columns.push((read.predictions.ids, TextColumns { names: free_names(&names, &OWN_KEYS), values }));
    }
    check_once(&rows, &evaluations, &columns)?;
    let probabilities = Probabilities::new(&rows.probabilities, rows.label_names.len())?;
    let found = find_label_issues(&rows.labels, probabilities)?;
    let n_listed = (args.at_least * rows.labels.len() as f64).ceil() as usize;
    let listed = listed(&found.issues, ranked_labels(&rows.labels, probabilities), n_listed);
    let folds = Folds { rows: &rows, evaluations: &evaluations, columns: &columns };
    let suspects: Vec<Suspect> =
        (1..).zip(&listed).map(|(rank, (issue, is_issue))| folds.suspect(rank, issue, *is_issue)).collect();
    output.write_json_lines(SUSPECTS, &suspects)?;
    output.write(REPORT, figures::html(&page(&suspects, &rows, found.issues.len())))?;
    output.finish()?;
    let n = rows.labels.len();
    let share = 100.0 * found.issues.len() as f64 / n as f64;
    args.common.say(&format!(
        "{}: {} of {n} labels are likely wrong ({share:.1} %); {}",
        STAGE.name,
        found.issues.len(),
        args.common.out.join(SUSPECTS).display()
    ));
    Ok(())
}

impl Rows {
    fn add(&mut self, index: usize, evaluation: &Evaluation, predictions: &Predictions) -> anyhow::Result<()> {
        let folder = evaluation.folder.display();
        let Outcomes::Classes { labels, probabilities, .. } = &predictions.outcomes else {
            bail_input!("{folder} is of a regression; label errors are found among classes");
        };
        if index == 0 {
            self.label_names.clone_from(&predictions.label_names);
        }
        ensure_input!(
            self.label_names == predictions.label_names,
            "{folder} has other labels ({}) than the first evaluation ({})",
            corpus::shortened_list(&predictions.label_names),
            corpus::shortened_list(&self.label_names)
        );
        let n_classes = self.label_names.len();
        for (row, label) in labels.iter().enumerate() {
            if let Some(label) = label {
                self.labels.push(*label as usize);
                self.probabilities.extend_from_slice(&probabilities[row * n_classes..(row + 1) * n_classes]);
                self.places.push((index, row));
            }
        }
        Ok(())
    }
}

/// Of an evaluation the ids of its rows, and its columns of text by the keys that a line has them under.
type Columns = (Vec<i64>, TextColumns);

/// A row of the source that two evaluations have was trained on by one of their models.
fn check_once(rows: &Rows, evaluations: &[Evaluation], columns: &[Columns]) -> anyhow::Result<()> {
    let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
    for &(evaluation, row) in &rows.places {
        let texts = &columns[evaluation].1;
        let value = |name: &str| text_value(texts, name, row);
        let (Some(file), Some(line)) = (value("source_file"), value("source_line")) else { continue };
        if let Some(other) = seen.insert((file, line), evaluation)
            && other != evaluation
        {
            bail_input!(
                "{} and {} both have the row of {file}, line {line}; give one evaluation of each fold, each on the fold that its \
                 model was not trained on",
                evaluations[other].folder.display(),
                evaluations[evaluation].folder.display()
            );
        }
    }
    Ok(())
}

fn text_value<'a>(texts: &'a TextColumns, name: &str, row: usize) -> Option<&'a str> {
    let column = texts.names.iter().position(|other| other == name)?;
    texts.values[column].get(row)?.as_deref()
}

/// The issues, then the next of the ranking until there are `n`; with whether each is an issue.
fn listed(issues: &[LabelIssue], ranked: Vec<LabelIssue>, n: usize) -> Vec<(LabelIssue, bool)> {
    let is_issue: std::collections::HashSet<usize> = issues.iter().map(|issue| issue.row).collect();
    let others = ranked.into_iter().filter(|issue| !is_issue.contains(&issue.row)).map(|issue| (issue, false));
    let n_others = n.saturating_sub(issues.len());
    issues.iter().map(|issue| (*issue, true)).chain(others.take(n_others)).collect()
}

/// All that is known of the rows.
struct Folds<'a> {
    rows: &'a Rows,
    evaluations: &'a [Evaluation],
    columns: &'a [Columns],
}

impl Folds<'_> {
    fn suspect(&self, rank: usize, issue: &LabelIssue, is_issue: bool) -> Suspect {
        let Self { rows, evaluations, columns } = self;
        let (evaluation, row) = rows.places[issue.row];
        let (ids, texts) = &columns[evaluation];
        let of_row = |(name, values): (&String, &Vec<Option<String>>)| (name.clone(), values[row].clone().into());
        Suspect {
            rank,
            evaluation: evaluations[evaluation].name.clone(),
            id: ids[row],
            label: rows.label_names[issue.label].clone(),
            suggested: rows.label_names[issue.suggested].clone(),
            probability_of_label: issue.self_confidence,
            probability_of_suggested: rows.probabilities[issue.row * rows.label_names.len() + issue.suggested],
            is_issue,
            columns: texts.names.iter().zip(&texts.values).map(of_row).collect(),
        }
    }
}

/// The keys of a line beside those of the source's columns.
const OWN_KEYS: [&str; 8] =
    ["rank", "evaluation", "id", "label", "suggested", "probability_of_label", "probability_of_suggested", "is_issue"];

/// Rows that the page shows; the file has all.
const MAX_ROWS: usize = 2000;

fn page(suspects: &[Suspect], rows: &Rows, n_issues: usize) -> Page {
    let names: Vec<&String> = suspects.first().map(|first| first.columns.keys().collect()).unwrap_or_default();
    let mut columns = vec![
        Column::new("rank"),
        Column::filtered("label"),
        Column::filtered("suggested"),
        Column::new("probability of label"),
        Column::new("of suggested"),
    ];
    let column = |name: &&String| if *name == "text" { Column::wide("text") } else { Column::new(name.as_str()) };
    columns.extend(names.iter().map(column));
    let table_rows =
        suspects.iter().take(MAX_ROWS).map(|suspect| {
            let mut cells = vec![
                Cell::count(suspect.rank as u64),
                Cell::from(suspect.label.as_str()),
                Cell::from(suspect.suggested.as_str()),
                Cell::percent(suspect.probability_of_label, 1),
                Cell::percent(suspect.probability_of_suggested, 1),
            ];
            cells.extend(names.iter().map(|name| {
                suspect.columns.get(*name).and_then(|value| value.as_str()).map_or(Cell::Empty, Cell::from)
            }));
            cells
        });
    let intro = format!(
        "{n_issues} of {} labels contradict the predictions of models that were not trained on them. Each is a suspicion: \
         look at the text before you change a label.",
        rows.labels.len()
    );
    let table = DataTable {
        name: format!("{} of {} rows, the least probable label first", suspects.len().min(MAX_ROWS), suspects.len()),
        columns,
        rows: table_rows.collect(),
    };
    Page { title: "Likely label errors".to_owned(), parts: vec![Part::Text(intro), Part::DataTable(table)] }
}
