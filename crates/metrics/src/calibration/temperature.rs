//! Temperature scaling: one number that all logits are divided by, so that probabilities come nearer to the truth (Guo et
//! al. 2017).

use serde::Serialize;

use super::ece::{CALIBRATION_BINS, bin};
use crate::error::{MetricsError, check_lengths};
use crate::estimate::Reason;

/// Between which temperatures one is looked for.
const TEMPERATURES: (f64, f64) = (0.01, 100.0);

/// A fitted temperature and what it does to the rows that it was fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Temperature {
    /// What logits are to be divided by.
    pub temperature: f64,
    /// Why it is a bound, where the loss only falls beyond it.
    pub bounded: Option<Reason>,
    /// Mean cross-entropy in nats, at temperature 1.
    pub loss_before: f64,
    /// The same at the fitted temperature.
    pub loss_after: f64,
    /// Expected calibration error with 15 bins, at temperature 1.
    pub ece_before: f64,
    /// The same at the fitted temperature.
    pub ece_after: f64,
}

/// The temperature with the smallest mean cross-entropy of `logits`, `(n, n_classes)` row after row, against `labels`,
/// `(n)`. The loss is convex in its inverse: Newton's method, kept between bounds that close in.
///
/// # Errors
/// When there are no rows, when the lengths differ, or when a label has no logit.
pub fn fit_temperature(labels: &[usize], logits: &[f32], n_classes: usize) -> Result<Temperature, MetricsError> {
    if n_classes == 0 || !logits.len().is_multiple_of(n_classes) {
        return Err(MetricsError::NotRows { values: logits.len(), n_classes });
    }
    check_lengths(labels.len(), logits.len() / n_classes)?;
    if let Some((row, &class)) = labels.iter().enumerate().find(|&(_, &label)| label >= n_classes) {
        return Err(MetricsError::UnknownClass { row, class, n_classes });
    }
    let rows = Logits { labels, logits, n_classes };
    let (mut low, mut high) = (1.0 / TEMPERATURES.1, 1.0 / TEMPERATURES.0);
    let (at_low, at_high) = (rows.slope(low), rows.slope(high));
    let (inverse, bounded) = if at_low.first == 0.0 && at_low.second == 0.0 {
        (1.0, Some("every row has equal logits, which no temperature changes"))
    } else if at_high.first < 0.0 || (at_high.first == 0.0 && rows.all_right()) {
        (high, Some("every row is predicted right: the loss falls the surer the model is"))
    } else if at_low.first > 0.0 {
        (low, Some("the logits say nothing of the labels: the loss falls the less sure the model is"))
    } else {
        let mut inverse: f64 = 1.0;
        for _ in 0..100 {
            let slope = rows.slope(inverse);
            if slope.first < 0.0 {
                low = inverse
            } else {
                high = inverse
            }
            let newton = inverse - slope.first / slope.second;
            let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
            let step = (next - inverse).abs();
            inverse = next;
            if step <= 1e-12 * inverse {
                break;
            }
        }
        (inverse, None)
    };
    let (before, after) = (rows.quality(1.0), rows.quality(inverse));
    Ok(Temperature {
        temperature: 1.0 / inverse,
        bounded,
        loss_before: before.0,
        loss_after: after.0,
        ece_before: before.1,
        ece_after: after.1,
    })
}

struct Logits<'a> {
    labels: &'a [usize],
    logits: &'a [f32],
    n_classes: usize,
}

/// The derivatives of the mean loss by the inverse temperature.
struct Slope {
    first: f64,
    second: f64,
}

impl Logits<'_> {
    fn rows(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.labels.iter().copied().zip(self.logits.chunks_exact(self.n_classes))
    }

    fn all_right(&self) -> bool {
        self.rows().all(|(label, row)| row.iter().all(|&logit| logit <= row[label]))
    }

    /// The mean over the rows of (expected logit - that of the label), and of the variance of the logit.
    fn slope(&self, inverse: f64) -> Slope {
        let mut slope = Slope { first: 0.0, second: 0.0 };
        for (label, row) in self.rows() {
            let own = f64::from(row[label]);
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let (mut sum, mut mean, mut square) = (0.0, 0.0, 0.0);
            for &logit in row {
                let weight = (inverse * (f64::from(logit) - f64::from(largest))).exp();
                let distance = f64::from(logit) - own;
                sum += weight;
                mean += weight * distance;
                square += weight * distance * distance;
            }
            mean /= sum;
            slope.first += mean;
            slope.second += square / sum - mean * mean;
        }
        let n = self.labels.len() as f64;
        Slope { first: slope.first / n, second: slope.second / n }
    }

    /// The mean loss and the calibration error.
    fn quality(&self, inverse: f64) -> (f64, f64) {
        let mut loss = 0.0;
        let mut gaps = [0.0; CALIBRATION_BINS];
        for (label, row) in self.rows() {
            let (prediction, largest) =
                row.iter().enumerate().fold(
                    (0, f32::NEG_INFINITY),
                    |best, (class, &logit)| {
                        if logit > best.1 { (class, logit) } else { best }
                    },
                );
            let sum: f64 = row.iter().map(|&logit| (inverse * (f64::from(logit) - f64::from(largest))).exp()).sum();
            let own = inverse * (f64::from(row[label]) - f64::from(largest));
            loss += (sum.ln() - own).min(-f64::EPSILON.ln());
            let confidence = 1.0 / sum;
            gaps[bin(confidence, CALIBRATION_BINS)] += if prediction == label { 1.0 } else { 0.0 } - confidence;
        }
        let n = self.labels.len() as f64;
        (loss / n, gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_right_three_times_in_four_is_made_so_sure() {
        // At temperature t the probability is 1 / (1 + exp(-4 / t)) = 3/4, so t = 4 / ln 3.
        let logits = [0.0, 4.0, 0.0, 4.0, 4.0, 0.0, 0.0, 4.0];
        let fitted = fit_temperature(&[1, 1, 0, 0], &logits, 2).unwrap();
        assert!((fitted.temperature - 4.0 / 3_f64.ln()).abs() < 1e-9, "{fitted:?}");
        assert!((fitted.loss_after - (4_f64.ln() - 0.75 * 3_f64.ln())).abs() < 1e-12);
        assert!(fitted.loss_after < fitted.loss_before && fitted.ece_after < 1e-9 && fitted.ece_before > 0.2);
        assert_eq!(fitted.bounded, None);
    }

    #[test]
    fn what_has_no_best_temperature_is_bounded_and_said() {
        let right = fit_temperature(&[0, 1], &[1.0, 0.0, 0.0, 2.0], 2).unwrap();
        assert!((right.temperature - 0.01).abs() < 1e-15 && right.bounded.unwrap().contains("right"));
        let wrong = fit_temperature(&[1, 0], &[1.0, 0.0, 0.0, 2.0], 2).unwrap();
        assert!((wrong.temperature - 100.0).abs() < 1e-9 && wrong.bounded.unwrap().contains("nothing"));
        let equal = fit_temperature(&[1, 0], &[3.0; 4], 2).unwrap();
        assert!(equal.temperature == 1.0 && equal.bounded.unwrap().contains("equal"));
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        assert!(fit_temperature(&[], &[], 2).is_err());
        assert!(fit_temperature(&[0], &[1.0, 2.0, 3.0], 2).is_err());
        assert!(fit_temperature(&[2], &[1.0, 2.0], 2).is_err());
    }
}
