//! Pooling: the logits of a text from those of its windows.

use std::fmt;
use std::str::FromStr;

/// How the logits of the windows of a text become those of the text, each output by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WindowPooling {
    /// Their mean.
    #[default]
    Mean,
    /// The largest.
    Max,
}

impl WindowPooling {
    /// All ways.
    pub const ALL: [Self; 2] = [Self::Mean, Self::Max];

    /// The name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Max => "max",
        }
    }

    /// The logits of texts, `(n_texts, n_outputs)`, from those of their windows, `(n_windows, n_outputs)`;
    /// `window_offsets`, `(n_texts + 1)`, says where the windows of each text start. Those of a text with one window stay as
    /// they are, to the bit.
    pub fn pool(self, logits: &[f32], n_outputs: usize, window_offsets: &[usize]) -> Vec<f32> {
        let mut pooled = Vec::with_capacity(window_offsets.len().saturating_sub(1) * n_outputs);
        for ends in window_offsets.windows(2) {
            let windows = &logits[ends[0] * n_outputs..ends[1] * n_outputs];
            let n_windows = (ends[1] - ends[0]) as f64;
            for output in 0..n_outputs {
                let values = windows.iter().skip(output).step_by(n_outputs);
                pooled.push(match self {
                    Self::Mean => (values.map(|&value| f64::from(value)).sum::<f64>() / n_windows) as f32,
                    // What is not finite stays visible.
                    Self::Max => {
                        values.copied().fold(f32::NEG_INFINITY, |a, b| if a.is_nan() || a > b { a } else { b })
                    }
                });
            }
        }
        pooled
    }
}

impl fmt::Display for WindowPooling {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for WindowPooling {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|pooling| pooling.name() == name);
        found.ok_or_else(|| format!("expected one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_output_is_pooled_over_the_windows_of_its_text() {
        // Two outputs; texts of two, one and three windows.
        let logits = [1.0, -2.0, 2.0, 5.0, 0.1, 0.7, -3.0, 0.0, -1.0, 0.5, -2.0, 1.0];
        let pool = |pooling: WindowPooling| pooling.pool(&logits, 2, &[0, 2, 3, 6]);
        assert_eq!(pool(WindowPooling::Mean), [1.5, 1.5, 0.1, 0.7, -2.0, 0.5]);
        assert_eq!(pool(WindowPooling::Max), [2.0, 5.0, 0.1, 0.7, -1.0, 1.0]);
    }

    #[test]
    fn what_is_not_a_number_is_not_lost() {
        for pooling in WindowPooling::ALL {
            assert!(pooling.pool(&[1.0, f32::NAN, 2.0], 1, &[0, 3])[0].is_nan(), "{pooling}");
            assert_eq!(pooling.name().parse(), Ok(pooling));
        }
    }
}
