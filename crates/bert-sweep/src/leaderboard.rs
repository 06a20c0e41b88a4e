//! `leaderboard.md`: trials by rank, as a table for people, and what repeated seeds say.

use serde_json::Value;

use crate::row::Status;
use crate::standing::Standing;
use crate::sweep::Objective;

/// Head and rows of the table.
pub(crate) fn table(standings: &[Standing], objective: &Objective) -> (Vec<String>, Vec<Vec<String>>) {
    let names: Vec<&String> = standings.first().map(|first| first.arguments.keys().collect()).unwrap_or_default();
    let seeded = standings.iter().any(|standing| standing.figure.is_some_and(|figure| figure.n > 1));
    let failed = standings.iter().any(|standing| standing.reason.is_some());
    let mut head = vec!["rank".to_owned(), "trial".to_owned()];
    head.extend(names.into_iter().cloned());
    head.push(objective.metric.clone());
    head.extend(seeded.then(|| "deviation".to_owned()));
    head.extend(["steps", "status"].map(str::to_owned));
    head.extend(failed.then(|| "reason".to_owned()));

    let row = |(place, standing): (usize, &Standing)| {
        let rank = if standing.status == Status::Done { (place + 1).to_string() } else { String::new() };
        let mut cells = vec![rank, standing.trial.to_string()];
        cells.extend(standing.arguments.values().map(plain));
        cells.push(standing.figure.map_or(String::new(), |figure| format!("{:.4}", figure.mean)));
        let deviation = standing.figure.and_then(|figure| figure.deviation);
        cells.extend(seeded.then(|| deviation.map_or(String::new(), |deviation| format!("{deviation:.4}"))));
        cells.push(standing.steps.to_string());
        cells.push(status_name(standing.status).to_owned());
        cells.extend(failed.then(|| standing.reason.clone().unwrap_or_default()));
        cells
    };
    let rows = standings.iter().enumerate().map(row).collect();
    (head, rows)
}

/// The table as Markdown, in columns that line up, and a sentence on the seeds of the best.
pub(crate) fn markdown(standings: &[Standing], objective: &Objective) -> String {
    let (head, rows) = table(standings, objective);
    let all: Vec<&Vec<String>> = [&head].into_iter().chain(&rows).collect();
    let width = |column: usize| all.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!(" {:width$} ", cell.replace('|', "\\|")));
        format!("|{}|\n", padded.collect::<Vec<_>>().join("|"))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let rows: String = rows.iter().map(|cells| line(cells)).collect();
    let seeds = seed_study(standings, objective).map_or(String::new(), |sentence| format!("\n{sentence}\n"));
    line(&head) + &line(&rule) + &rows + &seeds
}

/// What the seeds of the best trial say: mean, deviation, interval, best and worst.
pub(crate) fn seed_study(standings: &[Standing], objective: &Objective) -> Option<String> {
    let best = standings.first()?;
    let figure = best.figure?;
    let (deviation, interval) = (figure.deviation?, figure.interval?);
    let (best_value, worst_value) =
        if objective.merit(1.0) > 0.0 { (figure.max, figure.min) } else { (figure.min, figure.max) };
    Some(format!(
        "Trial {} over {} seeds: {} {:.4}, deviation {deviation:.4}, 95 % interval of the mean {:.4} to {:.4} (Student's t); \
         best {best_value:.4} (seed {}), worst {worst_value:.4} (seed {}).",
        best.trial,
        figure.n,
        objective.metric,
        figure.mean,
        interval.low,
        interval.high,
        best.best_seed?,
        best.worst_seed?
    ))
}

pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Done => "done",
        Status::RuledOut => "ruled out",
        Status::Failed => "failed",
        Status::Unfinished => "unfinished",
    }
}

/// A value as it would be typed.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::standings;
    use crate::standing::tests::{accuracy, row};

    #[test]
    fn a_search_is_a_table() {
        let rows = [row(0, 42, Status::Failed, 0.5), row(1, 42, Status::Done, 0.875)];
        let expected = "\
| rank | trial | rate | accuracy | steps | status | reason        |
| ---- | ----- | ---- | -------- | ----- | ------ | ------------- |
| 1    | 1     | 0.1  | 0.8750   | 7     | done   |               |
|      | 0     | 0.0  | 0.5000   | 7     | failed | out of memory |
";
        assert_eq!(markdown(&standings(&rows, &accuracy()), &accuracy()), expected);
    }

    #[test]
    fn seeds_are_summed_up_in_a_sentence() {
        let rows = [0.8858, 0.8869, 0.8775].into_iter().zip([42, 1, 2]);
        let rows: Vec<_> = rows.map(|(value, seed)| row(0, seed, Status::Done, value)).collect();
        let sentence = seed_study(&standings(&rows, &accuracy()), &accuracy()).unwrap();
        assert_eq!(
            sentence,
            "Trial 0 over 3 seeds: accuracy 0.8834, deviation 0.0051, 95 % interval of the mean 0.8706 to 0.8962 \
             (Student's t); best 0.8869 (seed 1), worst 0.8775 (seed 2)."
        );
    }
}
