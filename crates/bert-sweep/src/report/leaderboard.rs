//! Leaderboard, `leaderboard.md`: the trials by rank as a table for people, and the statistics over seeds and folds.

use super::summary::Best;
use crate::trials::objective::Objective;
use crate::trials::ranking::RankedTrial;
use crate::trials::row::Status;
use crate::trials::values::plain;

/// The file, whose content the program also prints.
pub(crate) const LEADERBOARD: &str = "leaderboard.md";

/// The table as text.
pub(crate) struct Table {
    /// The name of each column.
    pub(crate) head: Vec<String>,
    /// A cell for each column.
    pub(crate) rows: Vec<Vec<String>>,
}

/// A row for each trial, the best first.
pub(crate) fn table(ranking: &[RankedTrial], objective: &Objective) -> Table {
    let names: Vec<&String> = ranking.first().map(|first| first.arguments.keys().collect()).unwrap_or_default();
    let has_several = ranking.iter().any(|ranked| ranked.metric.is_some_and(|metric| metric.n > 1));
    let has_failures = ranking.iter().any(|ranked| ranked.reason.is_some());
    let mut head = vec!["rank".to_owned(), "trial".to_owned()];
    head.extend(names.into_iter().cloned());
    head.push(objective.metric.clone());
    head.extend(has_several.then(|| "deviation".to_owned()));
    head.extend(["steps", "status"].map(str::to_owned));
    head.extend(has_failures.then(|| "reason".to_owned()));

    let row = |(index, ranked): (usize, &RankedTrial)| {
        let rank = if ranked.status == Status::Done { (index + 1).to_string() } else { String::new() };
        let mut cells = vec![rank, ranked.trial.to_string()];
        cells.extend(ranked.arguments.values().map(plain));
        cells.push(ranked.metric.map_or(String::new(), |metric| format!("{:.4}", metric.mean)));
        let deviation = ranked.metric.and_then(|metric| metric.deviation);
        cells.extend(has_several.then(|| deviation.map_or(String::new(), |deviation| format!("{deviation:.4}"))));
        cells.push(ranked.steps.to_string());
        cells.push(status_name(ranked.status).to_owned());
        cells.extend(has_failures.then(|| ranked.reason.clone().unwrap_or_default()));
        cells
    };
    Table { head, rows: ranking.iter().enumerate().map(row).collect() }
}

/// The table as Markdown with aligned columns, and a sentence on the runs of the best trial.
pub(crate) fn markdown(ranking: &[RankedTrial], objective: &Objective) -> String {
    let Table { head, rows } = table(ranking, objective);
    let all: Vec<&Vec<String>> = [&head].into_iter().chain(&rows).collect();
    let width = |column: usize| all.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!(" {:width$} ", cell.replace('|', "\\|")));
        format!("|{}|\n", padded.collect::<Vec<_>>().join("|"))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let rows: String = rows.iter().map(|cells| line(cells)).collect();
    let runs = run_statistics(ranking, objective).map_or(String::new(), |sentence| format!("\n{sentence}\n"));
    line(&head) + &line(&rule) + &rows + &runs
}

/// The objective of the best trial over its seeds and folds: mean, standard deviation, confidence interval, best and worst.
pub(crate) fn run_statistics(ranking: &[RankedTrial], objective: &Objective) -> Option<String> {
    let best = ranking.first()?;
    let metric = best.metric?;
    let (deviation, interval) = (metric.deviation?, metric.interval?);
    let (best_value, worst_value) =
        if objective.score(1.0) > 0.0 { (metric.max, metric.min) } else { (metric.min, metric.max) };
    Some(format!(
        "Trial {} over {}: {} {:.4}, deviation {deviation:.4}, 95 % interval of the mean {:.4} to {:.4} (Student's t); \
         best {best_value:.4} ({}), worst {worst_value:.4} ({}).",
        best.trial,
        runs(best, metric.n),
        objective.metric,
        metric.mean,
        interval.low,
        interval.high,
        run_name(best, best.best_fold, best.best_seed?),
        run_name(best, best.worst_fold, best.worst_seed?)
    ))
}

