//! Comparison of evaluations with the first: `comparison.json`.

use metrics::{
    ClassEvaluation, Difference, Figure, Interval, McNemar, PairedBootstrap, ScoreFigure, holm, paired_bootstrap,
    paired_difference, paired_score_difference, score_estimate,
};
use serde::Serialize;

use crate::evaluations::{Evaluated, Evaluation};
use crate::flat_figures::flat_figures;
use crate::labeled::{Labeled, LabeledClasses, LabeledScores};
use crate::p_value::{LEVEL, shown as shown_p};

/// The bootstrap draws at most so many rows in all, which takes some seconds.
const MAX_DRAWS: usize = 100_000_000;

/// `comparison.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) dataset: String,
    pub(crate) split: String,
    /// Rows with a label.
    pub(crate) n: usize,
    pub(crate) evaluations: Vec<Figures>,
    /// Each of the others with the first.
    pub(crate) pairs: Vec<Pair>,
}

/// The figures of one evaluation, by one name each.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) name: String,
    pub(crate) folder: String,
    pub(crate) figures: serde_json::Map<String, serde_json::Value>,
}

/// Two evaluations.
#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    pub(crate) first: String,
    pub(crate) second: String,
    pub(crate) in_words: String,
    /// Of classifiers: who is right where the other is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mcnemar: Option<McNemar>,
    pub(crate) figures: Vec<PairedFigure>,
    /// Of classifiers: the bootstrap of accuracy and macro F1; absent where rows or resamples are too many.
    pub(crate) bootstrap: Vec<BootstrappedFigure>,
    #[serde(skip)]
    is_same: bool,
}

/// One figure of both.
#[derive(Debug, Serialize)]
pub(crate) struct PairedFigure {
    pub(crate) figure: String,
    pub(crate) first: f64,
    pub(crate) second: f64,
    /// Second less first.
    pub(crate) difference: f64,
    /// 95 % of the difference.
    pub(crate) interval: Option<Interval>,
    pub(crate) p_value: Option<f64>,
    /// Corrected for the number of pairs by Holm's method.
    pub(crate) p_adjusted: Option<f64>,
    pub(crate) greater_is_better: bool,
    /// Why there is no interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
}

/// The paired bootstrap of a figure.
#[derive(Debug, Serialize)]
pub(crate) struct BootstrappedFigure {
    pub(crate) figure: String,
    #[serde(flatten)]
    pub(crate) bootstrap: PairedBootstrap,
}

/// Compares all others with the first; all are of the same rows.
///
/// # Errors
/// Fails on a class that has no name.
pub(crate) fn compare(
    evaluations: &[Evaluation],
    read: &[Evaluated],
    resamples: usize,
    seed: u64,
) -> anyhow::Result<Comparison> {
    let labeled: Vec<Labeled> = read.iter().filter_map(|evaluated| Labeled::of(&evaluated.predictions)).collect();
    let mut pairs = Vec::new();
    for (second, labeled_second) in evaluations.iter().zip(&labeled).skip(1) {
        let mut pair = match (&labeled[0], labeled_second) {
            (Labeled::Classes(left), Labeled::Classes(right)) => class_pair(left, right, resamples, seed)?,
            (Labeled::Scores(left), Labeled::Scores(right)) => score_pair(left, right)?,
            _ => unreachable!("evaluations of the same rows are of one kind"),
        };
        (pair.first, pair.second) = (evaluations[0].name.clone(), second.name.clone());
        pairs.push(pair);
    }
    correct(&mut pairs);
    pairs.iter_mut().for_each(|pair| pair.in_words = in_words(pair));
    let evaluated = read[0].metrics.evaluated();
    let figures = |(evaluation, evaluated): (&Evaluation, &Evaluated)| {
        Ok(Figures {
            name: evaluation.name.clone(),
            folder: evaluation.folder.display().to_string(),
            figures: flat_figures(&serde_json::to_value(&evaluated.metrics)?),
        })
    };
    Ok(Comparison {
        dataset: evaluated.dataset.clone(),
        split: evaluated.split.clone(),
        n: labeled.first().map_or(0, Labeled::n),
        evaluations: evaluations.iter().zip(read).map(figures).collect::<anyhow::Result<_>>()?,
        pairs,
    })
}

