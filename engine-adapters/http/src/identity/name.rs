//! What a user may be called.

/// The fewest signs of a name.
pub const NAME_LENGTH_MIN: usize = 3;
/// The most signs of a name: enough for an e-mail address.
pub const NAME_LENGTH_MAX: usize = 64;

/// Why a text is no name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It has too few signs.
    #[error("a username has at least {NAME_LENGTH_MIN} characters")]
    TooShort,
    /// It has too many signs.
    #[error("a username has at most {NAME_LENGTH_MAX} characters")]
    TooLong,
    /// It has a sign that no name has.
    #[error("a username has only ASCII letters, digits and . _ - @ +, and begins with a letter or digit")]
    Sign,
}

/// A name of a user, as it was written. Two names that differ in case only are the same user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(Box<str>);

impl Name {
    pub(crate) fn read(text: &str) -> Result<Self, NameError> {
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "._-@+".contains(sign);
        if text.len() > NAME_LENGTH_MAX {
            Err(NameError::TooLong)
        } else if !text.starts_with(|first: char| first.is_ascii_alphanumeric()) && !text.is_empty()
            || !text.chars().all(is_sign)
        {
            Err(NameError::Sign)
        } else if text.len() < NAME_LENGTH_MIN {
            Err(NameError::TooShort)
        } else {
            Ok(Self(text.into()))
        }
    }

    pub(crate) fn as_written(&self) -> &str {
        &self.0
    }

    /// The form in which names are compared.
    pub(crate) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

#[test]
fn names_are_ascii_words_of_three_to_sixty_four_signs() {
    for good in ["abc", "A1_", "trader.one@example.com", "7up", &"a".repeat(64)] {
        assert!(Name::read(good).is_ok(), "{good}");
    }
    for (wrong, error) in [
        ("", NameError::TooShort),
        ("ab", NameError::TooShort),
        (&"a".repeat(65) as &str, NameError::TooLong),
        ("_abc", NameError::Sign),
        ("a b c", NameError::Sign),
        ("abc\n", NameError::Sign),
        ("사용자", NameError::Sign),
        ("аbc", NameError::Sign),
        ("../a", NameError::Sign),
    ] {
        assert_eq!(Name::read(wrong), Err(error), "{wrong:?}");
    }
}
