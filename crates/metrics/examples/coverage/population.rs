//! Populations of rows with known figures: classes under Gaussian noise, and the posterior of a model that sees it.

use metrics::{Average, ClassEvaluation, ClassRows, ClassSample, Figure, Probabilities, Score, split_mix64};

/// Rows of a population.
pub(crate) const SIZE: usize = 200_000;

/// A seeded generator.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        split_mix64(self.0)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Labels and the predictions of one model for them.
pub(crate) struct Population {
    labels: Vec<usize>,
    predictions: Vec<usize>,
    probabilities: Vec<f64>,
}

/// How a model sees a row: `signal` times the label in the noise of the row and in its own.
#[derive(Clone, Copy)]
pub(crate) struct Model {
    pub(crate) signal: f64,
    /// The part of the noise's variance that all models share.
    pub(crate) shared: f64,
    pub(crate) seed: u64,
}

/// By how much the models are too sure.
const OVERCONFIDENCE: f64 = 1.5;

impl Population {
    /// `size` rows whose labels have these shares, as `model` sees them.
    pub(crate) fn new(shares: &[f64], model: Model, size: usize) -> Self {
        let (mut of_row, mut own) = (Rng(7), Rng(model.seed));
        let mut population = Self { labels: Vec::new(), predictions: Vec::new(), probabilities: Vec::new() };
        let (shared, rest) = (model.shared.sqrt(), (1.0 - model.shared).sqrt());
        for row in 0..size {
            let label = class_at((row as f64 + 0.5) / size as f64, shares);
            let logit = |(class, share): (usize, &f64)| {
                let noise = shared * of_row.normal() + rest * own.normal();
                let seen = noise + if class == label { model.signal } else { 0.0 };
                OVERCONFIDENCE * (model.signal * seen + share.ln())
            };
            let logits: Vec<f64> = shares.iter().enumerate().map(logit).collect();
            let largest = logits.iter().copied().fold(f64::MIN, f64::max);
            let weights: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
            let sum: f64 = weights.iter().sum();
            population.labels.push(label);
            population.predictions.push(logits.iter().position(|&logit| logit == largest).unwrap_or(0));
            population.probabilities.extend(weights.iter().map(|weight| weight / sum));
        }
        population
    }

    /// A population in which the macro F1 of a model is `target`.
    pub(crate) fn with_macro_f1(shares: &[f64], target: f64) -> Self {
        let model = |signal| Model { signal, shared: 0.0, seed: 11 };
        let figure = Figure::Averaged(Average::Macro, Score::F1);
        let (mut low, mut high) = (0.0, 8.0);
        for _ in 0..20 {
            let middle = (low + high) / 2.0;
            let population = Self::new(shares, model(middle), SIZE / 10);
            let value = population.evaluation(shares.len()).estimate(figure).map_or(0.0, |estimate| estimate.value);
            if value < target { low = middle } else { high = middle }
        }
        Self::new(shares, model(low), SIZE)
    }

    /// Gives each model the rows of the other behind its own: then there is no difference at all between the two.
    pub(crate) fn exchange(models: &mut [Self; 2]) {
        let [first, second] = models;
        for (left, right) in
            [(&mut first.predictions, &mut second.predictions), (&mut first.labels, &mut second.labels)]
        {
            let own = left.clone();
            left.extend_from_slice(right);
            right.extend(own);
        }
        let own = first.probabilities.clone();
        first.probabilities.extend_from_slice(&second.probabilities);
        second.probabilities.extend(own);
    }

    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn rows(&self, n_classes: usize) -> ClassRows<'_> {
        let probabilities = Probabilities::new(&self.probabilities, n_classes).expect("whole rows");
        ClassRows::new(&self.labels, &self.predictions, probabilities).expect("rows that fit together")
    }

    pub(crate) fn evaluation(&self, n_classes: usize) -> ClassEvaluation<'_> {
        ClassEvaluation::new(self.rows(n_classes))
    }

    /// `n` rows, with replacement.
    pub(crate) fn draw(&self, n_classes: usize, n: usize, rng: &mut Rng) -> ClassSample {
        self.rows(n_classes).select((0..n).map(|_| rng.below(SIZE)))
    }
}

fn class_at(quantile: f64, shares: &[f64]) -> usize {
    let mut sum = 0.0;
    let below = shares.iter().take_while(|&&share| {
        sum += share;
        sum < quantile
    });
    below.count().min(shares.len() - 1)
}
