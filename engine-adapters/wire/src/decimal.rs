//! Decimals as text, exactly: no float lies between a wire and the engine.
//!
//! *Plain notation* is an optional `-`, digits without a needless leading zero, and optionally a point with at
//! least one digit after it. An exponent, a `+`, `NaN`, spaces or separators are no part of it.

use rust_decimal::Decimal;

/// Why a text is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// It is not in plain notation.
    #[error("not a number in plain decimal notation")]
    Notation,
    /// It has more digits than an exact decimal holds: 28 after the point, 96 bits in all.
    #[error("more digits than can be kept exactly")]
    TooManyDigits,
}

/// Reads a decimal in plain notation. Zeros at the end of the fraction are dropped.
///
/// ```
/// use engine_wire::decimal;
/// use rust_decimal::Decimal;
///
/// assert_eq!(decimal::parse("-0.10")?, Decimal::new(-1, 1));
/// assert!(decimal::parse("1e5").is_err());
/// # Ok::<(), decimal::DecimalError>(())
/// ```
///
/// # Errors
/// When the text is not in plain notation, or cannot be kept exactly.
pub fn parse(text: &str) -> Result<Decimal, DecimalError> {
    let (negative, unsigned) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let (integer, fraction) = split_at_point(unsigned)?;
    let kept = fraction.len() - fraction.iter().rev().take_while(|digit| **digit == b'0').count();
    let fraction = &fraction[..kept];
    let scale = u32::try_from(kept)
        .ok()
        .filter(|scale| *scale <= Decimal::MAX_SCALE);
    let scale = scale.ok_or(DecimalError::TooManyDigits)?;
    let mantissa = mantissa(integer, fraction).ok_or(DecimalError::TooManyDigits)?;
    let signed = if negative { -mantissa } else { mantissa };
    Decimal::try_from_i128_with_scale(signed, scale).map_err(|_| DecimalError::TooManyDigits)
}

/// The digits before and after the point, checked.
fn split_at_point(unsigned: &[u8]) -> Result<(&[u8], &[u8]), DecimalError> {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (integer, rest) = unsigned.split_at(digits(unsigned));
    if integer.is_empty() || (integer.len() > 1 && integer[0] == b'0') {
        return Err(DecimalError::Notation);
    }
    match rest {
        [] => Ok((integer, &[])),
        [b'.', fraction @ ..] if !fraction.is_empty() && digits(fraction) == fraction.len() => {
            Ok((integer, fraction))
        }
        _ => Err(DecimalError::Notation),
    }
}

/// The number that the digits of both parts make, or `None` if it is too large to count.
fn mantissa(integer: &[u8], fraction: &[u8]) -> Option<i128> {
    let digits = integer
        .iter()
        .chain(fraction)
        .map(|digit| u64::from(digit - b'0'));
    // Up to 19 digits fit a machine word, and nearly every number on a wire has fewer.
    if integer.len() + fraction.len() <= 19 {
        return Some(i128::from(digits.fold(0, |sum, digit| sum * 10 + digit)));
    }
    digits
        .map(i128::from)
        .try_fold(0_i128, |sum, digit| sum.checked_mul(10)?.checked_add(digit))
}

/// Writes a decimal in plain notation, without zeros at the end of its fraction.
///
/// ```
/// # use engine_wire::decimal;
/// # use rust_decimal::Decimal;
/// let mut out = Vec::new();
/// decimal::write(Decimal::new(-1230, 3), &mut out);
/// assert_eq!(out, b"-1.23");
/// ```
pub fn write(value: Decimal, out: &mut Vec<u8>) {
    write_scaled(value.mantissa(), value.scale(), out);
}

/// The digits of `i128::MIN`.
const I128_DIGITS_MAX: usize = 39;

/// Writes `mantissa` shifted right by `scale` decimal places, in plain notation, without zeros at the end of its
/// fraction. This also takes what is too large for a [`Decimal`].
pub fn write_scaled(mantissa: i128, scale: u32, out: &mut Vec<u8>) {
    let mut digits = [b'0'; I128_DIGITS_MAX];
    let first = put_digits(mantissa.unsigned_abs(), &mut digits);
    let mut scale = scale as usize;
    let mut end = digits.len();
    while scale > 0 && end > first && digits[end - 1] == b'0' {
        end -= 1;
        scale -= 1;
    }
    let digits = &digits[first..end];
    if digits.is_empty() {
        out.push(b'0');
        return;
    }
    if mantissa < 0 {
        out.push(b'-');
    }
    let Some(integer) = digits.len().checked_sub(scale).filter(|places| *places > 0) else {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + scale - digits.len(), b'0');
        out.extend_from_slice(digits);
        return;
    };
    out.extend_from_slice(&digits[..integer]);
    if scale > 0 {
        out.push(b'.');
        out.extend_from_slice(&digits[integer..]);
    }
}

