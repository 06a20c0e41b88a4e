//! Pictures of what a classifier's probabilities are worth: ROC and precision-recall curves, reliability, coverage.

use figures::{
    Coverage, CoverageMark, CoveragePoint, Estimate, RateCurve, RateCurves, RateKind, Reliability, ReliabilityBin,
    ReliabilitySeries, coverage, rate_curves, reliability,
};
use metrics::{Curve, wilson_interval};
use run_files::metrics_json::ClassMetrics;

use super::{Picture, subtitle};
use crate::evaluate::calibrate::Confidence;
use crate::evaluate::curves::ClassCurve;

/// All of them; curves only of classes that have rows.
pub(crate) fn confidence_pictures(
    metrics: &ClassMetrics,
    curves: &[ClassCurve],
    confidence: &Confidence,
) -> Vec<Picture> {
    let mut pictures = Vec::new();
    if !curves.is_empty() {
        pictures.push(roc(metrics, curves));
        pictures.push(precision_recall(metrics, curves));
    }
    pictures.push(reliability_picture(metrics, confidence));
    pictures.push(coverage_picture(metrics, confidence));
    pictures
}

fn roc(metrics: &ClassMetrics, curves: &[ClassCurve]) -> Picture {
    Picture {
        name: "roc",
        title: "ROC curves",
        caption: "How many rows of a class are found, by how many others are taken for it, over all thresholds. The \
                  diagonal is chance.",
        svg: rates(RateKind::Roc, "ROC curves", metrics, curves, |curve| &curve.roc),
    }
}

fn precision_recall(metrics: &ClassMetrics, curves: &[ClassCurve]) -> Picture {
    Picture {
        name: "precision_recall",
        title: "Precision and recall",
        caption: "How many rows taken for a class are of it, by how many of the class are found, over all thresholds.",
        svg: rates(RateKind::PrecisionRecall, "Precision and recall", metrics, curves, |curve| &curve.precision_recall),
    }
}

fn rates(
    kind: RateKind,
    title: &str,
    metrics: &ClassMetrics,
    curves: &[ClassCurve],
    of: fn(&ClassCurve) -> &Curve,
) -> String {
    let n = metrics.classification.n;
    let points: Vec<Vec<(f64, f64)>> =
        curves.iter().map(|curve| of(curve).points.iter().map(|point| (point.x, point.y)).collect()).collect();
    let drawn: Vec<RateCurve> = curves
        .iter()
        .zip(&points)
        .map(|(curve, points)| RateCurve {
            name: &curve.label,
            points,
            area: of(curve).area,
            base_rate: curve.support as f64 / n.max(1) as f64,
        })
        .collect();
    let subtitle = subtitle(&metrics.evaluated, &format!("n = {n}"));
    rate_curves(&RateCurves { title, subtitle: &subtitle, kind, curves: &drawn })
}

fn reliability_picture(metrics: &ClassMetrics, confidence: &Confidence) -> Picture {
    let bins = |bins: &[metrics::ReliabilityBin]| -> Vec<ReliabilityBin> {
        let bin = |bin: &metrics::ReliabilityBin| ReliabilityBin {
            edges: (bin.low, bin.high),
            n: bin.n,
            confidence: bin.confidence,
            accuracy: Estimate { value: bin.accuracy, interval: Some((bin.interval.low, bin.interval.high)) },
        };
        bins.iter().map(bin).collect()
    };
    let now = bins(&confidence.reliability);
    let (name, other_name, other) = match (&confidence.reliability_uncalibrated, &confidence.reliability_fitted) {
        (Some(uncalibrated), _) => ("calibrated", "without the temperature", Some(bins(uncalibrated))),
        (None, Some(fitted)) => ("as predicted", "with the fitted temperature", Some(bins(fitted))),
        (None, None) => ("as predicted", "", None),
    };
    let mut series = vec![ReliabilitySeries { name, bins: &now }];
    series.extend(other.as_ref().map(|bins| ReliabilitySeries { name: other_name, bins }));
    let error = metrics
        .expected_calibration_error
        .map_or(String::new(), |error| format!("expected calibration error {error:.3}"));
    let subtitle = subtitle(&metrics.evaluated, &error);
    Picture {
        name: "reliability",
        title: "Reliability",
        caption: "How often predictions of a confidence are right, with 95 % intervals; on the diagonal a probability says \
                  what it promises. Below it, how many predictions have which confidence.",
        svg: reliability(&Reliability { title: "Reliability", subtitle: &subtitle, series: &series }),
    }
}

fn coverage_picture(metrics: &ClassMetrics, confidence: &Confidence) -> Picture {
    let n = metrics.classification.n as f64;
    let point = |point: &metrics::CoveragePoint| {
        let n_kept = (point.coverage * n).round() as u64;
        let n_right = (point.accuracy * n_kept as f64).round() as u64;
        let interval = wilson_interval(n_right.min(n_kept), n_kept);
        CoveragePoint {
            coverage: point.coverage,
            accuracy: Estimate { value: point.accuracy, interval: Some((interval.low, interval.high)) },
        }
    };
    let points: Vec<CoveragePoint> = confidence.accuracy_by_coverage.iter().map(point).collect();
    let reached = confidence.thresholds.iter().filter_map(|it| Some((it.wished_precision, it.reached?)));
    let reached: Vec<_> = reached.filter(|(_, reached)| reached.coverage < 1.0).collect();
    let labels: Vec<String> =
        reached.iter().map(|(wished, it)| format!("{}: confidence ≥ {:.3}", percent(*wished), it.threshold)).collect();
    let marks: Vec<CoverageMark> = reached
        .iter()
        .zip(&labels)
        .map(|((_, reached), label)| CoverageMark { coverage: reached.coverage, accuracy: reached.precision, label })
        .collect();
    let wished: Vec<String> = reached.iter().map(|(wished, _)| percent(*wished)).collect();
    let thresholds = match wished.as_slice() {
        [] => String::new(),
        wished => format!("marked: from which confidence on {} are right", wished.join(", ")),
    };
    let subtitle = subtitle(&metrics.evaluated, &thresholds);
    Picture {
        name: "coverage",
        title: "Accuracy by coverage",
        caption: "Accuracy of what is left when the least certain predictions are left out, with 95 % intervals.",
        svg: coverage(&Coverage { title: "Accuracy by coverage", subtitle: &subtitle, points: &points, marks: &marks }),
    }
}

fn percent(fraction: f64) -> String {
    format!("{:.0} %", 100.0 * fraction)
}
