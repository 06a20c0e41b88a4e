//! Numbers with a decimal comma.

/// A number with a decimal comma, as many languages write it, with a point: `4,5` is `4.5`. Three digits behind a comma may be
/// thousands, unless it follows a zero.
pub(crate) fn with_point(text: &str) -> Option<String> {
    let (whole, decimals) = text.split_once(',')?;
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (are_digits(digits) && are_digits(decimals) && (decimals.len() < 3 || digits == "0"))
        .then(|| format!("{whole}.{decimals}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_comma_is_a_point() {
        assert_eq!(["4,5", "-10,25", "0,125"].map(|text| with_point(text).unwrap()), ["4.5", "-10.25", "0.125"]);
        assert!(["1,000", "4", ",5", "4,", "a,5", "1,2,3", "4.5"].into_iter().all(|text| with_point(text).is_none()));
    }
}
