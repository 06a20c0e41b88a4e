//! Figures that are means of a value of every row, whose influences are the values less their mean.

use super::scores;
use crate::estimate::{Estimate, Freedom, Influence, Method, Scale};

/// The mean of a value of every row.
pub(super) fn mean(mut values: Vec<f64>, freedom: Freedom) -> Estimate {
    let value = scores::mean(&values);
    values.iter_mut().for_each(|each| *each -= value);
    let influence = Influence::Rows { values, center: value };
    Estimate { value, influence, method: Method::Skewed(Scale::Log, freedom) }
}

/// A fraction of the rows.
pub(super) fn hits(are_hits: impl Iterator<Item = bool>) -> Estimate {
    let values: Vec<f64> = are_hits.map(|hit| if hit { 1.0 } else { 0.0 }).collect();
    let (n_hits, n) = (values.iter().sum::<f64>() as u64, values.len());
    Estimate { method: wilson(n_hits, n), ..mean(values, Freedom::Bounded) }
}

pub(super) fn wilson(n_successes: u64, n: usize) -> Method {
    Method::Wilson { n_successes, n: n as u64 }
}
