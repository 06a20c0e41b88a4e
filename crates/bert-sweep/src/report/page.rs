//! Report page, `sweep.html`: leaderboard, charts of all trials, marginal effects, learning curves and the best
//! profile.

use std::collections::BTreeMap;

use figures::{
    Cell, Chart, Column, Curves, DataTable, Page, Panel, ParallelAxis, ParallelCoordinates, ParallelLine, Part, Scale,
    Scatter, ScatterPanel, Series, Style, curves, parallel_coordinates, scatter,
};
use toml::Value;

use super::leaderboard::{Table, headline, run_statistics, table};
use super::marginal_effects::MarginalEffect;
use super::summary::Summary;
use crate::search::space::{Distribution, Space};
use crate::trials::objective::Objective;
use crate::trials::ranking::RankedTrial;
use crate::trials::row::{Row, Status};
use crate::trials::trial::Trial;
use crate::trials::values::{json, plain};

const ABOUT_EFFECTS: &str = "The marginal effect of each argument: the fraction of the objective's variance between \
groups of trials with similar values (eta squared). The next column is what chance alone would give, so that only an \
effect far above it means anything. Interactions between arguments are not visible here.";

const ABOUT_CURVES: &str = "Every run in gray, the best in orange.";

/// What the page shows.
pub(crate) struct Content<'a> {
    pub(crate) space: &'a Space,
    pub(crate) trials: &'a [Trial],
    pub(crate) rows: &'a [Row],
    pub(crate) summary: &'a Summary,
    /// The profile of the best trial.
    pub(crate) best_profile: Option<&'a str>,
}

/// A trial with a metric.
struct EvaluatedTrial<'a> {
    trial: &'a Trial,
    metric: f64,
    /// Whether it was cut off before its end.
    provisional: bool,
}

/// Draws the page.
pub(crate) fn html(content: &Content) -> String {
    let Content { space, summary, .. } = content;
    let metric = &summary.objective.metric;
    let heading = |text: &str| Part::Heading(text.to_owned());
    let chart = |svg: String, caption: &str| {
        Part::Chart(Chart { svg, caption: caption.to_owned(), alternative: format!("Chart. {caption}") })
    };
    let mut parts = vec![Part::Text(introduction(summary)), heading("Leaderboard"), leaderboard(summary)];
    parts.extend(run_statistics(&summary.ranking, &summary.objective).map(Part::Text));
    let evaluated = evaluated_trials(content.trials, &summary.ranking);
    if !space.is_empty() && !evaluated.is_empty() {
        let about = caption(["line", "dashed"], "the darker the better; ", &evaluated, &summary.ranking);
        parts.extend([heading("All trials"), chart(all_trials(space, &evaluated, &summary.objective), &about)]);
        let about = caption(["dot", "hollow"], "", &evaluated, &summary.ranking);
        parts.extend([heading("Each argument"), chart(each_argument(space, &evaluated, metric), &about)]);
    }
    if !summary.effects.is_empty() {
        parts.extend([heading("Effects"), Part::Text(ABOUT_EFFECTS.to_owned())]);
        parts.push(effect_table(&summary.effects, metric));
    }
    parts.extend([heading("Learning curves"), chart(learning_curves(content.rows, summary), ABOUT_CURVES)]);
    if let Some(profile) = content.best_profile {
        parts.extend([heading("Best profile"), Part::Code(profile.to_owned())]);
    }
    figures::html(&Page { title: "Hyper-parameter search".to_owned(), parts })
}

/// The table of trials, which sorts by number where a cell is one.
fn leaderboard(summary: &Summary) -> Part {
    let Table { head, rows } = table(&summary.ranking, &summary.objective);
    let column = |name: String| if name == "status" { Column::filtered(name) } else { Column::new(name) };
    let cell = |text: String| match text.parse() {
        Ok(value) => Cell::Number { value, text },
        Err(_) if text.is_empty() => Cell::Empty,
        Err(_) => Cell::Text(text),
    };
    Part::DataTable(DataTable {
        name: "Leaderboard".to_owned(),
        columns: head.into_iter().map(column).collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect(),
    })
}

