//! Grid search: every combination of the values of a space.

use anyhow::Context;
use stage::{BadInput, ensure_input};
use toml::Value;

use super::space::{Arguments, Space};

/// Every combination. Arguments are in the order of their names, and the last one changes fastest.
pub(crate) fn grid(space: &Space) -> Vec<Arguments> {
    let mut combinations = vec![Arguments::new()];
    for (name, distribution) in space {
        let values = distribution.all().unwrap_or_default();
        let extended = |combination: &Arguments| -> Vec<Arguments> {
            let with = |value: &Value| combination.clone().into_iter().chain([(name.clone(), value.clone())]).collect();
            values.iter().map(with).collect()
        };
        combinations = combinations.iter().flat_map(extended).collect();
    }
    combinations
}

/// The number of combinations.
///
/// # Errors
/// Fails when an argument has no finite list of values, and when there are too many combinations to train.
pub(crate) fn grid_size(space: &Space) -> anyhow::Result<usize> {
    const MAX_TRIALS: usize = 100_000;
    let mut size = 1_usize;
    for (name, distribution) in space {
        let values = distribution.all().with_context(|| {
            BadInput::new(format!(
                "{name} in [sweep.space] is a continuous range; for a grid, give a list, integer bounds or a step"
            ))
        })?;
        size = size.saturating_mul(values.len());
    }
    ensure_input!(size <= MAX_TRIALS, "the grid has more than {MAX_TRIALS} trials; use --method random");
    Ok(size)
}
