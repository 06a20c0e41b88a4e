//! Coverage of the intervals of a classifier's figures.

use std::collections::BTreeMap;

use metrics::{Average, ClassEvaluation, Figure, Score};

use crate::percent;
use crate::population::{Population, Rng};

const SHARES: [&[f64]; 4] = [&[0.5, 0.5], &[0.9, 0.1], &[0.2; 5], &[0.4, 0.3, 0.15, 0.1, 0.05]];
const SIZES: [usize; 3] = [200, 872, 2210];
const TARGETS: [f64; 4] = [0.6, 0.75, 0.85, 0.95];

/// What is printed of a figure, a number of rows and a macro F1: the range of true values and of coverages.
type Ranges = BTreeMap<(String, usize), BTreeMap<usize, ((f64, f64), (f64, f64))>>;

/// The smallest share of samples with an interval that says something of coverage, in per cent.
const FEWEST_GIVEN: f64 = 10.0;

/// How often the interval of one figure held the figure of one population.
struct Cell {
    truth: f64,
    n_given: usize,
    n_held: usize,
}

pub(crate) fn print(repetitions: usize) {
    println!("Coverage in per cent, {repetitions} samples each\n");
    println!("| figure | n | population | true value | coverage | no interval |\n|---|---|---|---|---|---|");
    let mut ranges = Ranges::new();
    for shares in SHARES {
        let n_classes = shares.len();
        for (index, target) in TARGETS.into_iter().enumerate() {
            let population = Population::with_macro_f1(shares, target);
            for n in SIZES {
                let cells = coverage(&population, n_classes, n, repetitions);
                for (figure, cell) in figures(n_classes).iter().zip(cells) {
                    let name =
                        figure.name() + if matches!(figure, Figure::OfClass(..)) { " of the rarest" } else { "" };
                    let (held, given) = (percent(cell.n_held, cell.n_given), percent(cell.n_given, repetitions));
                    let (rarest, truth, without) = (100.0 * shares[n_classes - 1], cell.truth, 100.0 - given);
                    println!(
                        "| {name} | {n} | {n_classes} classes, {rarest:.0} % the rarest | {truth:.3} | {held:.1} | {without:.1} |"
                    );
                    if given >= FEWEST_GIVEN {
                        let range = ranges.entry((name, n)).or_default().entry(index);
                        let (truths, coverages) = range.or_insert(((truth, truth), (held, held)));
                        *truths = (truths.0.min(truth), truths.1.max(truth));
                        *coverages = (coverages.0.min(held), coverages.1.max(held));
                    }
                }
            }
        }
    }
    print_ranges(&ranges);
}

/// One line a figure and number of rows.
fn print_ranges(ranges: &Ranges) {
    println!("\nThe same, the range over the populations at each macro F1: true values, coverage in per cent\n");
    print!("| figure | n |");
    TARGETS.iter().for_each(|target| print!(" {target} |"));
    println!("\n|---|---|---|---|---|---|");
    for ((name, n), by_target) in ranges {
        print!("| {name} | {n} |");
        for index in 0..TARGETS.len() {
            match by_target.get(&index) {
                Some((truths, held)) => {
                    print!(" {:.2} to {:.2}: {:.1} to {:.1} |", truths.0, truths.1, held.0, held.1);
                }
                None => print!(" none |"),
            }
        }
        println!();
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
