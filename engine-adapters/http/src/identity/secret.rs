//! Values that nobody may read by accident.

use std::fmt;

/// A text that is shown once and never again: a token, or the secret of an API key. Its debug form hides it.
///
/// ```
/// use engine_http::identity::Secret;
///
/// let token = Secret::new("eyJhbGci".to_owned());
/// assert_eq!(format!("{token:?}"), "Secret(hidden)");
/// assert_eq!(token.expose(), "eyJhbGci");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Hides a text.
    pub fn new(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// The text itself, for the one answer that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}
