//! Numbers as people type them: `12`, `0.5`, `-3`. The standard library reads every number that a float can hold, and
//! brings tables along for it that weigh more than this page's largest view.

/// Most digits that are read: so many fit a float exactly.
const DIGITS_MAX: usize = 15;

/// Reads a number with an optional sign and part; none for anything else, exponents included.
pub fn decimal(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = (whole.len() + part.len()).clamp(1, DIGITS_MAX) == whole.len() + part.len();
    let mut value = 0u64;
    for byte in whole.bytes().chain(part.bytes()) {
        value = value * 10 + u64::from(byte.is_ascii_digit().then(|| byte - b'0').filter(|_| is_number)?);
    }
    // Both are exact, so the quotient is the float nearest to what was typed.
    is_number.then(|| sign * value as f64 / 10u64.pow(part.len() as u32) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_what_the_standard_library_reads() {
        for text in
            ["0", "12", "0.5", ".5", "5.", "-3", "+7.25", "0.1", "123456789.012345", "-0.000001", "99.9"]
        {
            assert_eq!(decimal(text), text.parse().ok(), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_number() {
        for text in [
            "",
            ".",
            "-",
            "+",
            "1e3",
            "NaN",
            "inf",
            "1,5",
            "0x10",
            "--1",
            "1.2.3",
            " 1",
            "1234567890123456",
            "ä",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
