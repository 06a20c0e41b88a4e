//! Ticks: which values of an axis are marked, and the labels at them.

use super::geometry::Interval;

/// A marked value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// The multiples of 1, 2 or 5 times a power of ten in an interval, about `n` of them.
pub(crate) fn linear(values: Interval, n: usize) -> Vec<Tick> {
    multiples(values, n, i32::MIN)
}

/// The same of whole numbers only, for what is counted.
pub(crate) fn whole(values: Interval, n: usize) -> Vec<Tick> {
    multiples(values, n, 0)
}

/// Percentages in an interval of fractions, about `n` of them.
pub(crate) fn percent(values: Interval, n: usize) -> Vec<Tick> {
    let ticks = linear(Interval::new(100.0 * values.start, 100.0 * values.end), n).into_iter();
    ticks.map(|tick| Tick { value: tick.value / 100.0, label: format!("{} %", tick.label) }).collect()
}

/// The multiples of a step that is no smaller than `10^min_exponent`.
fn multiples(values: Interval, n: usize, min_exponent: i32) -> Vec<Tick> {
    let Interval { start: low, end: high } = values;
    let exponent = (((high - low) / n as f64).log10().floor() as i32).max(min_exponent);
    let candidates = [(1.0, exponent), (2.0, exponent), (5.0, exponent), (1.0, exponent + 1)];
    let fits = |&(factor, exponent): &(f64, i32)| (high - low) / scaled(factor, exponent) <= n as f64 + 0.5;
    let (factor, exponent) = candidates.into_iter().find(fits).unwrap_or((1.0, exponent + 1));

    let step = scaled(factor, exponent);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let magnitude = low.abs().max(high.abs());
    (first..=last)
        .map(|multiple| scaled(multiple as f64 * factor, exponent))
        .map(|value| Tick { value, label: label(value, exponent, magnitude) })
        .collect()
}

/// Powers of ten in an interval of positive values, with 2 and 5 times them where there are few.
pub(crate) fn logarithmic(values: Interval) -> Vec<Tick> {
    let Interval { start: low, end: high } = values;
    let n_decades = (high / low).log10();
    if n_decades < 1.0 {
        return linear(values, 4);
    }
    let factors: &[f64] = if n_decades <= 2.5 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let stride = (n_decades / 6.0).ceil().max(1.0) as usize;
    let exponents = (low.log10().floor() as i32..=high.log10().ceil() as i32).step_by(stride);
    exponents
        .flat_map(|exponent| factors.iter().map(move |&factor| (scaled(factor, exponent), exponent)))
        .filter(|&(value, _)| low <= value && value <= high)
        .map(|(value, exponent)| Tick { value, label: label(value, exponent, value) })
        .collect()
}

/// A whole number with commas between thousands, from five digits on.
pub(crate) fn group_thousands(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    if digits.len() < 5 {
        return format!("{sign}{digits}");
    }
    let head = digits.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    if head > 0 {
        groups.push(&digits[..head]);
    }
    groups.extend((head..digits.len()).step_by(3).map(|start| &digits[start..start + 3]));
    format!("{sign}{}", groups.join(","))
}

/// `value` to the digit of `10^exponent`; in scientific notation where numbers up to `magnitude` have many zeros.
fn label(value: f64, exponent: i32, magnitude: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e7).contains(&magnitude) {
        let leading = value.abs().log10().floor() as i32;
        let decimals = usize::try_from(leading - exponent).unwrap_or(0);
        return format!("{value:.decimals$e}").replace('-', "−");
    }
    match usize::try_from(-exponent) {
        Ok(decimals) if decimals > 0 => format!("{value:.decimals$}"),
        _ => group_thousands(&format!("{value:.0}")),
    }
    .replace('-', "−")
}

/// `factor * 10^exponent`, to the nearest double: a negative power of ten is not exact in binary, its inverse is.
fn scaled(factor: f64, exponent: i32) -> f64 {
    if exponent < 0 { factor / 10_f64.powi(-exponent) } else { factor * 10_f64.powi(exponent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<Tick>) -> Vec<String> {
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(labels(linear(Interval::new(0.0, 1.0), 5)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(
            labels(linear(Interval::new(0.0, 25_000.0), 5)),
            ["0", "5000", "10,000", "15,000", "20,000", "25,000"]
        );
        assert_eq!(labels(linear(Interval::new(-3.0, 3.0), 4)), ["−2", "0", "2"]);
        assert_eq!(labels(linear(Interval::new(0.0, 2e-5), 4)), ["0", "5e−6", "1.0e−5", "1.5e−5", "2.0e−5"]);
        assert_eq!(linear(Interval::new(0.0, 0.3), 3)[1].value, 0.1);
    }

    #[test]
    fn what_is_counted_has_whole_ticks() {
        assert_eq!(labels(whole(Interval::new(0.0, 3.0), 8)), ["0", "1", "2", "3"]);
        assert_eq!(labels(whole(Interval::new(0.0, 250.0), 5)), ["0", "50", "100", "150", "200", "250"]);
        assert_eq!(labels(percent(Interval::new(0.7, 1.0), 4)), ["70 %", "80 %", "90 %", "100 %"]);
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten_and_2_and_5_times_them() {
        assert_eq!(labels(logarithmic(Interval::new(0.05, 2.0))), ["0.05", "0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(labels(logarithmic(Interval::new(1e-5, 1.0))), ["1e−5", "1e−4", "0.001", "0.01", "0.1", "1"]);
        assert_eq!(labels(logarithmic(Interval::new(0.3, 0.5))), ["0.30", "0.35", "0.40", "0.45", "0.50"]);
    }

    #[test]
    fn thousands_are_grouped_from_five_digits_on() {
        assert_eq!(group_thousands("1821"), "1821");
        assert_eq!(group_thousands("67349"), "67,349");
        assert_eq!(group_thousands("-1234567"), "-1,234,567");
        assert_eq!(group_thousands("123456"), "123,456");
    }
}
