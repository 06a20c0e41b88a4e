//! Quantiles and tail probabilities of the distributions that tests and intervals refer to.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The two-sided 95 % quantile of the standard normal distribution.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// The two-sided 95 % quantile of Student's t with `freedom` degrees, which need not be whole; that of the normal
/// distribution beyond any sample.
pub(crate) fn student_quantile(freedom: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(student) if freedom < 1e6 => student.inverse_cdf(0.975),
        _ => Z,
    }
}

/// The probability that a standard normal variable is at least as far from zero as `z`.
pub(crate) fn normal_two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// The probability that Student's t with `freedom` degrees is at least as far from zero as `t`.
pub(crate) fn student_two_sided(t: f64, freedom: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(student) if freedom < 1e6 => (2.0 * student.sf(t.abs())).min(1.0),
        _ => normal_two_sided(t),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expectations are those of SciPy 1.17.
    #[test]
    fn agree_with_scipy() {
        let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
        close(student_quantile(1.0), 12.706_204_736_174_694);
        close(student_quantile(4.5), 2.658_912_347_204_403_4);
        close(student_quantile(199.0), 1.971_956_544_251_753_3);
        close(student_quantile(f64::INFINITY), Z);
        close(normal_two_sided(-1.5), 0.133_614_402_537_716_14);
        close(student_two_sided(2.0, 7.5), 0.082_896_995_298_166_31);
    }
}
