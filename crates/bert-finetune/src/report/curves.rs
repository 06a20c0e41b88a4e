//! Learning curves (`curves.svg`) of a finished run, from its log.

use figures::{Curves, Marker, Panel, Series, Style};
use run_files::log::{Evaluation, Event};

use crate::report::messages::headline;
use crate::training::loop_state::Best;

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
        panels: panels.into_iter().filter(|panel| !panel.series.is_empty()).collect(),
        marker: best.figures.map(|_| Marker { x: best.step as f64, label: format!("best (step {})", best.step) }),
    })
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
