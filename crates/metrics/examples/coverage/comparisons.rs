//! Error and power of the comparison of two models on the same rows, and of slices.

use metrics::{Average, ClassEvaluation, Figure, McNemar, Score, paired_difference, slice};

use crate::percent;
use crate::population::{Model, Population, Rng, SIZE};

const FIGURES: [Figure; 6] = [
    Figure::Accuracy,
    Figure::Averaged(Average::Macro, Score::F1),
    Figure::Mcc,
    Figure::Loss,
    Figure::Brier,
    Figure::RocAuc,
];
const LEVEL: f64 = 0.05;

/// How often a test said that there is a difference, and how often an interval held the true one.
#[derive(Default)]
struct Tally {
    exact: usize,
    mid_p: usize,
    differences: [usize; FIGURES.len()],
    held: [usize; FIGURES.len()],
    slices: [usize; FIGURES.len()],
}

pub(crate) fn print(repetitions: usize) {
    println!("\nHow often a difference is found at the 5 % level, in per cent of {repetitions} samples\n");
    print!("| classes | n | true difference of accuracy | McNemar exact | McNemar mid-p |");
    FIGURES.iter().for_each(|figure| print!(" {} |", figure.name()));
    FIGURES.iter().for_each(|figure| print!(" interval of {} holds |", figure.name()));
    FIGURES.iter().for_each(|figure| print!(" {} of a slice |", figure.name()));
    println!("\n|{}", "---|".repeat(5 + 3 * FIGURES.len()));
    for shares in [&[0.5, 0.5][..], &[0.8, 0.2], &[0.4, 0.3, 0.15, 0.1, 0.05]] {
        for better in [1.0, 1.15] {
            let signal = if shares.len() == 2 { 1.5 } else { 2.2 };
            let population = |signal, seed| Population::new(shares, Model { signal, shared: 0.6, seed }, SIZE);
            let mut models = [population(signal, 11), population(signal * better, 12)];
            if better == 1.0 {
                Population::exchange(&mut models);
            }
            for n in [200, 872] {
                let tally = compare(&models, shares.len(), n, repetitions);
                let cells = [tally.exact, tally.mid_p]
                    .into_iter()
                    .chain(tally.differences)
                    .chain(tally.held)
                    .chain(tally.slices);
                let cells: Vec<String> = cells.map(|count| format!("{:.1}", percent(count, repetitions))).collect();
                let truth = differences(&models, shares.len())[0];
                println!("| {} | {n} | {truth:.3} | {} |", shares.len(), cells.join(" | "));
            }
        }
    }
}

/// The differences of the populations; without a difference that of rounding.
fn differences(models: &[Population; 2], n_classes: usize) -> [f64; FIGURES.len()] {
    let value = |model: &Population, figure| {
        model.evaluation(n_classes).estimate(figure).map_or(f64::NAN, |estimate| estimate.value)
    };
    FIGURES.map(|figure| value(&models[1], figure) - value(&models[0], figure))
}

fn compare(models: &[Population; 2], n_classes: usize, n: usize, repetitions: usize) -> Tally {
    let (mut rng, mut tally) = (Rng(n as u64), Tally::default());
    let truth = differences(models, n_classes);
    for _ in 0..repetitions {
        let indices: Vec<usize> = (0..n).map(|_| rng.below(models[0].len())).collect();
        let samples = [0, 1].map(|model| models[model].rows(n_classes).select(indices.iter().copied()));
        let [first, second] = [0, 1].map(|model| ClassEvaluation::new(samples[model].rows().expect("rows were drawn")));
        let (left, right) = (first.rows(), second.rows());
        let test = McNemar::of_predictions(left.labels(), left.predictions(), right.predictions());
        tally.exact += usize::from(test.exact <= LEVEL);
        tally.mid_p += usize::from(test.mid_p <= LEVEL);
        let is_inside: Vec<bool> = (0..n).map(|_| rng.uniform() < 0.2).collect();
        for (index, &figure) in FIGURES.iter().enumerate() {
            if let Ok(difference) = paired_difference(figure, &first, &second) {
                tally.differences[index] += usize::from(difference.p_value <= LEVEL);
                let interval = difference.interval;
                tally.held[index] += usize::from(interval.low <= truth[index] && truth[index] <= interval.high);
            }
            let of_slice = slice(figure, &first, &is_inside).difference;
            tally.slices[index] += usize::from(of_slice.is_ok_and(|difference| difference.p_value <= LEVEL));
        }
    }
    tally
}
