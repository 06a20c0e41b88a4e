//! Objective of a search: the validation metric that ranks trials, and whether to minimize or maximize it.

use serde::Serialize;
use stage::bad_input;

use super::run_log::Metrics;
use crate::args::Direction;

/// The metric that ranks trials.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Objective {
    pub(crate) metric: String,
    pub(crate) direction: Direction,
}

impl Objective {
    /// The metric, if the evaluation has it.
    pub(crate) fn value(&self, metrics: &Metrics) -> Option<f64> {
        metrics.get(&self.metric).copied()
    }

    /// The metric, which an evaluation has to have.
    pub(crate) fn required_value(&self, metrics: &Metrics) -> anyhow::Result<f64> {
        self.value(metrics).ok_or_else(|| {
            let names = metrics.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            bad_input!("the evaluations have no metric {}; set --metric to one of {names}", self.metric)
        })
    }

    /// The value of the metric with its sign turned so that greater is better.
    pub(crate) fn score(&self, value: f64) -> f64 {
        if self.direction == Direction::Maximize { value } else { -value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_loss_is_a_greater_score() {
        let loss = Objective { metric: "loss".to_owned(), direction: Direction::Minimize };
        assert!(loss.score(0.3) > loss.score(0.4));
        assert_eq!(loss.value(&Metrics::from([("loss".to_owned(), 0.3)])), Some(0.3));
    }
}
