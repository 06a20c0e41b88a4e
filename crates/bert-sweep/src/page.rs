//! `sweep.html`: the whole search on one page.

use std::collections::BTreeMap;

use figures::{
    Curves, Page, Panel, Parallel, ParallelAxis, Part, Scale, Scatter, ScatterPanel, Series, Style, curves,
    parallel_coordinates, scatter,
};
use toml::Value;

use crate::effect::Effect;
use crate::leaderboard::{plain, seed_study, table};
use crate::report::Summary;
use crate::row::Row;
use crate::space::Choices;
use crate::standing::Standing;
use crate::training::Training;
use crate::trial::{Trial, canonical};

const EFFECT: &str = "Of each argument by itself: the share of the figure's variance that lies between groups of trials \
with like values (eta squared). By chance alone it would be about what stands beside it, so that only a share far above \
says anything; what arguments do together is not seen.";

/// Draws the page.
pub(crate) fn html(training: &Training<'_>, rows: &[Row], summary: &Summary, profile: Option<&str>) -> String {
    let metric = &summary.objective.metric;
    let heading = |text: &str| Part::Heading(text.to_owned());
    let (head, cells) = table(&summary.standings, &summary.objective);
    let mut parts = vec![Part::Text(lead(summary)), heading("Leaderboard"), Part::Table(head, cells)];
    parts.extend(seed_study(&summary.standings, &summary.objective).map(Part::Text));
    let observed: Vec<(&Trial, &Standing)> = observed(&training.trials, &summary.standings);
    if !training.sweep.search.space.is_empty() && !observed.is_empty() {
        parts.extend([heading("All trials"), Part::Svg(parallel(training, &observed, metric))]);
        parts.extend([heading("Each argument"), Part::Svg(against_each(training, &observed, metric))]);
    }
    if !summary.effects.is_empty() {
        parts.extend([heading("Effects"), Part::Text(EFFECT.to_owned()), effect_table(&summary.effects, metric)]);
    }
    parts.extend([heading("Learning curves"), Part::Svg(learning_curves(rows, summary))]);
    if let Some(profile) = profile {
        parts.extend([heading("The best profile"), Part::Code(profile.to_owned())]);
    }
    figures::html(&Page { title: "Hyper-parameter search".to_owned(), parts })
}

fn lead(summary: &Summary) -> String {
    let n: usize = summary.trials.values().sum();
    let best = summary.best.as_ref().map_or("None is done.".to_owned(), |best| {
        let values = best.arguments.iter().map(|(name, value)| format!("{name} {}", plain(value)));
        let values = values.collect::<Vec<_>>().join(", ");
        format!(
            "The best is trial {} with a validation {} of {:.4}: {values}.",
            best.trial, summary.objective.metric, best.value
        )
    });
    let compute = &summary.compute;
    let saved = format!(
        "Trained on {:.0} sentences (repeats counted) of {:.0} that all trials would take whole: {:.0} % saved.",
        compute.sentences_trained,
        compute.sentences_planned,
        100.0 * compute.share_saved
    );
    format!("{n} trials. {best} {saved}")
}

/// The trials with a figure, the best first, which is marked.
fn observed<'a>(trials: &'a [Trial], standings: &'a [Standing]) -> Vec<(&'a Trial, &'a Standing)> {
    let of = |standing: &'a Standing| {
        let trial = trials.iter().find(|trial| trial.number == standing.trial && standing.figure.is_some())?;
        Some((trial, standing))
    };
    standings.iter().filter_map(of).collect()
}

fn figure_of(standing: &Standing) -> f64 {
    standing.figure.map_or(f64::NAN, |figure| figure.mean)
}