/// Writes a whole number.
#[inline]
pub fn write_integer(value: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; U64_DIGITS_MAX];
    let first = put_small_digits(value, &mut digits);
    // Nothing at all is still a zero.
    out.extend_from_slice(&digits[first.min(digits.len() - 1)..]);
}

/// The digits of `u64::MAX`.
const U64_DIGITS_MAX: usize = 20;

/// Puts the digits of a number, none for zero, at the end of `digits` and says where they begin.
#[inline]
fn put_digits(mut rest: u128, digits: &mut [u8]) -> usize {
    let mut end = digits.len();
    while rest > u128::from(u64::MAX) {
        end -= 1;
        digits[end] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    put_small_digits(rest as u64, &mut digits[..end])
}

/// The same for a number of one machine word: two digits at a time.
#[inline]
fn put_small_digits(mut rest: u64, digits: &mut [u8]) -> usize {
    let mut first = digits.len();
    while rest >= 10 {
        let pair = 2 * (rest % 100) as usize;
        rest /= 100;
        first -= 2;
        digits[first..first + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if rest > 0 {
        first -= 1;
        digits[first] = b'0' + rest as u8;
    }
    first
}

/// All numbers of two digits, one after the other.
const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: Decimal) -> String {
        let mut out = Vec::new();
        write(value, &mut out);
        String::from_utf8(out).expect("digits are ASCII")
    }

    #[test]
    fn plain_numbers_are_read_exactly() {
        for (text, mantissa, scale) in [
            ("0", 0, 0),
            ("-0", 0, 0),
            ("10", 10, 0),
            ("10.00", 10, 0),
            ("0.001", 1, 3),
            ("-0.10", -1, 1),
            ("50000000", 50_000_000, 0),
            ("0.1000000000000000000000000000000000000000", 1, 1),
            (
                "79228162514264337593543950335",
                79_228_162_514_264_337_593_543_950_335,
                0,
            ),
            ("0.0000000000000000000000000001", 1, 28),
        ] {
            let read = parse(text).expect(text);
            assert_eq!((read.mantissa(), read.scale()), (mantissa, scale), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "01",
            "00",
            "-01",
            "1e5",
            "1E5",
            "1e400",
            "1e-1",
            "NaN",
            "nan",
            "Infinity",
            "-Infinity",
            " 1",
            "1 ",
            "1,000",
            "1_000",
            "0x10",
            "1.2.3",
            "--1",
            "1-",
            "１",
            "1.５",
        ] {
            assert_eq!(parse(text), Err(DecimalError::Notation), "{text}");
        }
        for text in [
            "79228162514264337593543950336",
            "-79228162514264337593543950336",
            "1234567890123456789012345678901234567890",
            "0.00000000000000000000000000001",
            &"9".repeat(10_000),
        ] {
            assert_eq!(parse(text), Err(DecimalError::TooManyDigits), "{text}");
        }
    }

    #[test]
    fn numbers_are_written_plainly() {
        for (mantissa, scale, text) in [
            (0, 0, "0"),
            (0, 8, "0"),
            (7, 0, "7"),
            (10, 0, "10"),
            (99, 0, "99"),
            (101, 0, "101"),
            (1_002, 0, "1002"),
            (18_446_744_073_709_551_615, 0, "18446744073709551615"),
            (18_446_744_073_709_551_616, 0, "18446744073709551616"),
            (100_000_000_000_000_000_000, 0, "100000000000000000000"),
            (1, 1, "0.1"),
            (-1, 8, "-0.00000001"),
            (1_000, 3, "1"),
            (1_230, 3, "1.23"),
            (100, 0, "100"),
            (i128::MAX, 0, "170141183460469231731687303715884105727"),
            (i128::MIN, 30, "-170141183.460469231731687303715884105728"),
            (5, 45, "0.000000000000000000000000000000000000000000005"),
        ] {
            let mut out = Vec::new();
            write_scaled(mantissa, scale, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_are_written_as_everybody_does(value in prop_oneof![any::<u64>(), 0_u64..2_000]) {
            let mut out = Vec::new();
            write_integer(value, &mut out);
            prop_assert_eq!(String::from_utf8(out).expect("digits are ASCII"), value.to_string());
        }

        #[test]
        fn what_is_written_is_read_again(mantissa in -(1_i128 << 95)..(1_i128 << 95), scale in 0_u32..=28) {
            let value = Decimal::from_i128_with_scale(mantissa, scale);
            let text = written(value);
            prop_assert_eq!(parse(&text), Ok(value));
            prop_assert_eq!(text, value.normalize().to_string());
        }

        #[test]
        fn no_text_panics(text in "[-+.0-9eE]{0,45}|\\PC{0,8}") {
            if let Ok(value) = parse(&text) {
                prop_assert_eq!(Ok(value), text.parse::<Decimal>());
            }
        }
    }
}
