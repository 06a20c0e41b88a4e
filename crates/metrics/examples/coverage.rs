//! Coverage of the 95 % intervals in a simulation.

use std::collections::BTreeMap;

use metrics::{
    Average, ClassEvaluation, ClassRows, Figure, Probabilities, Score, ScoreFigure, ScoreRows, score_estimate,
    split_mix64,
};

struct Rng(u64);
impl Rng {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        split_mix64(self.0)
    }
    fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }
    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}

struct Pool {
    n_classes: usize,
    labels: Vec<usize>,
    predictions: Vec<usize>,
    values: Vec<f64>,
}

fn argmax(row: &[f64]) -> usize {
    (0..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best })
}

impl Pool {
    /// A classifier's posterior under Gaussian noise, overconfident by `sharpness`.
    fn new(shares: &[f64], signal: f64, size: usize, sharpness: f64) -> Self {
        let mut rng = Rng(7);
        let k = shares.len();
        let mut pool = Pool { n_classes: k, labels: vec![], predictions: vec![], values: vec![] };
        for row in 0..size {
            let u = (row as f64 + 0.5) / size as f64;
            let mut label = 0;
            let mut sum = shares[0];
            while u > sum && label + 1 < k {
                label += 1;
                sum += shares[label];
            }
            let logits: Vec<f64> = (0..k)
                .map(|c| {
                    let x = rng.normal() + if c == label { signal } else { 0.0 };
                    sharpness * (signal * x + shares[c].ln())
                })
                .collect();
            let most = logits.iter().copied().fold(f64::MIN, f64::max);
            let exp: Vec<f64> = logits.iter().map(|l| (l - most).exp()).collect();
            let total: f64 = exp.iter().sum();
            pool.labels.push(label);
            pool.predictions.push(argmax(&exp));
            pool.values.extend(exp.iter().map(|e| e / total));
        }
        pool
    }
    fn rows(&self) -> ClassEvaluation<'_> {
        ClassEvaluation::new(
            ClassRows::new(&self.labels, &self.predictions, Probabilities::new(&self.values, self.n_classes).unwrap())
                .unwrap(),
        )
    }
    fn draw(&self, rng: &mut Rng, n: usize, to: &mut Pool) {
        to.labels.clear();
        to.predictions.clear();
        to.values.clear();
        for _ in 0..n {
            let r = rng.below(self.labels.len());
            to.labels.push(self.labels[r]);
            to.predictions.push(self.predictions[r]);
            to.values.extend_from_slice(&self.values[r * self.n_classes..(r + 1) * self.n_classes]);
        }
    }
}

fn main() {
    let args: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let reps = args.first().copied().unwrap_or(1000);
    let ns: Vec<usize> = if args.len() > 1 { args[1..].to_vec() } else { vec![200, 872, 2210] };
    let only: Option<String> = std::env::var("ONLY").ok();
    for shares in [vec![0.5, 0.5], vec![0.9, 0.1], vec![0.2; 5], vec![0.4, 0.3, 0.15, 0.1, 0.05]] {
        let k = shares.len();
        let mut figures = vec![
            ("accuracy", Figure::Accuracy),
            ("bal_acc", Figure::BalancedAccuracy),
            ("f1_macro", Figure::Averaged(Average::Macro, Score::F1)),
            ("f1_weighted", Figure::Averaged(Average::Weighted, Score::F1)),
            ("prec_macro", Figure::Averaged(Average::Macro, Score::Precision)),
            ("f1_last", Figure::OfClass(Score::F1, k - 1)),
            ("prec_last", Figure::OfClass(Score::Precision, k - 1)),
            ("rec_last", Figure::OfClass(Score::Recall, k - 1)),
            ("mcc", Figure::Mcc),
            ("kappa", Figure::Kappa),
            ("loss", Figure::Loss),
            ("brier", Figure::Brier),
            ("roc_auc", Figure::RocAuc),
            ("pr_auc", Figure::PrAuc),
        ];
        if k > 2 {
            figures.extend([
                ("qkappa", Figure::QuadraticKappa),
                ("mae", Figure::MeanAbsoluteError),
                ("top2", Figure::TopK(2)),
            ]);
        }
        if let Some(only) = &only {
            figures.retain(|f| only.split(',').any(|o| o == f.0));
        }
        for target in [0.6, 0.75, 0.85, 0.95] {
            // macro F1 has the target value
            let (mut lo, mut hi) = (0.0, 8.0);
            for _ in 0..20 {
                let mid = (lo + hi) / 2.0;
                let pool = Pool::new(&shares, mid, 20_000, 1.5);
                if pool.rows().estimate(Figure::Averaged(Average::Macro, Score::F1)).unwrap().value < target {
                    lo = mid
                } else {
                    hi = mid
                }
            }
            let pool = Pool::new(&shares, lo, 200_000, 1.5);
            let truth: Vec<f64> = figures.iter().map(|f| pool.rows().estimate(f.1).unwrap().value).collect();
            for &n in &ns {
                let mut rng = Rng(n as u64 * 1000 + k as u64);
                let mut sample = Pool { n_classes: k, labels: vec![], predictions: vec![], values: vec![] };
                let mut tally: BTreeMap<usize, (usize, usize, usize, f64)> = BTreeMap::new();
                for _ in 0..reps {
                    pool.draw(&mut rng, n, &mut sample);
                    let rows = sample.rows();
                    for (i, f) in figures.iter().enumerate() {
                        let t = tally.entry(i).or_default();
                        match rows.estimate(f.1).and_then(|e| e.interval()) {
                            Err(_) => t.2 += 1,
                            Ok(interval) => {
                                if truth[i] < interval.low {
                                    t.0 += 1
                                } else if truth[i] > interval.high {
                                    t.1 += 1
                                }
                                t.3 += interval.high - interval.low;
                            }
                        }
                    }
                }
                for (i, f) in figures.iter().enumerate() {
                    let t = tally[&i];
                    let given = (reps - t.2).max(1) as f64;
                    let coverage = 1.0 - (t.0 + t.1) as f64 / given;
                    let flag = if !(0.93..=0.97).contains(&coverage) { "***" } else { "" };
                    println!(
                        "{k} {:.2} {target} n={n:5} {:12} true {:.4} cover {:.4} below {:.4} above {:.4} none {} width {:.4} {flag}",
                        shares[k - 1],
                        f.0,
                        truth[i],
                        coverage,
                        t.0 as f64 / given,
                        t.1 as f64 / given,
                        t.2,
                        t.3 / given
                    );
                }
            }
        }
    }
    let _ = (ScoreFigure::Mse, score_estimate as fn(_, ScoreRows) -> _);
}
