//! Output files of a sweep: trial table, leaderboard, summary, report page, best profile and the link to the best run.

use stage::{ExitReason, OutputWriter, print_line};
use toml::{Table, Value};

use super::leaderboard::{LEADERBOARD, headline, markdown, status_name};
use super::page::{self, Content};
use super::summary::{Best, SUMMARY, Summary};
use crate::args::{Action, KeepWeights};
use crate::execution::retention::{self, FailedRuns, KEPT};
use crate::execution::training::Training;
use crate::trials::ranking::{RankedTrial, kept_row};
use crate::trials::row::Row;

/// What was written.
pub(crate) struct Written {
    /// No trial is open any more, and the best one is there.
    pub(crate) is_complete: bool,
    /// Whether the leaderboard could be printed.
    pub(crate) printed: anyhow::Result<()>,
}

/// Writes all outputs but the manifest, and prints the leaderboard.
///
/// # Errors
/// Fails when `collect` lacks the weights of the best trial, before anything is written.
pub(crate) fn write(training: &mut Training<'_>) -> anyhow::Result<Written> {
    let rows = training.rows()?;
    let ranking = training.ranking(&rows);
    let kept = kept_row(&ranking, &rows);
    let is_complete = !rows.iter().any(Row::is_open);
    if let (true, Action::Collect, Some(row)) = (is_complete, training.action, kept) {
        training.require_weights(&row.id)?;
    }
    training.clear_output()?;
    let summary = Summary::new(&training.settings.objective, &rows, ranking);
    let leaderboard = markdown(&summary.ranking, &summary.objective);
    training.output.write_json_lines("trials.jsonl", &rows)?;
    training.output.write(LEADERBOARD, &leaderboard)?;
    training.output.write_json(SUMMARY, &summary)?;
    training.output.write_unlisted("timing.json", serde_json::to_vec_pretty(&training.seconds)?)?;
    let best_profile = summary.best.as_ref().map(|best| best_profile(training, best, &summary.ranking)).transpose()?;
    if let Some(profile) = &best_profile {
        training.output.write("best.toml", profile)?;
    }
    let page = page::html(&Content {
        space: &training.settings.sampler.space,
        trials: &training.trials,
        rows: &rows,
        summary: &summary,
        best_profile: best_profile.as_deref(),
    });
    training.output.write("sweep.html", page)?;

    let trains = training.action == Action::Run;
    let keep_weights = training.settings.keep_weights;
    let kept_ids = retention::kept_ids(keep_weights, &summary.ranking, &rows);
    if trains && summary.best.is_some() {
        kept_ids.iter().try_for_each(|id| training.ensure_weights(id))?;
        let failed_runs = if is_complete { FailedRuns::Prune } else { FailedRuns::Keep };
        retention::prune(&training.trials, &kept_ids, &summary.ranking, failed_runs)?;
        if keep_weights != KeepWeights::Run {
            retention::link_kept(&training.common.out, &kept_ids, &rows)?;
        }
    }
    let is_best_there = match kept {
        Some(row) => retention::link_best(&training.common.out, &row.id)?,
        None => summary.best.is_some(), // of cross-validation the profile is the result
    };
    let printed = print_line(leaderboard.trim_end());
    training.common.say(&closing_message(training, is_complete, &summary));
    if trains && summary.best.is_none() {
        let reason = rows.iter().find_map(|row| row.reason.clone()).unwrap_or_else(|| "it was not trained".to_owned());
        return Err(ExitReason::Unhealthy(format!("no trial was completed; the first one: {reason}")).into());
    }
    Ok(Written { is_complete: is_complete && is_best_there, printed })
}

/// The profile of the sweep with the best trial's values in `[finetune]`: all stages take it as it is.
fn best_profile(training: &Training<'_>, best: &Best, ranking: &[RankedTrial]) -> anyhow::Result<String> {
    let settings = training.settings;
    let mut finetune = settings.finetune.clone();
    finetune.extend(training.trials[best.trial].arguments.clone());
    let seed = best.seed.or(settings.seeds.first().copied());
    finetune.extend(seed.map(|seed| ("seed".to_owned(), Value::Integer(seed))));
    let mut profile: Table = settings.other_sections.clone();
    let figure = headline(best, ranking);
    let description = format!("Trial {} of a search: validation {} {figure}", best.trial, settings.objective.metric);
    profile.insert("description".to_owned(), Value::String(description));
    profile.insert("finetune".to_owned(), Value::Table(finetune));
    Ok(toml::to_string(&profile)?)
}

fn closing_message(training: &Training<'_>, is_complete: bool, summary: &Summary) -> String {
    let counts = summary.trials.iter().map(|(status, n)| format!("{n} {}", status_name(*status)));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let best = summary.best.as_ref().map_or(String::new(), |best| {
        let figure = headline(best, &summary.ranking);
        format!("; best {} {figure}, trial {}", summary.objective.metric, best.trial)
    });
    let saved = match summary.compute.fraction_saved {
        fraction if training.settings.halving.is_some() => format!("; {:.0} % of the compute saved", 100.0 * fraction),
        _ => String::new(),
    };
    let open = match training.action {
        _ if is_complete => "",
        Action::Collect => "; `bert-sweep run` trains the others",
        _ => "; run the same command to train the others",
    };
    let out = training.common.out.display();
    let message = format!("bert-sweep: {counts}{best}{saved}{open}; {out}");
    if summary.folds.is_none() || summary.best.is_none() {
        return message;
    }
    let kept = match training.settings.keep_weights {
        KeepWeights::Run => "no weights are kept".to_owned(),
        KeepWeights::Trial | KeepWeights::All => format!("those in {out}/{KEPT} are for evaluation alone"),
    };
    message
        + &format!(
            "\nbert-sweep: {kept}, since every run was trained without its fold; `bert-finetune --profile \
             {out}/best.toml --tokens {} --model {} --out DIR` trains the best setting on all of train",
            training.tokens.display(),
            training.model.display()
        )
}
