//! L-BFGS (Liu and Nocedal 1989): the minimum of a smooth convex function from its gradients.

use std::collections::VecDeque;

/// How many steps the curvature is remembered of.
const MEMORY: usize = 10;
const MOST_ITERATIONS: usize = 2000;

/// A step and the change of the gradient over it.
struct Correction {
    step: Vec<f64>,
    change: Vec<f64>,
    inverse_curvature: f64,
}

/// Minimizes `objective`, which gives its value and writes its gradient, from zeros on, until no part of the gradient is larger
/// than `tolerance`.
pub(crate) fn minimize(n: usize, tolerance: f64, mut objective: impl FnMut(&[f64], &mut [f64]) -> f64) -> Vec<f64> {
    let (mut position, mut gradient) = (vec![0.0; n], vec![0.0; n]);
    let mut value = objective(&position, &mut gradient);
    let (mut next, mut next_gradient) = (position.clone(), gradient.clone());
    let mut corrections: VecDeque<Correction> = VecDeque::new();
    for _ in 0..MOST_ITERATIONS {
        if gradient.iter().all(|part| part.abs() <= tolerance) {
            break;
        }
        let mut direction = newton_direction(&gradient, &corrections);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            corrections.clear();
            direction = gradient.iter().map(|part| -part).collect();
            slope = dot(&direction, &gradient);
        }
        let mut length = if corrections.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let found = loop {
            for ((next, position), direction) in next.iter_mut().zip(&position).zip(&direction) {
                *next = position + length * direction;
            }
            let next_value = objective(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * length * slope {
                break Some(next_value);
            }
            // The minimum of the parabola through both values and the slope.
            let parabola = -slope * length * length / (2.0 * (next_value - value - slope * length));
            length = if parabola.is_finite() { parabola.clamp(0.1 * length, 0.5 * length) } else { 0.5 * length };
            if length < 1e-12 {
                break None;
            }
        };
        // Rounding leaves nothing to gain.
        let Some(next_value) = found else { break };
        remember(&mut corrections, (&position, &next), (&gradient, &next_gradient));
        value = next_value;
        std::mem::swap(&mut position, &mut next);
        std::mem::swap(&mut gradient, &mut next_gradient);
    }
    position
}

fn remember(corrections: &mut VecDeque<Correction>, positions: (&[f64], &[f64]), gradients: (&[f64], &[f64])) {
    let difference =
        |(from, to): (&[f64], &[f64])| -> Vec<f64> { to.iter().zip(from).map(|(to, from)| to - from).collect() };
    let (step, change) = (difference(positions), difference(gradients));
    let curvature = dot(&step, &change);
    if curvature > 1e-300 {
        if corrections.len() == MEMORY {
            corrections.pop_front();
        }
        corrections.push_back(Correction { step, change, inverse_curvature: 1.0 / curvature });
    }
}

/// The downhill direction: the gradient by the remembered curvature (Nocedal's two loops).
fn newton_direction(gradient: &[f64], corrections: &VecDeque<Correction>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|part| -part).collect();
    let mut factors = Vec::with_capacity(corrections.len());
    for correction in corrections.iter().rev() {
        let factor = correction.inverse_curvature * dot(&correction.step, &direction);
        add(&mut direction, -factor, &correction.change);
        factors.push(factor);
    }
    if let Some(newest) = corrections.back() {
        let scale = 1.0 / (newest.inverse_curvature * dot(&newest.change, &newest.change));
        direction.iter_mut().for_each(|part| *part *= scale);
    }
    for (correction, factor) in corrections.iter().zip(factors.into_iter().rev()) {
        let back = correction.inverse_curvature * dot(&correction.change, &direction);
        add(&mut direction, factor - back, &correction.step);
    }
    direction
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}

fn add(to: &mut [f64], factor: f64, values: &[f64]) {
    to.iter_mut().zip(values).for_each(|(to, value)| *to += factor * value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_valley_is_followed_to_its_end() {
        // x^2 + 1000 (y - 3)^2 + exp(z) - 2 z has its minimum at (0, 3, ln 2).
        let found = minimize(3, 1e-10, |at, gradient| {
            gradient.copy_from_slice(&[2.0 * at[0], 2000.0 * (at[1] - 3.0), at[2].exp() - 2.0]);
            at[0] * at[0] + 1000.0 * (at[1] - 3.0).powi(2) + at[2].exp() - 2.0 * at[2]
        });
        let distance = found[0].abs() + (found[1] - 3.0).abs() + (found[2] - 2_f64.ln()).abs();
        assert!(distance < 1e-9, "{found:?}");
    }
}