fn class_pair(left: &LabeledClasses, right: &LabeledClasses, resamples: usize, seed: u64) -> anyhow::Result<Pair> {
    let (first, second) = (ClassEvaluation::new(left.class_rows()?), ClassEvaluation::new(right.class_rows()?));
    let mcnemar =
        McNemar::of_predictions(first.rows().labels(), first.rows().predictions(), second.rows().predictions());
    let all = Figure::all(left.label_names.len(), corpus::label::names_ascend(left.label_names));
    let mut figures = Vec::new();
    for figure in all {
        let (Some(greater_is_better), Ok(of_first), Ok(of_second)) =
            (figure.greater_is_better(), first.estimate(figure), second.estimate(figure))
        else {
            continue;
        };
        let found = paired_difference(figure, &first, &second);
        let mut paired = PairedFigure::new(figure.name(), [of_first.value, of_second.value], found, greater_is_better);
        if figure == Figure::Accuracy {
            paired.p_value = Some(mcnemar.mid_p);
        }
        figures.push(paired);
    }
    let macro_f1 = Figure::Averaged(metrics::Average::Macro, metrics::Score::F1);
    let is_bootstrapped = first.rows().n().saturating_mul(resamples) <= MAX_DRAWS;
    let bootstraps = is_bootstrapped.then(|| paired_bootstrap(first.rows(), second.rows(), resamples, seed).ok());
    let bootstrap = bootstraps.flatten().into_iter().flat_map(|of| {
        [(Figure::Accuracy, of.accuracy), (macro_f1, of.f1_macro)]
            .map(|(figure, bootstrap)| BootstrappedFigure { figure: figure.name(), bootstrap })
    });
    Ok(Pair {
        first: String::new(),
        second: String::new(),
        in_words: String::new(),
        mcnemar: Some(mcnemar),
        figures,
        bootstrap: bootstrap.collect(),
        is_same: first.rows().probabilities() == second.rows().probabilities(),
    })
}

fn score_pair(left: &LabeledScores, right: &LabeledScores) -> anyhow::Result<Pair> {
    let (first, second) = (left.score_rows()?, right.score_rows()?);
    let mut figures = Vec::new();
    for figure in ScoreFigure::ALL {
        let (Ok(of_first), Ok(of_second)) = (score_estimate(figure, first), score_estimate(figure, second)) else {
            continue;
        };
        let found = paired_score_difference(figure, first, second);
        let values = [of_first.value, of_second.value];
        figures.push(PairedFigure::new(figure.name().to_owned(), values, found, figure.greater_is_better()));
    }
    Ok(Pair {
        first: String::new(),
        second: String::new(),
        in_words: String::new(),
        mcnemar: None,
        figures,
        bootstrap: Vec::new(),
        is_same: first.predictions() == second.predictions(),
    })
}

impl PairedFigure {
    fn new(
        figure: String,
        [first, second]: [f64; 2],
        found: Result<Difference, &'static str>,
        greater_is_better: bool,
    ) -> Self {
        Self {
            figure,
            first,
            second,
            difference: second - first,
            interval: found.as_ref().ok().map(|found| found.interval),
            p_value: found.as_ref().ok().map(|found| found.p_value),
            p_adjusted: None,
            greater_is_better,
            reason: found.err(),
        }
    }
}

/// Corrects the p-values of each figure for the number of pairs.
fn correct(pairs: &mut [Pair]) {
    let names: Vec<String> = pairs.iter().flat_map(|pair| &pair.figures).map(|figure| figure.figure.clone()).collect();
    for name in names {
        let mut tested: Vec<&mut PairedFigure> = pairs
            .iter_mut()
            .flat_map(|pair| &mut pair.figures)
            .filter(|figure| figure.figure == name && figure.p_value.is_some())
            .collect();
        let p_values: Vec<f64> = tested.iter().filter_map(|figure| figure.p_value).collect();
        for (figure, adjusted) in tested.iter_mut().zip(holm(&p_values)) {
            figure.p_adjusted = Some(adjusted);
        }
    }
}

/// The headline of a pair: accuracy, or the mean squared error.
fn in_words(pair: &Pair) -> String {
    let Pair { first, second, .. } = pair;
    if pair.is_same {
        return format!("{second} and {first} predict the same for every row");
    }
    let Some(headline) = pair.figures.first() else { return format!("{second} and {first} have no figure in common") };
    let is_share = headline.figure == "accuracy";
    let shown = |value: f64| if is_share { format!("{:.2} %", 100.0 * value) } else { format!("{value:.4}") };
    let by = |value: f64| if is_share { format!("{:+.2}", 100.0 * value) } else { format!("{value:+.4}") };
    let interval = headline
        .interval
        .as_ref()
        .map_or(String::new(), |interval| format!(" (95 %: {} to {})", by(interval.low), by(interval.high)));
    let unit = if is_share { " points" } else { "" };
    let test = if pair.mcnemar.is_some() { "McNemar, mid-p" } else { "p" };
    let several =
        if headline.p_adjusted == headline.p_value { "" } else { ", corrected for the number of comparisons" };
    let verdict = match headline.p_adjusted {
        Some(p) if p < LEVEL => format!("more than chance ({test} {}{several})", shown_p(p)),
        Some(p) => format!("no more than chance may give ({test} {}{several})", shown_p(p)),
        None => "of unknown weight".to_owned(),
    };
    let rows = pair.mcnemar.as_ref().map_or(String::new(), |it| {
        format!("; only {second} is right on {}, only {first} on {}", it.only_second, it.only_first)
    });
    format!(
        "{second} has {} {} against {} of {first}, {}{unit}{interval}: {verdict}{rows}",
        headline.figure.replace('_', " "),
        shown(headline.second),
        shown(headline.first),
        by(headline.difference),
    )
}
