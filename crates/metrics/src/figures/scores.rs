//! Figures of a regression with their influences: MSE, MAE, R², Pearson's and Spearman's correlation.

use crate::estimate::Reason;
use crate::ranks::average_ranks;
use crate::rows::ScoreRows;

const CONSTANT: Reason = "one side is constant";

pub(crate) fn squared_errors(rows: ScoreRows) -> Vec<f64> {
    rows.targets().iter().zip(rows.predictions()).map(|(target, p)| (p - target) * (p - target)).collect()
}

pub(crate) fn absolute_errors(rows: ScoreRows) -> Vec<f64> {
    rows.targets().iter().zip(rows.predictions()).map(|(target, p)| (p - target).abs()).collect()
}

/// The coefficient of determination and its influences.
pub(crate) fn r2(rows: ScoreRows) -> Result<(f64, Vec<f64>), Reason> {
    if rows.n() < 2 {
        return Err("below two rows");
    }
    let mut errors = squared_errors(rows);
    let squares: Vec<f64> = centered(rows.targets()).iter().map(|t| t * t).collect();
    let (residual, total) = (errors.iter().sum::<f64>(), squares.iter().sum::<f64>());
    if total <= 0.0 {
        // As scikit-learn has it: 1 for exact predictions, else 0. No row moves it.
        return Ok((if residual == 0.0 { 1.0 } else { 0.0 }, vec![0.0; rows.n()]));
    }
    let (ratio, n) = (residual / total, rows.n() as f64);
    for (error, square) in errors.iter_mut().zip(squares) {
        *error = n * (ratio * square - *error) / total;
    }
    Ok((1.0 - ratio, errors))
}

/// Pearson's correlation and its influences.
pub(crate) fn pearson(left: &[f64], right: &[f64]) -> Result<(f64, Vec<f64>), Reason> {
    let (left, right) = (centered(left), centered(right));
    let (left_variance, right_variance) = (dot(&left, &left), dot(&right, &right));
    let n = left.len() as f64;
    let norm = left_variance.sqrt() * right_variance.sqrt();
    if norm <= 0.0 {
        return Err(CONSTANT);
    }
    let r = (dot(&left, &right) / norm).clamp(-1.0, 1.0);
    let influence = left.iter().zip(&right).map(|(l, r_value)| {
        n * (l * r_value / norm - r / 2.0 * (l * l / left_variance + r_value * r_value / right_variance))
    });
    Ok((r, influence.collect()))
}

/// Spearman's correlation and its influences, which reckon with the ranks that a row moves.
pub(crate) fn spearman(left: &[f64], right: &[f64]) -> Result<(f64, Vec<f64>), Reason> {
    let n = left.len() as f64;
    let (left_ranks, right_ranks) = (average_ranks(left), average_ranks(right));
    let (rho, _) = pearson(&left_ranks, &right_ranks)?;
    let distribution = |ranks: Vec<f64>| -> Vec<f64> { ranks.iter().map(|rank| (rank - 0.5) / n - 0.5).collect() };
    let (left_ranks, right_ranks) = (distribution(left_ranks), distribution(right_ranks));
    let left_variance = dot(&left_ranks, &left_ranks) / n;
    let right_variance = dot(&right_ranks, &right_ranks) / n;
    let (right_above, left_above) = (sums_above(left, &right_ranks), sums_above(right, &left_ranks));
    let (left_own, right_own) = (sums_above(left, &left_ranks), sums_above(right, &right_ranks));
    let norm = (left_variance * right_variance).sqrt();
    let covariance = rho * norm;
    let mut influence: Vec<f64> = (0..left.len())
        .map(|row| {
            let (l, r) = (left_ranks[row], right_ranks[row]);
            let product = l * r - covariance + (right_above[row] + left_above[row]) / n;
            let left_square = l * l - left_variance + 2.0 * left_own[row] / n;
            let right_square = r * r - right_variance + 2.0 * right_own[row] / n;
            product / norm - rho / 2.0 * (left_square / left_variance + right_square / right_variance)
        })
        .collect();
    let middle = mean(&influence);
    influence.iter_mut().for_each(|value| *value -= middle);
    Ok((rho, influence))
}

/// For each row the sum of `summed` over the rows whose `values` are larger, and half of it over those that are equal.
fn sums_above(values: &[f64], summed: &[f64]) -> Vec<f64> {
    let mut descending: Vec<usize> = (0..values.len()).collect();
    descending.sort_unstable_by(|&left, &right| values[right].total_cmp(&values[left]));
    let mut sums = vec![0.0; values.len()];
    let mut above = 0.0;
    for tie in descending.chunk_by(|&left, &right| values[left] == values[right]) {
        let of_tie: f64 = tie.iter().map(|&row| summed[row]).sum();
        tie.iter().for_each(|&row| sums[row] = above + of_tie / 2.0);
        above += of_tie;
    }
    sums
}

/// The values less their mean; exact zeros for a constant.
pub(crate) fn centered(values: &[f64]) -> Vec<f64> {
    // Rounding would leave a little of a constant such as 0.1, and a correlation out of it.
    if values.windows(2).all(|pair| pair[0] == pair[1]) {
        return vec![0.0; values.len()];
    }
    let mean = mean(values);
    values.iter().map(|value| value - mean).collect()
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}
