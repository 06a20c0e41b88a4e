//! Marginal effect of each argument on the objective: trials in groups by its value (one for each value where there are
//! few, else up to three of equal size), and the fraction of the objective's variance that lies between the groups.
//!
//! That is the correlation ratio (eta squared). By chance alone it is about `(groups - 1) / (trials - 1)`, which is
//! given beside it: with few trials only a value far above that means anything. Interactions between arguments are not
//! seen.

use serde::Serialize;
use serde_json::Value;

use crate::trials::ranking::RankedTrial;
use crate::trials::values::plain;

/// Up to so many different values make a group each.
const MAX_SEPARATE_VALUES: usize = 4;
const N_GROUPS: usize = 3;

/// The effect of one argument.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct MarginalEffect {
    pub(crate) argument: String,
    /// From 0 to 1; `None` where the objective does not vary.
    #[serde(rename = "share")]
    pub(crate) eta_squared: Option<f64>,
    pub(crate) by_chance: f64,
    pub(crate) groups: Vec<Group>,
}

/// Trials with similar values of the argument.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Group {
    pub(crate) values: String,
    pub(crate) n: usize,
    /// Of the objective.
    pub(crate) mean: f64,
}

/// A trial by its value of one argument.
#[derive(Clone, Copy)]
struct Observation<'a> {
    value: &'a Value,
    objective: f64,
}

/// The effects of all arguments over the trials that are done, the greatest first.
pub(crate) fn marginal_effects(ranking: &[RankedTrial]) -> Vec<MarginalEffect> {
    let done: Vec<&RankedTrial> = ranking.iter().filter(|ranked| ranked.score().is_some()).collect();
    let names = done.first().map(|first| first.arguments.keys()).into_iter().flatten();
    let of_argument = |name: &String| {
        let observations = done
            .iter()
            .filter_map(|trial| Some(Observation { value: trial.arguments.get(name)?, objective: trial.metric?.mean }));
        marginal_effect(name, &observations.collect::<Vec<_>>())
    };
    let mut effects: Vec<MarginalEffect> = names.filter_map(of_argument).collect();
    let eta_squared = |effect: &MarginalEffect| effect.eta_squared.unwrap_or(-1.0);
    effects.sort_by(|left, right| eta_squared(right).total_cmp(&eta_squared(left)));
    effects
}

/// `None` with fewer than two groups, where nothing was varied, and with a group for each trial, where all is chance.
fn marginal_effect(name: &str, observations: &[Observation]) -> Option<MarginalEffect> {
    let groups = grouped(observations);
    if groups.len() < 2 || groups.len() == observations.len() {
        return None;
    }
    let n = observations.len() as f64;
    let mean = observations.iter().map(|trial| trial.objective).sum::<f64>() / n;
    let total: f64 = observations.iter().map(|trial| (trial.objective - mean).powi(2)).sum();
    let groups: Vec<Group> = groups.iter().map(|group| Group::new(group)).collect();
    let between: f64 = groups.iter().map(|group| group.n as f64 * (group.mean - mean).powi(2)).sum();
    // Equal values differ from their own mean by rounding.
    let varies = total > 1e-18 * n * mean * mean;
    let eta_squared = varies.then(|| between / total);
    let by_chance = (groups.len() - 1) as f64 / (n - 1.0);
    Some(MarginalEffect { argument: name.to_owned(), eta_squared, by_chance, groups })
}

fn grouped<'a>(observations: &[Observation<'a>]) -> Vec<Vec<Observation<'a>>> {
    let mut sorted = observations.to_vec();
    sorted.sort_by(|left, right| {
        let numbers = left.value.as_f64().zip(right.value.as_f64());
        let by_text = || plain(left.value).cmp(&plain(right.value));
        numbers.map_or_else(by_text, |(left, right)| left.total_cmp(&right))
    });
    let by_value: Vec<&[Observation]> = sorted.chunk_by(|left, right| left.value == right.value).collect();
    let numeric = sorted.iter().all(|trial| trial.value.is_number());
    if by_value.len() <= MAX_SEPARATE_VALUES || !numeric {
        return by_value.into_iter().map(<[Observation]>::to_vec).collect();
    }
    // Trials with the same value stay together.
    let mut groups: Vec<Vec<Observation>> = vec![Vec::new(); N_GROUPS];
    let mut n_grouped = 0;
    for trials in by_value {
        groups[n_grouped * N_GROUPS / sorted.len()].extend(trials);
        n_grouped += trials.len();
    }
    groups.retain(|group| !group.is_empty());
    groups
}

impl Group {
    fn new(group: &[Observation]) -> Self {
        let ends = group.first().zip(group.last()).map(|(first, last)| (plain(first.value), plain(last.value)));
        let values = match ends {
            Some((first, last)) if first == last => first,
            Some((first, last)) => format!("{first} to {last}"),
            None => String::new(),
        };
        let mean = group.iter().map(|trial| trial.objective).sum::<f64>() / group.len() as f64;
        Self { values, n: group.len(), mean }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(values: &[Value], objectives: &[f64]) -> Option<MarginalEffect> {
        let trials = values.iter().zip(objectives).map(|(value, &objective)| Observation { value, objective });
        marginal_effect("x", &trials.collect::<Vec<_>>())
    }

    #[test]
    fn all_variance_between_the_groups_is_an_effect_of_one() {
        let kinds = ["a", "b", "a", "b"].map(Value::from);
        let whole = effect(&kinds, &[0.8, 0.9, 0.8, 0.9]).unwrap();
        assert!((whole.eta_squared.unwrap() - 1.0).abs() < 1e-12);
        assert!((whole.by_chance - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(whole.groups[1], Group { values: "b".to_owned(), n: 2, mean: 0.9 });
        let none = effect(&kinds, &[0.8, 0.8, 0.9, 0.9]).unwrap();
        assert!(none.eta_squared.unwrap().abs() < 1e-12);
    }

    #[test]
    fn many_numbers_make_three_groups() {
        let numbers: Vec<Value> = (1..=9).map(Value::from).collect();
        let effect = effect(&numbers, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]).unwrap();
        let values: Vec<&str> = effect.groups.iter().map(|group| group.values.as_str()).collect();
        assert_eq!(values, ["1 to 3", "4 to 6", "7 to 9"]);
        assert!((effect.eta_squared.unwrap() - 54.0 / 60.0).abs() < 1e-12);
    }

    #[test]
    fn what_does_not_vary_has_no_effect() {
        assert_eq!(effect(&[1, 1].map(Value::from), &[0.1, 0.2]), None);
        assert_eq!(effect(&[1, 2].map(Value::from), &[0.1, 0.2]), None, "a group each");
        assert_eq!(effect(&[1, 2, 2].map(Value::from), &[0.1; 3]).unwrap().eta_squared, None);
    }
}
