//! The pictures of a search and of a training run.

use figures::{
    Chart, Curves, Marker, Panel, ParallelAxis, ParallelCoordinates, ParallelLine, Scale, Scatter, ScatterPanel,
    Series, Style, curves, parallel_coordinates, scatter,
};

use crate::numbers::Random;
use crate::pictures::chart;

pub(super) fn of_search(n: usize) -> Vec<Chart> {
    let mut random = Random::new(5);
    let trials: Vec<[f64; 4]> = (0..n)
        .map(|_| {
            let (rate, kind, decay) = (1e-5 * 10_f64.powf(random.unit()), random.below(3) as f64, 0.1 * random.unit());
            [rate, kind, decay, 0.85 + 0.05 * random.unit()]
        })
        .collect();
    let kinds = Scale::Names(["linear", "cosine", "constant_with_warmup"].map(str::to_owned).to_vec());
    let scales = [Scale::Logarithmic, kinds, Scale::Linear, Scale::Linear];
    let names = ["learning_rate", "lr_scheduler_type", "weight_decay", "accuracy"];
    let axis = |(name, scale): (&&str, &Scale)| ParallelAxis { name: (*name).to_owned(), scale: scale.clone() };
    let line = |(rank, values): (usize, &[f64; 4])| ParallelLine {
        values: values.to_vec(),
        score: 1.0 - rank as f64 / n as f64,
        provisional: rank % 4 == 3,
    };
    let parallel = parallel_coordinates(&ParallelCoordinates {
        title: String::new(),
        subtitle: String::new(),
        axes: names.iter().zip(&scales).map(axis).collect(),
        lines: trials.iter().enumerate().map(line).collect(),
        marked: Some(0),
    });
    let panel = |index: usize| ScatterPanel {
        x_label: names[index].to_owned(),
        scale: scales[index].clone(),
        x: trials.iter().map(|values| values[index]).collect(),
    };
    let each = scatter(&Scatter {
        title: String::new(),
        subtitle: String::new(),
        y_label: "accuracy".to_owned(),
        y: trials.iter().map(|values| values[3]).collect(),
        provisional: (0..n).filter(|rank| rank % 4 == 3).collect(),
        panels: (0..3).map(panel).collect(),
        marked: Some(0),
    });
    let series = |index: usize| Series {
        name: if index + 1 == n { "trial 7".to_owned() } else { String::new() },
        points: (1..=6)
            .map(|epoch| (f64::from(epoch) / 2.0, 0.8 + 0.1 * trials[index][3] * f64::from(epoch).sqrt() / 3.0))
            .collect(),
        style: if index + 1 == n { Style::Highlight } else { Style::Background },
    };
    let panel = Panel {
        title: "Validation accuracy".to_owned(),
        y_label: "accuracy".to_owned(),
        series: (0..n).map(series).collect(),
        log_y: false,
    };
    let runs = curves(&Curves { x_label: "epoch".to_owned(), panels: vec![panel], ..Curves::default() });
    vec![
        chart(parallel, "One line per trial, the darker the better; the best in orange."),
        chart(each, "One dot per trial and argument; the best in orange."),
        chart(runs, "Every run in gray, the best in orange."),
        chart(of_training(), "A training run."),
    ]
}

fn of_training() -> String {
    let mut random = Random::new(9);
    let mut points = |scale: f64, noise: f64| -> Vec<(f64, f64)> {
        (1..=400)
            .map(|step| (f64::from(step * 10), scale / (1.0 + f64::from(step) / 60.0) + noise * random.unit()))
            .collect()
    };
    let series = |name: &str, style: Style, points: Vec<(f64, f64)>| Series { name: name.to_owned(), points, style };
    let few = |points: Vec<(f64, f64)>| -> Vec<(f64, f64)> { points.into_iter().step_by(40).collect() };
    let panel = |title: &str, y_label: &str, series: Vec<Series>| Panel {
        title: title.to_owned(),
        y_label: y_label.to_owned(),
        series,
        log_y: false,
    };
    let loss = vec![
        series("train", Style::Line, points(0.6, 0.1)),
        series("validation", Style::Markers, few(points(0.5, 0.02))),
    ];
    let metric = vec![
        series("accuracy", Style::Markers, few(points(-0.4, 0.01))),
        series("F1, weighted", Style::Markers, few(points(-0.45, 0.01))),
    ];
    let rate = vec![series("Learning rate", Style::Line, points(2e-5, 0.0))];
    let norm = vec![series("Gradient norm", Style::Line, points(4.0, 3.0))];
    curves(&Curves {
        title: "Learning curves".to_owned(),
        subtitle: "best at step 1299: validation loss 0.2810, accuracy 0.8869".to_owned(),
        x_label: "step".to_owned(),
        whole_x: true,
        panels: vec![
            panel("Loss", "loss", loss),
            panel("Validation", "metric", metric),
            panel("Learning rate", "rate", rate),
            panel("Gradient norm", "norm", norm),
        ],
        marker: Some(Marker { x: 1299.0, label: "best (step 1299)".to_owned() }),
        sections: (1..=3)
            .map(|epoch| Marker { x: 1300.0 * f64::from(epoch), label: format!("epoch {epoch}") })
            .collect(),
    })
}