/// The figure of the best trial in a headline: over several runs their mean, and that of the run whose weights are kept.
pub(crate) fn headline(best: &Best, ranking: &[RankedTrial]) -> String {
    let ranked = ranking.iter().find(|ranked| ranked.trial == best.trial);
    let Some((ranked, metric)) =
        ranked.and_then(|ranked| Some((ranked, ranked.metric?))).filter(|(_, metric)| metric.n > 1)
    else {
        return format!("{:.4}", best.value);
    };
    let kept = best.seed.map_or(String::new(), |seed| format!(" ({:.4} with seed {seed})", best.value));
    format!("{:.4}, the mean over {}{kept}", metric.mean, runs(ranked, metric.n))
}

/// What `n` values of a trial are over.
fn runs(trial: &RankedTrial, n: usize) -> String {
    match (trial.n_folds, trial.n_seeds) {
        (0, _) => format!("{n} seeds"),
        (_, 1) => format!("{n} folds"),
        (folds, seeds) => format!("{n} runs ({folds} folds with {seeds} seeds each)"),
    }
}

fn run_name(trial: &RankedTrial, fold: Option<u32>, seed: i64) -> String {
    match fold {
        None => format!("seed {seed}"),
        Some(fold) if trial.n_seeds == 1 => format!("fold {fold}"),
        Some(fold) => format!("fold {fold}, seed {seed}"),
    }
}

pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Done => "done",
        Status::RuledOut => "ruled out",
        Status::Failed => "failed",
        Status::Unfinished => "unfinished",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trials::ranking::rank;
    use crate::trials::ranking::tests::{accuracy, row};
    use crate::trials::row::Row;

    #[test]
    fn a_search_is_a_table() {
        let rows = [row(0, 42, Status::Failed, 0.5), row(1, 42, Status::Done, 0.875)];
        let expected = "\
| rank | trial | rate | accuracy | steps | status | reason        |
| ---- | ----- | ---- | -------- | ----- | ------ | ------------- |
| 1    | 1     | 0.1  | 0.8750   | 7     | done   |               |
|      | 0     | 0.0  | 0.5000   | 7     | failed | out of memory |
";
        assert_eq!(markdown(&rank(&rows, &accuracy()), &accuracy()), expected);
    }

    #[test]
    fn seeds_are_summed_up_in_a_sentence() {
        let rows = [0.8858, 0.8869, 0.8775].into_iter().zip([42, 1, 2]);
        let rows: Vec<_> = rows.map(|(value, seed)| row(0, seed, Status::Done, value)).collect();
        let sentence = run_statistics(&rank(&rows, &accuracy()), &accuracy()).unwrap();
        assert_eq!(
            sentence,
            "Trial 0 over 3 seeds: accuracy 0.8834, deviation 0.0051, 95 % interval of the mean 0.8706 to 0.8962 \
             (Student's t); best 0.8869 (seed 1), worst 0.8775 (seed 2)."
        );
    }

    #[test]
    fn folds_are_summed_up_in_a_sentence() {
        let run = |seed, fold, value| Row { fold: Some(fold), ..row(0, seed, Status::Done, value) };
        let mut rows = vec![run(42, 1, 0.75), run(42, 2, 0.5), run(42, 3, 0.25)];
        let sentence = |rows: &[Row]| run_statistics(&rank(rows, &accuracy()), &accuracy()).unwrap();
        assert_eq!(
            sentence(&rows),
            "Trial 0 over 3 folds: accuracy 0.5000, deviation 0.2500, 95 % interval of the mean -0.1210 to 1.1210 \
             (Student's t); best 0.7500 (fold 1), worst 0.2500 (fold 3)."
        );
        rows.extend([run(1, 1, 0.5), run(1, 2, 0.875), run(1, 3, 0.125)]);
        let sentence = sentence(&rows);
        assert!(
            sentence.starts_with("Trial 0 over 6 runs (3 folds with 2 seeds each): accuracy 0.5000, "),
            "{sentence}"
        );
        assert!(sentence.ends_with("best 0.8750 (fold 2, seed 1), worst 0.1250 (fold 3, seed 1)."), "{sentence}");
    }
}
