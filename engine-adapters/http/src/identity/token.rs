//! Access tokens: JSON Web Tokens (RFC 7519) that this server alone writes and reads.
//!
//! The header is a constant. A token with any other, and so with any other algorithm or none, is refused before
//! anything in it is looked at: there is nothing to choose, so nothing can be chosen wrongly.

use engine_core::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use super::encoding::{base64url, read_base64url, read_base64url_array};
use super::mac::MacKey;
use super::random::random;
use super::secret::Secret;

/// `{"alg":"HS256","typ":"JWT"}`, and the dot behind it.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";
/// Ours have about 300 bytes; what is longer is not hashed at all.
const LENGTH_MAX: usize = 2_048;
/// A token may be this far ahead of the clock: processes that read it at the same time differ a little.
const AHEAD_SECONDS_MAX: u64 = 60;

/// Why an access token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is no token of this form, or names another algorithm.
    #[error("this is no access token of this server")]
    Malformed,
    /// Somebody else has signed it, or it was changed.
    #[error("the signature of the token is wrong")]
    Signature,
    /// It was written by another server.
    #[error("the token has another issuer")]
    Issuer,
    /// It was written for somebody else.
    #[error("the token has another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It would live longer than any token does: the clock was set back, or the lifetime made shorter.
    #[error("the token is ahead of the clock")]
    Ahead,
    /// Its session has ended: by logout, by a refresh token that came twice, or with its account.
    #[error("the session has ended")]
    Ended,
}

/// What goes into each token and is asked of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) issuer: Box<str>,
    pub(crate) audience: Box<str>,
    pub(crate) lifetime_s: u64,
}

/// Whom a token speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) account: AccountId,
    pub(crate) session: u64,
}

/// The claims, in the order in which they are written.
#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    sid: u64,
    /// Makes two tokens of one second different.
    jti: &'a str,
    iat: u64,
    exp: u64,
}

/// Writes access tokens and reads them back.
#[derive(Debug)]
pub(crate) struct Tokens {
    key: MacKey,
    terms: Terms,
}

impl Tokens {
    pub(crate) fn new(key: MacKey, terms: Terms) -> Self {
        Self { key, terms }
    }

    pub(crate) fn lifetime_s(&self) -> u64 {
        self.terms.lifetime_s
    }

    pub(crate) fn write(&self, bearer: Bearer, now: Timestamp) -> Secret {
        let now_s = seconds(now);
        let claims = Claims {
            iss: &self.terms.issuer,
            aud: &self.terms.audience,
            sub: &bearer.account.get().to_string(),
            sid: bearer.session,
            jti: &base64url(&random::<9>()),
            iat: now_s,
            exp: now_s.saturating_add(self.terms.lifetime_s),
        };
        let claims = serde_json::to_vec(&claims).expect("numbers and texts are JSON");
        let mut token = String::from(HEADER);
        token.push_str(&base64url(&claims));
        let code = self.key.sign(&[token.as_bytes()]);
        token.push('.');
        token.push_str(&base64url(&code));
        Secret::new(token)
    }

    /// Whom the token speaks for, if it is ours and its time is not over.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Bearer, TokenError> {
        if token.len() > LENGTH_MAX || !token.starts_with(HEADER) {
            return Err(TokenError::Malformed);
        }
        let (signed, code) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let payload = signed.get(HEADER.len()..).ok_or(TokenError::Malformed)?;
        let code = read_base64url_array(code).ok_or(TokenError::Malformed)?;
        if !self.key.is_of(&code, &[signed.as_bytes()]) {
            return Err(TokenError::Signature);
        }
        let payload = read_base64url(payload).ok_or(TokenError::Malformed)?;
        let claims: Claims<'_> = serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)?;
        self.judge(&claims, seconds(now))
    }

    fn judge(&self, claims: &Claims<'_>, now_s: u64) -> Result<Bearer, TokenError> {
        if claims.iss != &*self.terms.issuer {
            return Err(TokenError::Issuer);
        }
        if claims.aud != &*self.terms.audience {
            return Err(TokenError::Audience);
        }
        if claims.exp <= now_s {
            return Err(TokenError::Expired);
        }
        let longest = self.terms.lifetime_s.saturating_add(AHEAD_SECONDS_MAX);
        if claims.exp - now_s > longest {
            return Err(TokenError::Ahead);
        }
        let account = claims.sub.parse().ok().and_then(AccountId::new);
        Ok(Bearer {
            account: account.ok_or(TokenError::Malformed)?,
            session: claims.sid,
        })
    }
}

