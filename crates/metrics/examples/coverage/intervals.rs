//! Coverage of the intervals of a classifier's figures.

use metrics::{Average, ClassEvaluation, Figure, Score};

use crate::percent;
use crate::population::{Population, Rng};

const SHARES: [&[f64]; 4] = [&[0.5, 0.5], &[0.9, 0.1], &[0.2; 5], &[0.4, 0.3, 0.15, 0.1, 0.05]];
const SIZES: [usize; 3] = [200, 872, 2210];
const TARGETS: [f64; 4] = [0.6, 0.75, 0.85, 0.95];

/// How often the interval of one figure held the figure of one population.
struct Cell {
    truth: f64,
    n_given: usize,
    n_held: usize,
}

pub(crate) fn print(repetitions: usize) {
    println!("Coverage in per cent, {repetitions} samples each\n");
    println!("| figure | n | population | true value | coverage | no interval |\n|---|---|---|---|---|---|");
    for shares in SHARES {
        let n_classes = shares.len();
        for target in TARGETS {
            let population = Population::with_macro_f1(shares, target);
            for n in SIZES {
                let cells = coverage(&population, n_classes, n, repetitions);
                for (figure, cell) in figures(n_classes).iter().zip(cells) {
                    println!(
                        "| {} | {n} | {n_classes} classes, {:.0} % the rarest | {:.3} | {:.1} | {:.1} |",
                        figure.name() + if matches!(figure, Figure::OfClass(..)) { " of the rarest" } else { "" },
                        100.0 * shares[n_classes - 1],
                        cell.truth,
                        percent(cell.n_held, cell.n_given),
                        percent(repetitions - cell.n_given, repetitions)
                    );
                }
            }
        }
    }
}

fn figures(n_classes: usize) -> Vec<Figure> {
    let without = [Figure::CalibrationError, Figure::MajorityRate, Figure::Averaged(Average::Weighted, Score::Recall)];
    let mut figures = Figure::all(n_classes, n_classes > 2);
    figures.retain(|figure| !without.contains(figure));
    figures.extend([Score::Precision, Score::Recall, Score::F1].map(|score| Figure::OfClass(score, n_classes - 1)));
    figures
}

fn coverage(population: &Population, n_classes: usize, n: usize, repetitions: usize) -> Vec<Cell> {
    let whole = population.evaluation(n_classes);
    let figures = figures(n_classes);
    let truth = |&figure: &Figure| whole.estimate(figure).map_or(f64::NAN, |estimate| estimate.value);
    let mut cells: Vec<Cell> =
        figures.iter().map(|figure| Cell { truth: truth(figure), n_given: 0, n_held: 0 }).collect();
    let mut rng = Rng(n as u64);
    for _ in 0..repetitions {
        let sample = population.draw(n_classes, n, &mut rng);
        let evaluation = ClassEvaluation::new(sample.rows().expect("rows were drawn"));
        for (&figure, cell) in figures.iter().zip(&mut cells) {
            if let Ok(interval) = evaluation.estimate(figure).and_then(|estimate| estimate.interval()) {
                cell.n_given += 1;
                cell.n_held += usize::from(interval.low <= cell.truth && cell.truth <= interval.high);
            }
        }
    }
    cells
}
