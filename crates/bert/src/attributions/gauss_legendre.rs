//! Gauss-Legendre quadrature on [0, 1]: `n` points integrate every polynomial of degree `2 n - 1` exactly.

use std::f64::consts::PI;

/// The points, ascending, and their weights, whose sum is 1. At least one point.
pub(super) fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let n = n.max(1);
    let mut points: Vec<(f64, f64)> = (0..n).map(|index| point(n, index)).collect();
    points.reverse(); // the roots of [-1, 1] come from the largest to the smallest
    points
}

/// The `index`-th largest root of the Legendre polynomial of degree `n`, by Newton's method from Tricomi's estimate.
fn point(n: usize, index: usize) -> (f64, f64) {
    let mut x = (PI * (index as f64 + 0.75) / (n as f64 + 0.5)).cos();
    let mut slope = 1.0;
    for _ in 0..100 {
        let (value, derivative) = legendre(n, x);
        slope = derivative;
        let step = value / derivative;
        x -= step;
        if step.abs() < 1e-15 {
            break;
        }
    }
    // From [-1, 1] to [0, 1], which halves the weights.
    ((x + 1.0) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
}

/// The Legendre polynomial of degree `n` and its derivative, by Bonnet's recursion; `x` lies between -1 and 1.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for degree in 2..=n {
        let degree = degree as f64;
        (before, value) = (value, ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * before) / degree);
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_integrated_exactly() {
        for n in [1, 2, 3, 8, 50, 256] {
            let points = gauss_legendre(n);
            assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
            for degree in [0, 1, 2 * n - 1] {
                let integral: f64 = points.iter().map(|(x, weight)| weight * x.powi(degree as i32)).sum();
                let exact = 1.0 / (degree as f64 + 1.0);
                assert!((integral - exact).abs() < 1e-13, "{n} points, degree {degree}: {integral}, not {exact}");
            }
        }
    }
}
