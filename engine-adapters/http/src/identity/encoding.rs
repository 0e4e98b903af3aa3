//! Bytes as text: base64 for addresses (RFC 4648, section 5, without padding) and hexadecimal digits.
//!
//! Both readers are strict: a value has one text only, so that two texts are never the same token or signature.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What a byte stands for, or 64 for one that is not in the alphabet.
const VALUES: [u8; 256] = {
    let mut values = [64; 256];
    let mut index = 0;
    while index < 64 {
        values[ALPHABET[index] as usize] = index as u8;
        index += 1;
    }
    values
};

pub(crate) fn base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..=chunk.len() {
            let value = bits >> (18 - 6 * place) & 0x3f;
            text.push(char::from(ALPHABET[value as usize]));
        }
    }
    text
}

/// `None` for what [`base64url`] would not have written.
pub(crate) fn read_base64url(text: &str) -> Option<Vec<u8>> {
    let (quads, rest) = text.as_bytes().as_chunks::<4>();
    let mut bytes = Vec::with_capacity(quads.len() * 3 + 2);
    // All wrong signs are looked for at once: only they have the bit of 64.
    let mut seen = 0;
    for quad in quads {
        let [a, b, c, d] = quad.map(|sign| VALUES[usize::from(sign)]);
        seen |= a | b | c | d;
        bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    match *rest {
        [] => {}
        // A single sign is no byte, and what is left over of a byte must be zero.
        [_] => return None,
        [a, b, ref c @ ..] => {
            let c = c.first().map(|sign| VALUES[usize::from(*sign)]);
            let [a, b] = [a, b].map(|sign| VALUES[usize::from(sign)]);
            seen |= a | b | c.unwrap_or(0);
            bytes.push(a << 2 | b >> 4);
            match c {
                None if b << 4 != 0 => return None,
                None => {}
                Some(c) if c << 6 != 0 => return None,
                Some(c) => bytes.push(b << 4 | c >> 2),
            }
        }
    }
    (seen & 64 == 0).then_some(bytes)
}

/// As [`read_base64url`], for a value whose length is known.
pub(crate) fn read_base64url_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    // What is too long is not even looked at.
    if text.len() != (N * 4).div_ceil(3) {
        return None;
    }
    read_base64url(text)?.try_into().ok()
}

/// Reads hexadecimal digits of either case.
pub(crate) fn read_hex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |sign: u8| char::from(sign).to_digit(16);
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    if pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = u8::try_from(digit(*high)? << 4 | digit(*low)?).expect("two digits make one byte");
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{base64url, read_base64url, read_base64url_array, read_hex_array};

    #[test]
    fn the_vectors_of_rfc_4648_are_written_without_padding() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64url(bytes.as_bytes()), text);
            assert_eq!(read_base64url(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn hexadecimal_digits_of_either_case_are_read() {
        assert_eq!(read_hex_array("00fFA9"), Some([0, 0xff, 0xa9]));
        for wrong in ["00ff", "00ffa", "00ffa9b0", "00ffg9", "+1+1+1", "é0ff"] {
            assert_eq!(read_hex_array::<3>(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_value_has_exactly_one_text(
            bytes in prop::collection::vec(any::<u8>(), 0..80),
            place in any::<prop::sample::Index>(),
            sign in any::<char>(),
        ) {
            let text = base64url(&bytes);
            prop_assert_eq!(read_base64url(&text), Some(bytes.clone()));
            let mut signs: Vec<char> = text.chars().collect();
            if !signs.is_empty() {
                let place = place.index(signs.len());
                signs[place] = sign;
            }
            let other: String = signs.into_iter().collect();
            if other != text {
                prop_assert_ne!(read_base64url(&other), Some(bytes));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,50}") {
            if let Some(bytes) = read_base64url(&text) {
                prop_assert_eq!(base64url(&bytes), text.clone());
            }
            let _ = read_base64url_array::<16>(&text);
            let _ = read_hex_array::<16>(&text);
        }
    }
}