fn seconds(time: Timestamp) -> u64 {
    time.millis() / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_S: u64 = 1_800_000_000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000).expect("before the year 2554")
    }

    fn terms(issuer: &str, audience: &str) -> Terms {
        Terms {
            issuer: issuer.into(),
            audience: audience.into(),
            lifetime_s: 900,
        }
    }

    fn tokens(key: &[u8], issuer: &str, audience: &str) -> Tokens {
        Tokens::new(MacKey::new(key), terms(issuer, audience))
    }

    fn bearer() -> Bearer {
        Bearer {
            account: AccountId::new(7).expect("7 is not 0"),
            session: 3,
        }
    }

    /// Signs any header and payload with the right key.
    fn forge(key: &[u8], header: &str, payload: &str) -> String {
        let signed = format!(
            "{}.{}",
            base64url(header.as_bytes()),
            base64url(payload.as_bytes())
        );
        let code = MacKey::new(key).sign(&[signed.as_bytes()]);
        format!("{signed}.{}", base64url(&code))
    }

    #[test]
    fn the_constant_header_says_what_it_should() {
        let header = read_base64url(&HEADER[..HEADER.len() - 1]).expect("the header is base64");
        assert_eq!(header, br#"{"alg":"HS256","typ":"JWT"}"#);
    }

    #[test]
    fn a_token_speaks_for_its_account_until_its_last_second() {
        let tokens = tokens(b"key", "xtrader", "clients");
        let token = tokens.write(bearer(), at(START_S));
        assert_eq!(tokens.read(token.expose(), at(START_S)), Ok(bearer()));
        assert_eq!(tokens.read(token.expose(), at(START_S + 899)), Ok(bearer()));
        assert_eq!(
            tokens.read(token.expose(), at(START_S + 900)),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn two_tokens_of_one_moment_differ() {
        let tokens = tokens(b"key", "xtrader", "clients");
        assert_ne!(tokens.write(bearer(), at(1)), tokens.write(bearer(), at(1)));
    }

    #[test]
    fn a_token_from_a_time_to_come_is_refused() {
        let tokens = tokens(b"key", "xtrader", "clients");
        let token = tokens.write(bearer(), at(START_S));
        assert_eq!(tokens.read(token.expose(), at(START_S - 60)), Ok(bearer()));
        assert_eq!(
            tokens.read(token.expose(), at(START_S - 61)),
            Err(TokenError::Ahead)
        );
    }

    #[test]
    fn another_key_issuer_or_audience_is_refused() {
        let ours = tokens(b"key", "xtrader", "clients");
        let read = |tokens: Tokens| ours.read(tokens.write(bearer(), at(1)).expose(), at(1));
        assert_eq!(
            read(tokens(b"kez", "xtrader", "clients")),
            Err(TokenError::Signature)
        );
        assert_eq!(
            read(tokens(b"key", "ytrader", "clients")),
            Err(TokenError::Issuer)
        );
        assert_eq!(
            read(tokens(b"key", "xtrader", "servers")),
            Err(TokenError::Audience)
        );
    }

    #[test]
    fn no_other_header_is_taken_even_under_the_right_key() {
        let ours = tokens(b"key", "xtrader", "clients");
        let payload = r#"{"iss":"xtrader","aud":"clients","sub":"7","sid":3,"jti":"a","iat":1,"exp":900}"#;
        let good = forge(b"key", r#"{"alg":"HS256","typ":"JWT"}"#, payload);
        assert_eq!(ours.read(&good, at(1)), Ok(bearer()));
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            r#"{"alg":"RS256","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","crit":["x"]}"#,
            "",
        ] {
            let token = forge(b"key", header, payload);
            assert_eq!(ours.read(&token, at(1)), Err(TokenError::Malformed), "{header}");
            let unsigned = format!(
                "{}.{}.",
                base64url(header.as_bytes()),
                base64url(payload.as_bytes())
            );
            assert_eq!(
                ours.read(&unsigned, at(1)),
                Err(TokenError::Malformed),
                "{header}"
            );
        }
        let unsigned = &good[..=good.rfind('.').expect("a token has dots")];
        assert_eq!(ours.read(unsigned, at(1)), Err(TokenError::Malformed));
    }

    #[test]
    fn a_signed_payload_that_is_no_set_of_claims_is_refused() {
        let ours = tokens(b"key", "xtrader", "clients");
        for payload in [
            "",
            "{}",
            "null",
            r#"{"iss":"xtrader","aud":"clients","sub":"0","sid":3,"jti":"a","iat":1,"exp":900}"#,
            r#"{"iss":"xtrader","aud":"clients","sub":"-7","sid":3,"jti":"a","iat":1,"exp":900}"#,
            r#"{"iss":"xtrader","aud":"clients","sub":"7","sid":3,"jti":"a","iat":1}"#,
            r#"{"iss":"xtrader","aud":"clients","sub":"7","sid":3,"jti":"a","iat":1,"exp":1e400}"#,
        ] {
            let token = forge(b"key", r#"{"alg":"HS256","typ":"JWT"}"#, payload);
            assert_eq!(ours.read(&token, at(1)), Err(TokenError::Malformed), "{payload}");
        }
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed() {
        let tokens = tokens(b"key", "xtrader", "clients");
        let token = tokens.write(bearer(), at(1));
        for place in 0..token.expose().len() {
            for sign in ["A", "B", ".", "="] {
                let mut changed = token.expose().to_owned();
                changed.replace_range(place..=place, sign);
                if changed != token.expose() {
                    assert!(tokens.read(&changed, at(1)).is_err(), "{changed}");
                }
            }
        }
    }
}
