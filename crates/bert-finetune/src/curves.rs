//! The learning curves of a finished run, from its log.

use figures::{Curves, Panel, Series, Style};

use crate::events::Event;
use crate::state::Best;

/// The picture as SVG: loss, validation metrics, learning rate and gradient norm over the steps, the best step marked.
///
/// `remark` stands beside the figures, if there is one.
pub(crate) fn learning_curves(events: &[Event], best: &Best, remark: Option<&str>) -> String {
    let train = |value: fn(&Event) -> Option<(u64, f64)>| -> Vec<(f64, f64)> {
        events.iter().filter_map(value).map(|(step, value)| (step as f64, value)).collect()
    };
    let series = |name: &str, style: Style, points: Vec<(f64, f64)>| Series { name: name.to_owned(), points, style };
    let loss = vec![
        series(
            "train",
            Style::Line,
            train(|event| match event {
                Event::Train { step, loss, .. } => Some((*step, *loss)),
                _ => None,
            }),
        ),
        series(
            "validation",
            Style::Markers,
            train(|event| match event {
                Event::Evaluate { step, figures, .. } => Some((*step, figures.eval_loss)),
                _ => None,
            }),
        ),
    ];
    let metrics = vec![
        series(
            "accuracy",
            Style::Markers,
            train(|event| match event {
                Event::Evaluate { step, figures, .. } => Some((*step, figures.eval_accuracy?)),
                _ => None,
            }),
        ),
        series(
            "F1, weighted",
            Style::Markers,
            train(|event| match event {
                Event::Evaluate { step, figures, .. } => Some((*step, figures.eval_f1?)),
                _ => None,
            }),
        ),
    ];
    let rate = series(
        "Learning rate",
        Style::Line,
        train(|event| match event {
            Event::Train { step, learning_rate, .. } => Some((*step, *learning_rate)),
            _ => None,
        }),
    );
    let norm = series(
        "Gradient norm",
        Style::Line,
        train(|event| match event {
            Event::Train { step, grad_norm, .. } => Some((*step, *grad_norm)),
            _ => None,
        }),
    );
    let panel = |title: &str, y_label: &str, series: Vec<Series>| {
        let series: Vec<Series> = series.into_iter().filter(|series| !series.points.is_empty()).collect();
        Panel { title: title.to_owned(), y_label: y_label.to_owned(), series, log_y: false }
    };
    let panels = [
        panel("Loss", "loss", loss),
        panel("Validation", "share", metrics),
        panel("Learning rate", "rate", vec![rate]),
        panel("Gradient norm", "norm", vec![norm]),
    ];
    figures::curves(&Curves {
        title: "Learning curves".to_owned(),
        subtitle: subtitle(best) + &remark.map_or(String::new(), |remark| format!(" · {remark}")),
        x_label: "step".to_owned(),
        panels: panels.into_iter().filter(|panel| !panel.series.is_empty()).collect(),
        marker: best.figures.map(|_| (best.step as f64, format!("best (step {})", best.step))),
    })
}

fn subtitle(best: &Best) -> String {
    match best.figures {
        None => format!("{} steps, no evaluation", best.step),
        Some(figures) => match figures.eval_accuracy {
            Some(accuracy) => format!("best validation accuracy {:.2} % at step {}", 100.0 * accuracy, best.step),
            None => format!("best validation loss {:.4} at step {}", figures.eval_loss, best.step),
        },
    }
}
