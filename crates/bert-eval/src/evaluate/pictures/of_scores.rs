//! Pictures of a regression: predicted against true scores, with the residuals.

use figures::{Scores, scores};
use metrics::ScoreRows;
use run_files::metrics_json::ScoreMetrics;

use super::{Picture, subtitle};

/// What can be drawn of a regression.
pub(crate) fn score_pictures(metrics: &ScoreMetrics, rows: ScoreRows) -> Vec<Picture> {
    let regression = &metrics.regression;
    let pearson = regression.pearson.map_or(String::new(), |pearson| format!("Pearson {pearson:.3} · "));
    let figures = format!("{pearson}MSE {:.4} · n = {}", regression.mse, regression.n);
    let chart = Scores {
        title: "Predicted and true scores",
        subtitle: &subtitle(&metrics.evaluated, &figures),
        truth: rows.targets(),
        predictions: rows.predictions(),
    };
    vec![Picture {
        name: "scores",
        title: "Predicted and true scores",
        caption: "Each dot is a text; on the line both scores are equal. On the right what is left: predicted less true.",
        svg: scores(&chart),
    }]
}
