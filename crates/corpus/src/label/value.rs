//! One value of a label column: a number, a boolean or a word.

use std::cmp::Ordering;
use std::fmt;

use super::decimal_comma::with_point;

/// The texts that stand for a missing value: those of `pandas.read_csv`, so that both drop the same rows.
const MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// Whether a label of this text is missing, unless the user or the file names it as a class.
pub(crate) fn is_missing(text: &str) -> bool {
    MISSING.contains(&text)
}

/// A finite number, as a label: `1`, `1.0` and `+1` are one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i128),
    Fraction(f64),
}

impl Number {
    /// Reads digits without leading zeros, a fraction and an exponent. `007` is a word: its zeros mean something.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let whole_digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
        let has_leading_zero = whole_digits > 1 && unsigned.starts_with('0');
        let begins_as_number = unsigned.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
        if has_leading_zero || !begins_as_number {
            return None; // `inf` and `nan` are floats to the standard library
        }
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        let number: f64 = text.parse().ok()?;
        number.is_finite().then(|| Self::of(number))
    }

    /// As [`Number::parse`], also with a decimal comma.
    pub(super) fn parse_with_comma(text: &str) -> Option<Self> {
        Self::parse(with_point(text).as_deref().unwrap_or(text))
    }

    fn of(number: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53, up to which every whole number has a float of its own
        if number.fract() == 0.0 && number.abs() <= EXACT {
            Self::Whole(number as i128)
        } else {
            Self::Fraction(number)
        }
    }

    /// As a float; a whole number beyond 2^53 is rounded.
    pub(super) fn value(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Fraction(number) => number,
        }
    }

    pub(super) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(&b),
            _ => self.value().total_cmp(&other.value()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(formatter),
            Self::Fraction(number) => number.fmt(formatter),
        }
    }
}

/// `true` or `false`, in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    [false, true].into_iter().find(|truth| text.eq_ignore_ascii_case(&truth.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_many_spellings() {
        let name = |text: &str| Number::parse(text).map(|number| number.to_string());
        for text in ["1", "1.0", "+1", "1.", "1e0", "10e-1", ".1e1"] {
            assert_eq!(name(text).as_deref(), Some("1"), "{text}");
        }
        assert_eq!(name("-1.0").as_deref(), Some("-1"));
        assert_eq!(name("-0.0").as_deref(), Some("0"));
        assert_eq!(name("0.50").as_deref(), Some("0.5"));
        assert_eq!(name("18446744073709551615").as_deref(), Some("18446744073709551615"));
        for word in
            ["007", "1,5", "1 2", "", "-", ".", "e5", "..5", "inf", "NaN", "1e999", "0x10", "1e", "--1", "1_000"]
        {
            assert_eq!(name(word), None, "{word}");
        }
    }

    #[test]
    fn numbers_have_one_order_whatever_their_kind() {
        let mut numbers = ["10", "9", "-1", "0.5", "1e30", "2"].map(|text| Number::parse(text).unwrap());
        numbers.sort_by(|a, b| a.order(*b));
        assert_eq!(numbers.map(|number| number.value()), [-1.0, 0.5, 2.0, 9.0, 10.0, 1e30]);
    }

    #[test]
    fn what_pandas_takes_for_missing_is_missing() {
        assert!(["", "nan", "NaN", "NA", "null", "None"].into_iter().all(is_missing));
        assert!(["none", "na", "missing", "-", "?"].into_iter().all(|text| !is_missing(text)));
    }
}
