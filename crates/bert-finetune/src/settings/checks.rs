//! Range checks that several groups of arguments share.

use stage::ensure_input;

/// Finite and 0 or more.
pub(crate) fn at_least_zero(name: &str, value: f64) -> anyhow::Result<()> {
    ensure_input!(value.is_finite() && value >= 0.0, "--{name} is {value}; expected 0 or more");
    Ok(())
}

/// Finite and more than 0.
pub(crate) fn positive(name: &str, value: f64) -> anyhow::Result<()> {
    ensure_input!(value.is_finite() && value > 0.0, "--{name} is {value}; expected more than 0");
    Ok(())
}

/// 0 or more and less than 1.
pub(crate) fn fraction(name: &str, value: f64) -> anyhow::Result<()> {
    ensure_input!((0.0..1.0).contains(&value), "--{name} is {value}; expected 0 or more and less than 1");
    Ok(())
}

/// At least 1.
pub(crate) fn at_least_one(name: &str, value: usize) -> anyhow::Result<()> {
    ensure_input!(value > 0, "--{name} is 0; expected at least 1");
    Ok(())
}
