//! Learning curves (`curves.svg`, and as `curves.png`) of a finished run, from its log.

use figures::{Curves, Marker, Panel, Series, Style};
use run_files::log::{Evaluation, Event};

use crate::report::messages::headline;
use crate::training::loop_state::Best;

/// More of them would be a gray area.
const MAX_EPOCHS: usize = 100;

/// A `train` event as the curves need it.
struct TrainPoint {
    step: f64,
    loss: f64,
    learning_rate: f64,
    grad_norm: f64,
}

/// The picture as SVG: loss, validation metrics, learning rate and gradient norm over the steps, the best step marked.
///
/// `disclaimer`, if there is one, is added to the subtitle.
pub(crate) fn learning_curves(events: &[Event], best: &Best, disclaimer: Option<&str>) -> String {
    let trained: Vec<TrainPoint> = events.iter().filter_map(of_train).collect();
    let evaluated: Vec<(f64, Evaluation)> = events.iter().filter_map(of_evaluate).collect();
    let of_steps = |value: fn(&TrainPoint) -> f64| trained.iter().map(|point| (point.step, value(point))).collect();
    let of_evaluations = |value: fn(&Evaluation) -> Option<f64>| -> Vec<(f64, f64)> {
        evaluated.iter().filter_map(|(step, figures)| Some((*step, value(figures)?))).collect()
    };
    let series = |name: &str, style: Style, points: Vec<(f64, f64)>| Series { name: name.to_owned(), points, style };
    let loss = vec![
        series("train", Style::Line, of_steps(|point| point.loss)),
        series("validation", Style::Markers, of_evaluations(|figures| Some(figures.eval_loss))),
    ];
    let metrics = vec![
        series("accuracy", Style::Markers, of_evaluations(|figures| figures.eval_accuracy)),
        series("F1, weighted", Style::Markers, of_evaluations(|figures| figures.eval_f1)),
        series("Pearson", Style::Markers, of_evaluations(|figures| figures.eval_pearson)),
        series("Spearman", Style::Markers, of_evaluations(|figures| figures.eval_spearman)),
    ];
    let rate = series("Learning rate", Style::Line, of_steps(|point| point.learning_rate));
    let norm = series("Gradient norm", Style::Line, of_steps(|point| point.grad_norm));
    let panel = |title: &str, y_label: &str, series: Vec<Series>| {
        let series: Vec<Series> = series.into_iter().filter(|series| !series.points.is_empty()).collect();
        Panel { title: title.to_owned(), y_label: y_label.to_owned(), series, log_y: false }
    };
    let panels = [
        panel("Loss", "loss", loss),
        panel("Validation", "metric", metrics),
        panel("Learning rate", "rate", vec![rate]),
        panel("Gradient norm", "norm", vec![norm]),
    ];
    figures::curves(&Curves {
        title: "Learning curves".to_owned(),
        subtitle: subtitle(best) + &disclaimer.map_or(String::new(), |disclaimer| format!(" · {disclaimer}")),
        x_label: "step".to_owned(),
        whole_x: true,
        panels: panels.into_iter().filter(|panel| !panel.series.is_empty()).collect(),
        sections: epochs(events),
        marker: best.figures.map(|_| Marker { x: best.step as f64, label: format!("best (step {})", best.step) }),
    })
}

/// Where each epoch ends, between the events before and after it.
fn epochs(events: &[Event]) -> Vec<Marker> {
    let of_event = |event: &Event| match *event {
        Event::Train { step, epoch, .. } | Event::Evaluate { step, epoch, .. } => Some((step as f64, epoch)),
        _ => None,
    };
    let mut ends = Vec::new();
    let mut before = (0.0, 0.0);
    for (step, epoch) in events.iter().filter_map(of_event).filter(|(_, epoch)| epoch.is_finite()) {
        while (ends.len() + 1) as f64 <= epoch && ends.len() < MAX_EPOCHS {
            let end = (ends.len() + 1) as f64;
            let fraction = (end - before.1) / (epoch - before.1);
            let x = before.0 + fraction * (step - before.0);
            ends.push(Marker { x, label: format!("epoch {end}") });
        }
        before = (step, epoch);
    }
    ends
}

fn of_train(event: &Event) -> Option<TrainPoint> {
    match *event {
        Event::Train { step, loss, learning_rate, grad_norm, .. } => {
            Some(TrainPoint { step: step as f64, loss, learning_rate, grad_norm })
        }
        _ => None,
    }
}

fn of_evaluate(event: &Event) -> Option<(f64, Evaluation)> {
    match event {
        Event::Evaluate { step, figures, .. } => Some((*step as f64, *figures)),
        _ => None,
    }
}

fn subtitle(best: &Best) -> String {
    match best.figures {
        None => format!("{} steps, no evaluation", best.step),
        Some(figures) => format!("best at step {}: validation {}", best.step, headline(&figures)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn train(step: u64, epoch: f64) -> Event {
        Event::Train { step, epoch, loss: 0.5, learning_rate: 1e-5, grad_norm: 1.0 }
    }

    #[test]
    fn epochs_end_between_the_events_around_them() {
        let events = [train(10, 0.5), train(30, 1.5), train(70, 3.5), train(80, 4.0)];
        let ends: Vec<(f64, String)> = epochs(&events).into_iter().map(|marker| (marker.x, marker.label)).collect();
        let expected = [(20.0, "epoch 1"), (40.0, "epoch 2"), (60.0, "epoch 3"), (80.0, "epoch 4")];
        assert_eq!(ends, expected.map(|(x, label)| (x, label.to_owned())));
        assert_eq!(epochs(&[train(10, f64::NAN)]), []);
    }
}
