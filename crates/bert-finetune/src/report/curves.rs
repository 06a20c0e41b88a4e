//! The learning curves of a finished run, from its log.

use figures::{Curves, Marker, Panel, Series, Style};

use crate::training::evaluation::Evaluation;
use crate::report::events::Event;
use crate::train_loop::loop_state::Best;
use crate::report::messages::headline;

/// The picture as SVG: loss, validation metrics, learning rate and gradient norm over the steps, the best step marked.
///
/// `disclaimer` stands beside the figures, if there is one.
pub(crate) fn learning_curves(events: &[Event], best: &Best, disclaimer: Option<&str>) -> String {
    let trained: Vec<(f64, [f64; 3])> = events.iter().filter_map(of_train).collect();
    let evaluated: Vec<(f64, Evaluation)> = events.iter().filter_map(of_evaluate).collect();
    let of_steps = |place: usize| trained.iter().map(|(step, values)| (*step, values[place])).collect();
    let of_evaluations = |value: fn(&Evaluation) -> Option<f64>| -> Vec<(f64, f64)> {
        evaluated.iter().filter_map(|(step, figures)| Some((*step, value(figures)?))).collect()
    };
    let series = |name: &str, style: Style, points: Vec<(f64, f64)>| Series { name: name.to_owned(), points, style };
    let loss = vec![
        series("train", Style::Line, of_steps(0)),
        series("validation", Style::Markers, of_evaluations(|figures| Some(figures.eval_loss))),
    ];
    let metrics = vec![
        series("accuracy", Style::Markers, of_evaluations(|figures| figures.eval_accuracy)),
        series("F1, weighted", Style::Markers, of_evaluations(|figures| figures.eval_f1)),
        series("Pearson", Style::Markers, of_evaluations(|figures| figures.eval_pearson)),
        series("Spearman", Style::Markers, of_evaluations(|figures| figures.eval_spearman)),
    ];
    let rate = series("Learning rate", Style::Line, of_steps(1));
    let norm = series("Gradient norm", Style::Line, of_steps(2));
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

/// Step, and its loss, learning rate and gradient norm.
fn of_train(event: &Event) -> Option<(f64, [f64; 3])> {
    match event {
        Event::Train { step, loss, learning_rate, grad_norm, .. } => {
            Some((*step as f64, [*loss, *learning_rate, *grad_norm]))
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
