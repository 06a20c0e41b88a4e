//! Estimates with their influence values: what a figure is, and how much each row moves it.
//!
//! The influence of a row is the derivative of the figure when the weight of that row grows (Hampel 1974). The mean of
//! the influences is zero and their variance by the number of rows is the variance of the figure (the infinitesimal
//! jackknife), so that one number a row serves intervals, differences between two models on the same rows, and
//! differences between slices. Figures of the confusion matrix have one influence a cell.

use std::borrow::Cow;

use crate::distributions::{Z, student_quantile};
use crate::interval::{Interval, wilson_interval};

/// Why a figure, or an interval of it, does not exist: a part of a sentence.
pub type Reason = &'static str;

/// A figure of a set of rows, and the influence of every row on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    pub(crate) influence: Influence,
    pub(crate) method: Method,
}

/// The influence of each row, in the unit of the figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Influence {
    /// One value a row, `(n)`, and the figure without its bias, around which an interval lies.
    Rows { values: Vec<f64>, center: f64 },
    /// One value a cell of the confusion matrix, `(n_classes, n_classes)`, by label and prediction, and the center and
    /// moments of the counts that they were derived from.
    Cells { n_classes: usize, values: Vec<f64>, center: f64, moments: Moments },
}

/// How the interval comes from the moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Method {
    /// Wilson's score interval of a share of the rows.
    Wilson { n_successes: u64, n: u64 },
    /// Symmetric on the scale, with Student's t.
    Symmetric(Scale, Freedom),
    /// On the scale, corrected for skewness, with Student's t.
    Skewed(Scale, Freedom),
    /// There is no interval that holds, for this reason.
    Unknown(Reason),
}

impl Method {
    fn scale(self) -> Scale {
        match self {
            Self::Symmetric(scale, _) | Self::Skewed(scale, _) => scale,
            Self::Wilson { .. } | Self::Unknown(_) => Scale::Logit,
        }
    }
}

/// How many degrees of freedom an estimated variance is given, as a multiple of `n / (kurtosis - 1)`.
///
/// Satterthwaite's value is 2, which is small where few rows carry most of the variance. Where the influences are
/// bounded, or counts have prior rows, that is too careful by half: the multiples are those with which the coverage comes
/// nearest to 95 % (`examples/coverage.rs`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Freedom {
    Satterthwaite,
    Bounded,
    PriorRows,
}

impl Freedom {
    fn multiple(self) -> f64 {
        match self {
            Self::Satterthwaite => 2.0,
            Self::Bounded => 4.0,
            Self::PriorRows => 8.0,
        }
    }
}

/// The scale on which the figure is nearest to normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// Positive numbers.
    Log,
    /// Shares.
    Logit,
    /// Correlations: Fisher's z.
    Fisher,
    /// Numbers up to 1 that are 1 less a positive one.
    LogComplement,
}

impl Scale {
    pub(crate) fn transform(self, value: f64) -> f64 {
        match self {
            Self::Log => value.ln(),
            Self::Logit => (value / (1.0 - value)).ln(),
            Self::Fisher => value.atanh(),
            Self::LogComplement => (1.0 - value).ln(),
        }
    }

    pub(crate) fn derivative(self, value: f64) -> f64 {
        match self {
            Self::Log => 1.0 / value,
            Self::Logit => 1.0 / (value * (1.0 - value)),
            Self::Fisher => 1.0 / (1.0 - value * value),
            Self::LogComplement => -1.0 / (1.0 - value),
        }
    }

    /// Half the second derivative by the first.
    fn curvature(self, value: f64) -> f64 {
        match self {
            Self::Log => -0.5 / value,
            Self::Logit => (value - 0.5) / (value * (1.0 - value)),
            Self::Fisher => value / (1.0 - value * value),
            Self::LogComplement => 0.5 / (1.0 - value),
        }
    }

    pub(crate) fn back(self, transformed: f64) -> f64 {
        match self {
            Self::Log => transformed.exp(),
            Self::Logit => 1.0 / (1.0 + (-transformed).exp()),
            Self::Fisher => transformed.tanh(),
            Self::LogComplement => 1.0 - transformed.exp(),
        }
    }
}

/// The central moments of influence values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Moments {
    pub(crate) n: f64,
    pub(crate) second: f64,
    pub(crate) third: f64,
    pub(crate) fourth: f64,
}

impl Moments {
    /// Of values with weights; the weights' sum is the number of rows.
    pub(crate) fn of(values: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let (mut n, mut sum) = (0.0, 0.0);
        for (value, weight) in values.clone() {
            n += weight;
            sum += weight * value;
        }
        let mean = sum / n;
        let mut moments = Self { n, ..Self::default() };
        for (value, weight) in values {
            let square = (value - mean) * (value - mean);
            moments.second += weight * square / n;
            moments.third += weight * square * (value - mean) / n;
            moments.fourth += weight * square * square / n;
        }
        moments
    }

