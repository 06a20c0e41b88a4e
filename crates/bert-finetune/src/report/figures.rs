//! Figures of a finished run, for whoever started it: read from its log, so that a fresh run has them, too.

use std::path::Path;

use run_files::layout::train::LOG;
use run_files::log::{self, Event};
use serde_json::{Map, Value};

/// Steps, the best step, and what was measured there.
pub(crate) fn figures(folder: &Path) -> anyhow::Result<Map<String, Value>> {
    Ok(of_events(&log::read(&folder.join(LOG))?))
}

fn of_events(events: &[Event]) -> Map<String, Value> {
    let mut named = Map::new();
    let Some(Event::End { step, best_step, .. }) = events.last() else { return named };
    named.insert("steps".to_owned(), (*step).into());
    named.insert("best_step".to_owned(), (*best_step).into());
    let best = events.iter().find_map(|event| match event {
        Event::Evaluate { step, figures, .. } if step == best_step => Some(figures),
        _ => None,
    });
    let measured = best.into_iter().flat_map(log::Evaluation::figures);
    named.extend(measured.map(|(name, value)| (name.to_owned(), value.into())));
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_the_best_step() {
        let evaluate = |step, accuracy| {
            let figures = log::Evaluation { eval_loss: 0.5, eval_accuracy: Some(accuracy), ..Default::default() };
            Event::Evaluate { step, epoch: 1.0, figures, best: true }
        };
        let end = Event::End { step: 21, best_step: 14, stopped_early: false };
        let figures = of_events(&[evaluate(7, 0.5), evaluate(14, 0.75), evaluate(21, 0.625), end.clone()]);
        let expected = serde_json::json!({"steps": 21, "best_step": 14, "loss": 0.5, "accuracy": 0.75});
        assert_eq!(Value::Object(figures), expected);
        assert_eq!(Value::Object(of_events(&[end])), serde_json::json!({"steps": 21, "best_step": 14}));
    }
}
