//! Made-up predictions, the same on every machine.

use figures::Estimate;

/// A generator of numbers that look random (Knuth's MMIX).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }
}

/// A row: its true and its predicted class, and the confidence.
pub(super) struct Row {
    pub(super) label: usize,
    pub(super) prediction: usize,
    pub(super) confidence: f64,
}

pub(super) struct Evaluation {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Row>,
}

impl Evaluation {
    pub(super) fn new(names: &[&str], n: usize) -> Self {
        let mut random = Random::new(7);
        let n_classes = names.len();
        let row = |_| {
            let label = random.below(n_classes).min(random.below(n_classes));
            let confidence = 1.0 - 0.5 * random.unit().powi(3);
            let is_right = random.unit() < confidence - 0.04;
            let other = if random.unit() < 0.6 { label + 1 } else { random.below(n_classes) };
            Row { label, prediction: if is_right { label } else { other % n_classes }, confidence }
        };
        Self { names: names.iter().map(|&name| name.to_owned()).collect(), rows: (0..n).map(row).collect() }
    }

    pub(super) fn counts(&self) -> Vec<Vec<u64>> {
        let mut counts = vec![vec![0; self.names.len()]; self.names.len()];
        self.rows.iter().for_each(|row| counts[row.label][row.prediction] += 1);
        counts
    }

    pub(super) fn accuracy(&self) -> f64 {
        self.rows.iter().filter(|row| row.label == row.prediction).count() as f64 / self.rows.len() as f64
    }
}

/// A fraction with about its interval of 95 %.
pub(super) fn estimate(right: usize, n: usize) -> Estimate {
    let value = right as f64 / n as f64;
    let half = 1.96 * ((value * (1.0 - value) + 1.0 / n as f64) / n as f64).sqrt();
    Estimate { value, interval: Some(((value - half).max(0.0), (value + half).min(1.0))) }
}
