//! Every kind of picture that a report has.

use figures::{
    Chart, ClassBar, ClassBars, Confusion, Coverage, CoverageMark, CoveragePoint, RateCurve, RateCurves, RateKind,
    Reliability, ReliabilityBin, ReliabilitySeries, Scores, Slice, Slices, class_bars, confusion_matrix, coverage,
    rate_curves, reliability, scores, slices,
};

use crate::numbers::{Evaluation, Random, Row, estimate};

pub(super) fn chart(svg: String, caption: &str) -> Chart {
    Chart { svg, caption: caption.to_owned(), alternative: format!("Picture: {caption}") }
}

pub(super) fn of_classes(evaluation: &Evaluation) -> Vec<Chart> {
    let matrix = confusion_matrix(&Confusion {
        title: "Confusion matrix",
        subtitle: "test · n = 1821 · accuracy 88.6 % · F1 0.886",
        label_names: &evaluation.names,
        counts: &evaluation.counts(),
    });
    vec![
        chart(matrix, "Where true and predicted labels differ."),
        chart(rates(evaluation, RateKind::Roc), "How the classes are ranked."),
        chart(rates(evaluation, RateKind::PrecisionRecall), "What a recall costs in precision."),
        chart(calibration(evaluation), "Whether the confidence can be believed."),
        chart(answered(evaluation), "What leaving out the least certain rows brings."),
        chart(per_class(evaluation), "The figures of each class."),
        chart(parts(evaluation), "Where it is worse than elsewhere."),
    ]
}

fn rates(evaluation: &Evaluation, kind: RateKind) -> String {
    let points = |class: usize| -> Vec<(f64, f64)> {
        let power = 4.0 + 8.0 / (1.0 + class as f64);
        let at = |step: u32| f64::from(step) / 400.0;
        match kind {
            RateKind::Roc => (0..=400).map(|step| (at(step), at(step).powf(1.0 / power))).collect(),
            RateKind::PrecisionRecall => (0..=400).map(|step| (at(step), 1.0 - 0.5 * at(step).powf(power))).collect(),
        }
    };
    let all: Vec<Vec<(f64, f64)>> = (0..evaluation.names.len()).map(points).collect();
    let shown = if all.len() == 2 { 1 } else { all.len() };
    let curves: Vec<RateCurve> = all[..shown]
        .iter()
        .zip(&evaluation.names)
        .enumerate()
        .map(|(class, (points, name))| RateCurve {
            name,
            points,
            area: 0.97 - 0.01 * class as f64 % 0.3,
            base_rate: 0.5,
        })
        .collect();
    let title = if kind == RateKind::Roc { "ROC curves" } else { "Precision-recall curves" };
    rate_curves(&RateCurves { title, subtitle: "test · one against all others", kind, curves: &curves })
}

fn calibration(evaluation: &Evaluation) -> String {
    let bins = |temper: fn(f64) -> f64| -> Vec<ReliabilityBin> {
        let bin = |index: u32| {
            let edges = (f64::from(index) / 20.0, f64::from(index + 1) / 20.0);
            let within = |row: &&Row| temper(row.confidence) > edges.0 && temper(row.confidence) <= edges.1;
            let rows: Vec<&Row> = evaluation.rows.iter().filter(within).collect();
            let right = rows.iter().filter(|row| row.label == row.prediction).count();
            let confidence = rows.iter().map(|row| temper(row.confidence)).sum::<f64>() / rows.len() as f64;
            ReliabilityBin { edges, n: rows.len() as u64, confidence, accuracy: estimate(right, rows.len()) }
        };
        (0..20).map(bin).collect()
    };
    let (before, after) = (bins(|confidence| confidence), bins(|confidence| 0.95 * confidence));
    let series = [
        ReliabilitySeries { name: "as trained (ECE 0.048)", bins: &before },
        ReliabilitySeries { name: "temperature 1.31 (ECE 0.012)", bins: &after },
    ];
    reliability(&Reliability { title: "Reliability", subtitle: "test · intervals of 95 %", series: &series })
}

fn answered(evaluation: &Evaluation) -> String {
    let mut rows: Vec<&Row> = evaluation.rows.iter().collect();
    rows.sort_by(|left, right| right.confidence.total_cmp(&left.confidence));
    let mut right = 0;
    let n = rows.len();
    let point = |(index, row): (usize, &&Row)| {
        right += usize::from(row.label == row.prediction);
        CoveragePoint { coverage: (index + 1) as f64 / n as f64, accuracy: estimate(right, index + 1) }
    };
    let points: Vec<CoveragePoint> = rows.iter().enumerate().map(point).collect();
    let mark = points.get(n / 2).map(|point| CoverageMark {
        coverage: point.coverage,
        accuracy: point.accuracy.value,
        label: "confidence ≥ 0.93",
    });
    coverage(&Coverage {
        title: "Accuracy against coverage",
        subtitle: "test",
        points: &points,
        marks: mark.as_slice(),
    })
}

fn per_class(evaluation: &Evaluation) -> String {
    let class = |(class, name): (usize, &String)| {
        let n = evaluation.rows.iter().filter(|row| row.label == class).count();
        let right = evaluation.rows.iter().filter(|row| row.label == class && row.prediction == class).count();
        let predicted = evaluation.rows.iter().filter(|row| row.prediction == class).count();
        (name.clone(), n, estimate(right, predicted), estimate(right, n))
    };
    let figures: Vec<_> = evaluation.names.iter().enumerate().map(class).collect();
    let classes: Vec<ClassBar> = figures
        .iter()
        .map(|(name, n, precision, recall)| ClassBar {
            name,
            n: *n as u64,
            precision: *precision,
            recall: *recall,
            f1: *recall,
        })
        .collect();
    class_bars(&ClassBars {
        title: "Precision, recall and F1",
        subtitle: "test · intervals of 95 %",
        classes: &classes,
    })
}

fn parts(evaluation: &Evaluation) -> String {
    let names = ["negation", "contrast (\"but\")", "length 33 to 64", "rare words", "weak label", "all others"];
    let slice = |(index, name): (usize, &&'static str)| {
        let n = evaluation.rows.len() / (2 + index);
        let right = (n as f64 * (0.78 + 0.02 * index as f64)) as usize;
        Slice { name, n: n as u64, estimate: estimate(right, n), marked: index < 2 }
    };
    let all: Vec<Slice> = names.iter().enumerate().map(slice).collect();
    let overall = Some(evaluation.accuracy());
    slices(&Slices {
        title: "Slices",
        subtitle: "test · worse than the rest by more than chance in orange",
        metric: "accuracy",
        is_percent: true,
        overall,
        slices: &all,
    })
}

pub(super) fn of_scores(n: usize) -> Vec<Chart> {
    let mut random = Random::new(3);
    let truth: Vec<f64> = (0..n).map(|_| random.unit()).collect();
    let predictions: Vec<f64> =
        truth.iter().map(|truth| 0.1 + 0.8 * truth + 0.3 * (random.unit() + random.unit() - 1.0)).collect();
    let picture =
        Scores { title: "Scores", subtitle: "test · Pearson 0.891", truth: &truth, predictions: &predictions };
    vec![chart(scores(&picture), "Predicted against true scores.")]
}