    pub(crate) fn standard_error(self) -> f64 {
        (self.second / (self.n - 1.0)).sqrt()
    }

    /// The degrees of freedom of the variance.
    pub(crate) fn freedom(self, freedom: Freedom) -> f64 {
        let kurtosis = self.fourth / (self.second * self.second);
        (freedom.multiple() * self.n / (kurtosis - 1.0)).clamp(1.0, self.n.max(2.0) - 1.0)
    }

    pub(crate) fn skewness(self) -> f64 {
        self.third / self.second.powf(1.5)
    }
}

const TOO_FEW: Reason = "too few rows";
pub(crate) const NO_SPREAD: Reason = "the rows show no spread";

/// Where an interval lies and how wide it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) center: f64,
    pub(crate) moments: Moments,
    pub(crate) freedom: Freedom,
}

impl Estimate {
    /// The 95 % interval of the figure.
    ///
    /// # Errors
    /// Says why there is none.
    pub fn interval(&self) -> Result<Interval, Reason> {
        if let Method::Wilson { n_successes, n } = self.method {
            return Ok(wilson_interval(n_successes, n));
        }
        let Spread { center, moments, freedom } = self.spread()?;
        let scale = self.method.scale();
        let slope = scale.derivative(center);
        let error = moments.standard_error() * slope.abs();
        let middle = scale.transform(center);
        let t = student_quantile(moments.freedom(freedom));
        let (above, below) = if let Method::Skewed(..) = self.method {
            let skewness = moments.skewness() * slope.signum();
            let curvature = scale.curvature(center) * moments.second.sqrt() * slope.signum();
            let quantile = |z| hall_quantile(z, skewness, curvature, moments.n) * t / Z;
            (quantile(Z), quantile(-Z))
        } else {
            (t, -t)
        };
        let ends = [scale.back(middle - above * error), scale.back(middle - below * error)];
        // Prior rows draw the center to the middle; the figure itself stays inside.
        let (low, high) = (ends[0].min(ends[1]).min(self.value), ends[0].max(ends[1]).max(self.value));
        if low.is_finite() && high.is_finite() { Ok(Interval { low, high }) } else { Err(NO_SPREAD) }
    }

    /// What an interval of this figure, or of a difference, is made of.
    pub(crate) fn spread(&self) -> Result<Spread, Reason> {
        let freedom = match self.method {
            Method::Symmetric(_, freedom) | Method::Skewed(_, freedom) => freedom,
            Method::Wilson { .. } => Freedom::PriorRows,
            Method::Unknown(reason) => return Err(reason),
        };
        let (center, moments) = match &self.influence {
            Influence::Rows { values, center } => (*center, Moments::of(values.iter().map(|&value| (value, 1.0)))),
            Influence::Cells { center, moments, .. } => (*center, *moments),
        };
        if moments.n < 3.0 {
            return Err(TOO_FEW);
        }
        if moments.second <= 0.0 || moments.second.is_nan() {
            return Err(NO_SPREAD);
        }
        Ok(Spread { center, moments, freedom })
    }

    /// Center and standard error where they are compared with those of other rows: figures of counts as they are, since
    /// prior rows have drawn them to the middle; others on the scale of their interval.
    pub(crate) fn on_test_scale(&self, spread: &Spread) -> (f64, f64) {
        let error = spread.moments.standard_error();
        match &self.influence {
            Influence::Cells { .. } => (spread.center, error),
            Influence::Rows { .. } => {
                let scale = self.method.scale();
                (scale.transform(spread.center), error * scale.derivative(spread.center).abs())
            }
        }
    }

    /// The influence of each row, `(n)`, in the unit of the figure; `labels` and `predictions` are those of the rows that
    /// the figure was made of.
    pub(crate) fn row_influence(&self, labels: &[usize], predictions: &[usize]) -> Cow<'_, [f64]> {
        match &self.influence {
            Influence::Rows { values, .. } => Cow::Borrowed(values),
            Influence::Cells { n_classes, values, .. } => {
                let cells = labels.iter().zip(predictions).map(|(label, prediction)| label * n_classes + prediction);
                Cow::Owned(cells.map(|cell| values[cell]).collect())
            }
        }
    }
}

/// The quantile of the studentized figure, where that of the normal distribution is `z`, after the cubic transformation
/// that removes skewness (Hall 1992, "On the removal of skewness by transformation").
///
/// `skewness` is that of the influences; `curvature` is half the second derivative of the scale by its first, times the
/// deviation of the influences: the scale takes away some of the skewness by itself.
fn hall_quantile(z: f64, skewness: f64, curvature: f64, n: f64) -> f64 {
    let a = (skewness + 3.0 * curvature) / n.sqrt();
    let z = z - skewness / (6.0 * n.sqrt());
    if a.abs() < 1e-9 {
        return z;
    }
    3.0 / a * ((1.0 + a * z).cbrt() - 1.0)
}