fn introduction(summary: &Summary) -> String {
    let n: usize = summary.trials.values().sum();
    let best = summary.best.as_ref().map_or("None of them is done.".to_owned(), |best| {
        let values = best.arguments.iter().map(|(name, value)| format!("{name} {}", plain(value)));
        let values = values.collect::<Vec<_>>().join(", ");
        let colon = if values.is_empty() { "" } else { ": " };
        let figure = headline(best, &summary.ranking);
        format!(
            "The best is trial {} with a validation {} of {figure}{colon}{values}.",
            best.trial, summary.objective.metric
        )
    });
    let compute = &summary.compute;
    let (trained, planned) = (compute.sentences_trained, compute.sentences_planned);
    let steps =
        format!("They were trained on {trained:.0} sentences (repeats counted) of the {planned:.0} in all their steps");
    let saved = match summary.trials.get(&Status::RuledOut) {
        Some(ruled_out) => {
            let percent = 100.0 * compute.fraction_saved;
            format!("{steps}; {ruled_out} of them ruled out before their end, {percent:.0} % of the compute saved.")
        }
        None => format!("{steps}."),
    };
    let trials = if n == 1 { "1 trial".to_owned() } else { format!("{n} trials") };
    let trials = match summary.folds {
        None => format!("{trials}."),
        Some(folds) => format!("{trials}, each trained once without each of {folds} folds and evaluated on it."),
    };
    format!("{trials} {best} {saved}")
}

/// The best first.
fn evaluated_trials<'a>(trials: &'a [Trial], ranking: &[RankedTrial]) -> Vec<EvaluatedTrial<'a>> {
    let evaluated = |ranked: &RankedTrial| {
        let trial = trials.iter().find(|trial| trial.number == ranked.trial)?;
        Some(EvaluatedTrial { trial, metric: ranked.metric?.mean, provisional: ranked.status != Status::Done })
    };
    ranking.iter().filter_map(evaluated).collect()
}

/// How a chart of trials is read: what a trial is there, as a whole and cut off before its end, and which have none.
fn caption([sign, cut_off]: [&str; 2], more: &str, evaluated: &[EvaluatedTrial], ranking: &[RankedTrial]) -> String {
    let provisional = evaluated.iter().filter(|evaluated| evaluated.provisional).count();
    let cut_off = match provisional {
        0 => String::new(),
        n => format!("; {cut_off}, with the figure of their last evaluation, {n} that did not reach their end"),
    };
    let missing = match ranking.len() - evaluated.len() {
        0 => String::new(),
        n => format!(" {n} of {} trials were never evaluated and are not shown.", ranking.len()),
    };
    format!("One {sign} per trial, {more}the best in orange{cut_off}.{missing}")
}

/// How good each is among all, from 0 to 1; equal figures are equally good.
fn scores(evaluated: &[EvaluatedTrial], objective: &Objective) -> Vec<f64> {
    let score = |evaluated: &EvaluatedTrial| objective.score(evaluated.metric);
    let mut distinct: Vec<f64> = evaluated.iter().map(score).collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let best = (distinct.len().max(2) - 1) as f64;
    let worse = |evaluated: &EvaluatedTrial| distinct.partition_point(|&other| other < score(evaluated)) as f64;
    evaluated.iter().map(|evaluated| if distinct.len() == 1 { 1.0 } else { worse(evaluated) / best }).collect()
}

fn all_trials(space: &Space, evaluated: &[EvaluatedTrial], objective: &Objective) -> String {
    let axis = |(name, distribution): (&String, &Distribution)| ParallelAxis {
        name: name.clone(),
        scale: scale(distribution),
    };
    let metric_axis = ParallelAxis { name: objective.metric.clone(), scale: Scale::Linear };
    let line = |(evaluated, score): (&EvaluatedTrial, f64)| {
        let arguments = &evaluated.trial.arguments;
        let positions = space.iter().map(|(name, distribution)| position(distribution, arguments.get(name)));
        let values = positions.chain([evaluated.metric]).collect();
        ParallelLine { values, score, provisional: evaluated.provisional }
    };
    parallel_coordinates(&ParallelCoordinates {
        title: String::new(),
        subtitle: String::new(),
        axes: space.iter().map(axis).chain([metric_axis]).collect(),
        lines: evaluated.iter().zip(scores(evaluated, objective)).map(line).collect(),
        marked: Some(0),
    })
}

fn each_argument(space: &Space, evaluated: &[EvaluatedTrial], metric: &str) -> String {
    let panel = |(name, distribution): (&String, &Distribution)| ScatterPanel {
        x_label: name.clone(),
        scale: scale(distribution),
        x: evaluated.iter().map(|evaluated| position(distribution, evaluated.trial.arguments.get(name))).collect(),
    };
    scatter(&Scatter {
        title: String::new(),
        subtitle: String::new(),
        y_label: metric.to_owned(),
        y: evaluated.iter().map(|evaluated| evaluated.metric).collect(),
        provisional: (0..evaluated.len()).filter(|&index| evaluated[index].provisional).collect(),
        panels: space.iter().map(panel).collect(),
        marked: Some(0),
    })
}

