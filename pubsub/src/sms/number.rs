//! Phone numbers.

use crate::{Error, Result};

/// E.164: a country's code and the number within it.
const DIGITS: std::ops::RangeInclusive<usize> = 2..=15;

/// A number as it is kept, `+` and digits, where the service takes it for one; the plus may be left out.
pub(super) fn read(given: &str) -> Option<String> {
    let digits = given.strip_prefix('+').unwrap_or(given);
    let is_number =
        DIGITS.contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("+{digits}"))
}

/// As [`read`], where settings of a number are asked for or changed.
///
/// # Errors
/// [`Error::InvalidParameter`].
pub(super) fn need(given: &str) -> Result<String> {
    read(given).ok_or_else(|| Error::parameter("PhoneNumber Reason: input incorrectly formatted"))
}

/// As [`read`], where something is published.
///
/// # Errors
/// [`Error::InvalidParameter`].
pub(super) fn target(given: &str) -> Result<String> {
    let shown = || given.chars().take(64).collect::<String>();
    read(given).ok_or_else(|| Error::parameter(format!("PhoneNumber Reason: {} is not valid to publish to", shown())))
}

/// The number of a subscription, which may have hyphens, points and slashes between its digits, as it is kept.
pub(super) fn subscribed(given: &str) -> String {
    let digits = given.chars().filter(char::is_ascii_digit);
    std::iter::once('+').chain(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_e164_with_or_without_their_plus() {
        for (given, kept) in [("+12065550100", "+12065550100"), ("491701234567", "+491701234567"), ("+12", "+12")] {
            assert_eq!(read(given).as_deref(), Some(kept));
        }
        for given in ["", "+", "+0123456", "+1", "+1234567890123456", "+1 206 555", "+1-206", "++12", "+1２", "call me"]
        {
            assert_eq!(read(given), None, "{given}");
        }
    }

    #[test]
    fn what_stands_between_the_digits_of_a_subscription_does_not_count() {
        for given in ["+1-206.555/0100", "12065550100"] {
            assert_eq!(subscribed(given), "+12065550100");
        }
    }
}