fn parallel(training: &Training<'_>, observed: &[(&Trial, &Standing)], metric: &str) -> String {
    let axis = |(name, choices): (&String, &Choices)| ParallelAxis { name: name.clone(), scale: scale(choices) };
    let of_figure = ParallelAxis { name: metric.to_owned(), scale: Scale::Linear };
    let space = &training.sweep.search.space;
    let last = (observed.len().max(2) - 1) as f64;
    let line = |(rank, (trial, standing)): (usize, &(&Trial, &Standing))| {
        let places = space.iter().map(|(name, choices)| place(choices, trial.arguments.get(name)));
        (places.chain([figure_of(standing)]).collect(), 1.0 - rank as f64 / last)
    };
    parallel_coordinates(&Parallel {
        title: String::new(),
        subtitle: "A line for each trial, the darker the better; the best in orange".to_owned(),
        axes: space.iter().map(axis).chain([of_figure]).collect(),
        lines: observed.iter().enumerate().map(line).collect(),
        marked: Some(0),
    })
}

fn against_each(training: &Training<'_>, observed: &[(&Trial, &Standing)], metric: &str) -> String {
    let panel = |(name, choices): (&String, &Choices)| ScatterPanel {
        x_label: name.clone(),
        scale: scale(choices),
        x: observed.iter().map(|(trial, _)| place(choices, trial.arguments.get(name))).collect(),
    };
    scatter(&Scatter {
        title: String::new(),
        subtitle: String::new(),
        y_label: metric.to_owned(),
        y: observed.iter().map(|(_, standing)| figure_of(standing)).collect(),
        panels: training.sweep.search.space.iter().map(panel).collect(),
        marked: Some(0),
    })
}

/// A list is names at equal distances, numbers too: 8, 16, 32 are three choices.
fn scale(choices: &Choices) -> Scale {
    match choices {
        Choices::List(values) => Scale::Names(values.iter().map(canonical).collect()),
        Choices::Range { log: true, .. } | Choices::Whole { log: true, .. } => Scale::Logarithmic,
        Choices::Range { .. } | Choices::Whole { .. } => Scale::Linear,
    }
}

fn place(choices: &Choices, value: Option<&Value>) -> f64 {
    let Some(value) = value else { return f64::NAN };
    match choices {
        Choices::List(values) => values.iter().position(|other| other == value).map_or(f64::NAN, |place| place as f64),
        _ => value.as_float().or(value.as_integer().map(|whole| whole as f64)).unwrap_or(f64::NAN),
    }
}

fn effect_table(effects: &[Effect], metric: &str) -> Part {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let groups = |effect: &Effect| {
        let told = effect.groups.iter().map(|group| format!("{}: {:.4} (n = {})", group.values, group.mean, group.n));
        told.collect::<Vec<_>>().join("; ")
    };
    let row = |effect: &Effect| {
        let share = effect.share.map_or(String::new(), percent);
        vec![effect.argument.clone(), share, percent(effect.by_chance), groups(effect)]
    };
    let head = ["argument", "share of variance", "by chance", &format!("mean {metric} by group")].map(str::to_owned);
    Part::Table(head.to_vec(), effects.iter().map(row).collect())
}

/// All runs, faint; that of the best trial over them.
fn learning_curves(rows: &[Row], summary: &Summary) -> String {
    let best = summary.best.as_ref().map(|best| best.id.as_str());
    let points = |row: &Row, figure: &str| -> Vec<(f64, f64)> {
        let seen = row.log.evaluations.iter().filter(|evaluation| evaluation.step <= row.steps);
        seen.filter_map(|evaluation| Some((evaluation.epoch, *evaluation.figures.get(figure)?))).collect()
    };
    let panel = |figure: &str| {
        let others = rows.iter().filter(|row| Some(row.id.as_str()) != best);
        let faint = others.map(|row| Series { name: String::new(), points: points(row, figure), style: Style::Faint });
        let marked = rows.iter().find(|row| Some(row.id.as_str()) == best).map(|row| Series {
            name: format!("trial {}", row.trial),
            points: points(row, figure),
            style: Style::Markers,
        });
        let (title, y_label) = (format!("Validation {figure}"), figure.to_owned());
        Panel { title, y_label, series: faint.chain(marked).collect(), log_y: false }
    };
    let names = [summary.objective.metric.as_str(), "loss"];
    let shown: BTreeMap<&str, Panel> = names.into_iter().map(|name| (name, panel(name))).collect();
    curves(&Curves { x_label: "epoch".to_owned(), panels: shown.into_values().collect(), ..Curves::default() })
}
