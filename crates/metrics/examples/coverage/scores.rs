//! Coverage of the intervals of a regression's figures.

use metrics::{ScoreFigure, ScoreRows, score_estimate};

use crate::percent;
use crate::population::{Rng, SIZE};

/// Pearson's correlation of the population.
const TARGETS: [f64; 4] = [0.6, 0.75, 0.85, 0.95];

pub(crate) fn print(repetitions: usize) {
    println!("\nCoverage of scores in per cent, {repetitions} samples each\n");
    println!("| figure | n | errors | true value | coverage |\n|---|---|---|---|---|");
    for (name, heavy) in [("normal", false), ("heavy tails", true)] {
        for target in TARGETS {
            let (targets, predictions) = population(target, heavy);
            let whole = ScoreRows::new(&targets, &predictions).expect("pairs");
            for n in [200, 872, 2210] {
                let mut rng = Rng(n as u64);
                let mut held = [0; ScoreFigure::ALL.len()];
                let value = |figure| score_estimate(figure, whole).map_or(f64::NAN, |estimate| estimate.value);
                let truths = ScoreFigure::ALL.map(value);
                for _ in 0..repetitions {
                    let (targets, predictions) = whole.select((0..n).map(|_| rng.below(SIZE)));
                    let rows = ScoreRows::new(&targets, &predictions).expect("pairs");
                    for ((figure, truth), held) in ScoreFigure::ALL.into_iter().zip(truths).zip(&mut held) {
                        let interval = score_estimate(figure, rows).and_then(|estimate| estimate.interval());
                        *held += usize::from(interval.is_ok_and(|ends| ends.low <= truth && truth <= ends.high));
                    }
                }
                for ((figure, truth), held) in ScoreFigure::ALL.iter().zip(truths).zip(held) {
                    println!("| {} | {n} | {name} | {truth:.3} | {:.1} |", figure.name(), percent(held, repetitions));
                }
            }
        }
    }
}

/// Scores from 0 to 1 with more in the middle, and predictions that correlate with them.
fn population(correlation: f64, heavy: bool) -> (Vec<f64>, Vec<f64>) {
    let mut rng = Rng(3);
    let noise = (1.0 / (correlation * correlation) - 1.0_f64).sqrt();
    let score = |rng: &mut Rng| (rng.uniform() + rng.uniform()) / 2.0;
    // The deviation of a mean of two uniform numbers.
    let deviation = (1.0 / 24.0_f64).sqrt();
    (0..SIZE)
        .map(|_| {
            let target = score(&mut rng);
            let error =
                if heavy { rng.normal() * (-2.0 * rng.uniform().ln()).sqrt() / 2_f64.sqrt() } else { rng.normal() };
            (target, target + noise * deviation * error)
        })
        .unzip()
}