/// A list is drawn as names at equal distances, even one of numbers: 8, 16, 32 are three categories.
fn scale(distribution: &Distribution) -> Scale {
    match distribution {
        Distribution::Categorical(values) => Scale::Names(values.iter().map(|value| plain(&json(value))).collect()),
        Distribution::Float { log: true, .. } | Distribution::Integer { log: true, .. } => Scale::Logarithmic,
        Distribution::Integer { .. } => Scale::Whole,
        Distribution::Float { .. } => Scale::Linear,
    }
}

/// The value on the [`scale`] of its argument: of a category its index.
fn position(distribution: &Distribution, value: Option<&Value>) -> f64 {
    let Some(value) = value else { return f64::NAN };
    match distribution {
        Distribution::Categorical(values) => {
            values.iter().position(|other| other == value).map_or(f64::NAN, |index| index as f64)
        }
        _ => value.as_float().or(value.as_integer().map(|integer| integer as f64)).unwrap_or(f64::NAN),
    }
}

fn effect_table(effects: &[MarginalEffect], metric: &str) -> Part {
    let percent = |fraction: f64| format!("{:.0} %", 100.0 * fraction);
    let groups = |effect: &MarginalEffect| {
        let groups = effect.groups.iter();
        let groups = groups.map(|group| format!("{}: {:.4} (n = {})", group.values, group.mean, group.n));
        groups.collect::<Vec<_>>().join("; ")
    };
    let row = |effect: &MarginalEffect| {
        let eta_squared = effect.eta_squared.map_or(String::new(), percent);
        vec![effect.argument.clone(), eta_squared, percent(effect.by_chance), groups(effect)]
    };
    let head = ["argument", "fraction of variance", "by chance", &format!("mean {metric} by group")];
    Part::Table { head: head.map(str::to_owned).to_vec(), rows: effects.iter().map(row).collect() }
}

/// All runs in gray, with the best one over them in the color that it has in the other charts, or with the best trial's best fold.
fn learning_curves(rows: &[Row], summary: &Summary) -> String {
    let best = summary.best.as_ref();
    let ranked = best.and_then(|best| summary.ranking.iter().find(|ranked| ranked.trial == best.trial));
    let best = ranked.map(|ranked| (ranked.trial, ranked.best_seed, ranked.best_fold));
    let is_best = |row: &Row| Some((row.trial, Some(row.seed), row.fold)) == best;
    let points = |row: &Row, metric: &str| -> Vec<(f64, f64)> {
        let evaluations = row.log.evaluations.iter().filter(|evaluation| evaluation.step <= row.steps);
        evaluations.filter_map(|evaluation| Some((evaluation.epoch, *evaluation.metrics.get(metric)?))).collect()
    };
    let panel = |metric: &str| {
        let others = rows.iter().filter(|row| !is_best(row));
        let faint =
            others.map(|row| Series { name: String::new(), points: points(row, metric), style: Style::Background });
        let marked = rows.iter().find(|row| is_best(row)).map(|row| Series {
            name: format!("trial {}{}", row.trial, row.fold.map_or(String::new(), |fold| format!(", fold {fold}"))),
            points: points(row, metric),
            style: Style::Highlight,
        });
        Panel {
            title: format!("Validation {metric}"),
            y_label: metric.to_owned(),
            series: faint.chain(marked).collect(),
            log_y: false,
        }
    };
    // A map, since the objective may be the loss.
    let metrics = [summary.objective.metric.as_str(), "loss"];
    let panels: BTreeMap<&str, Panel> = metrics.into_iter().map(|metric| (metric, panel(metric))).collect();
    curves(&Curves { x_label: "epoch".to_owned(), panels: panels.into_values().collect(), ..Curves::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trials::ranking::tests::accuracy;

    #[test]
    fn equal_figures_are_equally_dark() {
        let trial = Trial { number: 0, arguments: BTreeMap::new(), runs: Vec::new(), ruled_out_at: None };
        let evaluated = |metric| EvaluatedTrial { trial: &trial, metric, provisional: false };
        let three = [evaluated(0.9), evaluated(0.5), evaluated(0.5), evaluated(0.25)];
        assert_eq!(scores(&three, &accuracy()), [1.0, 0.5, 0.5, 0.0]);
        assert_eq!(scores(&three[1..3], &accuracy()), [1.0, 1.0]);
    }
}
