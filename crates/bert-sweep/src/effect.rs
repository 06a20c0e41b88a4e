//! The effect of each argument on the figure, by itself: trials in up to three groups of equal size by its value (or one
//! for each value, where there are few), and the share of the figure's variance that lies between the groups.
//!
//! It is the correlation ratio (eta squared). By chance alone it is about `(groups - 1) / (trials - 1)`, which stands
//! beside it: with few trials only a share far above that says anything. What arguments do together, it does not see.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::leaderboard::plain;
use crate::standing::Standing;

/// Values that are groups of their own.
const FEW_VALUES: usize = 4;
const N_GROUPS: usize = 3;

/// What an argument did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Effect {
    pub(crate) argument: String,
    /// From 0 to 1; `None` where the figure does not vary.
    pub(crate) share: Option<f64>,
    pub(crate) by_chance: f64,
    pub(crate) groups: Vec<Group>,
}

/// Trials with like values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Group {
    pub(crate) values: String,
    pub(crate) n: usize,
    pub(crate) mean: f64,
}

/// The effects of all arguments over the trials that are done, the greatest first.
pub(crate) fn effects(standings: &[Standing]) -> Vec<Effect> {
    let done: Vec<&Standing> = standings.iter().filter(|standing| standing.merit().is_some()).collect();
    let names = done.first().map(|first| first.arguments.keys()).into_iter().flatten();
    let of_argument = |name: &String| {
        let observations = done.iter().filter_map(|trial| Some((trial.arguments.get(name)?, trial.figure?.mean)));
        effect(name, &observations.collect::<Vec<_>>())
    };
    let mut effects: Vec<Effect> = names.filter_map(of_argument).collect();
    effects.sort_by(|left, right| right.share.unwrap_or(-1.0).total_cmp(&left.share.unwrap_or(-1.0)));
    effects
}

/// `None` with fewer than two groups, where nothing was varied, and without a group of two, which would be all chance.
fn effect(name: &str, observations: &[(&Value, f64)]) -> Option<Effect> {
    let groups = grouped(observations);
    if groups.len() < 2 || groups.len() == observations.len() {
        return None;
    }
    let n = observations.len() as f64;
    let mean = observations.iter().map(|(_, figure)| figure).sum::<f64>() / n;
    let total: f64 = observations.iter().map(|(_, figure)| (figure - mean).powi(2)).sum();
    let told: Vec<Group> = groups.iter().map(|group| Group::of(group)).collect();
    let between: f64 = told.iter().map(|group| group.n as f64 * (group.mean - mean).powi(2)).sum();
    // Equal figures differ from their own mean by rounding.
    let varies = total > 1e-18 * n * mean * mean;
    let share = varies.then(|| between / total);
    Some(Effect { argument: name.to_owned(), share, by_chance: (told.len() - 1) as f64 / (n - 1.0), groups: told })
}

fn grouped<'a>(observations: &[(&'a Value, f64)]) -> Vec<Vec<(&'a Value, f64)>> {
    let mut sorted = observations.to_vec();
    sorted.sort_by(|left, right| {
        let numbers = left.0.as_f64().zip(right.0.as_f64());
        numbers.map_or_else(|| plain(left.0).cmp(&plain(right.0)), |(left, right)| left.total_cmp(&right))
    });
    let mut by_value: BTreeMap<usize, Vec<(&Value, f64)>> = BTreeMap::new();
    let mut n_values = 0;
    for (place, observation) in sorted.iter().enumerate() {
        n_values += usize::from(place == 0 || sorted[place - 1].0 != observation.0);
        by_value.entry(n_values).or_default().push(*observation);
    }
    let numeric = sorted.iter().all(|(value, _)| value.is_number());
    if n_values <= FEW_VALUES || !numeric {
        return by_value.into_values().collect();
    }
    // Whole values, so that equal ones are never apart.
    let mut groups: Vec<Vec<(&Value, f64)>> = vec![Vec::new(); N_GROUPS];
    let mut seen = 0;
    for same in by_value.into_values() {
        groups[seen * N_GROUPS / sorted.len()].extend(&same);
        seen += same.len();
    }
    groups.retain(|group| !group.is_empty());
    groups
}

impl Group {
    fn of(group: &[(&Value, f64)]) -> Self {
        let ends = group.first().zip(group.last()).map(|(first, last)| (plain(first.0), plain(last.0)));
        let values = match ends {
            Some((first, last)) if first == last => first,
            Some((first, last)) => format!("{first} to {last}"),
            None => String::new(),
        };
        Self { values, n: group.len(), mean: group.iter().map(|(_, figure)| figure).sum::<f64>() / group.len() as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[Value], figures: &[f64]) -> Option<Effect> {
        effect("x", &values.iter().zip(figures.iter().copied()).collect::<Vec<_>>())
    }

    #[test]
    fn all_variance_between_the_groups_is_an_effect_of_one() {
        let kinds = ["a", "b", "a", "b"].map(Value::from);
        let effect = of(&kinds, &[0.8, 0.9, 0.8, 0.9]).unwrap();
        assert!((effect.share.unwrap() - 1.0).abs() < 1e-12);
        assert!((effect.by_chance - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(effect.groups[1], Group { values: "b".to_owned(), n: 2, mean: 0.9 });
        let none = of(&kinds, &[0.8, 0.8, 0.9, 0.9]).unwrap();
        assert!(none.share.unwrap().abs() < 1e-12);
    }

    #[test]
    fn many_numbers_make_three_groups() {
        let numbers: Vec<Value> = (1..=9).map(Value::from).collect();
        let effect = of(&numbers, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]).unwrap();
        let told: Vec<&str> = effect.groups.iter().map(|group| group.values.as_str()).collect();
        assert_eq!(told, ["1 to 3", "4 to 6", "7 to 9"]);
        assert!((effect.share.unwrap() - 54.0 / 60.0).abs() < 1e-12);
    }

    #[test]
    fn what_does_not_vary_has_no_effect() {
        assert_eq!(of(&[1, 1].map(Value::from), &[0.1, 0.2]), None);
        assert_eq!(of(&[1, 2].map(Value::from), &[0.1, 0.2]), None, "a group each");
        assert_eq!(of(&[1, 2, 2].map(Value::from), &[0.1; 3]).unwrap().share, None);
    }
}
