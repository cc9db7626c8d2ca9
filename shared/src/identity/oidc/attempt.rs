//! An attempt to sign in: from the button to the code that a provider sends back.
//!
//! No state is kept here: the attempt is in the browser's cookie, signed. What proves that the answer belongs to it (`state`), that the
//! token does (`nonce`) and that whoever has the code has begun it (the verifier of PKCE) follows from its seed and the cell's key, so the
//! cookie alone tells none of the three.

use super::{SKEW_SECONDS, discovery::Metadata};
use crate::{
    identity::{
        key::{IdentityKey, Random, same},
        return_path::ReturnPath,
        settings::OidcSettings,
    },
    ids::{SessionId, TenantId},
    text::Line,
    time::Timestamp,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// How long somebody has to sign in at their provider, in milliseconds: 10 minutes.
pub const LIFE_MILLIS: i64 = 10 * 60_000;

const COOKIE: &str = "redress sign-in attempt v1";
const STATE: &str = "redress oidc state v1";
const NONCE: &str = "redress oidc nonce v1";
const VERIFIER: &str = "redress oidc verifier v1";
/// What stands for no session.
const NONE: &str = "-";

/// An attempt.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The firm.
    pub tenant: TenantId,
    /// Where to go on.
    pub return_to: ReturnPath,
    /// The session whose person proves anew who they are (step-up); `None`: somebody signs in.
    pub step_up: Option<SessionId>,
    /// When it began.
    pub begun_at: Timestamp,
    seed: Random,
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attempt({}, {})", self.tenant, self.begun_at)
    }
}

/// Why an attempt leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The browser has no attempt, or one that was altered or has taken too long.
    #[error("the sign-in has taken too long, or was begun in another browser: begin again")]
    NoAttempt,
    /// The answer belongs to another attempt: somebody else's, perhaps (login CSRF, RFC 9700 §4.7), or an earlier one of this browser.
    #[error("the answer belongs to another sign-in: begin again")]
    OtherState,
    /// Another provider has answered (mix-up, RFC 9700 §4.4).
    #[error("another provider has answered than was asked")]
    OtherIssuer,
    /// The provider has said no, with this code (RFC 6749 §4.1.2.1).
    #[error("the provider has not signed you in: {}", .0.as_str())]
    Refused(Line<100>),
    /// The answer has not what it must have, or has it twice.
    #[error("the provider's answer cannot be read")]
    Malformed,
}

impl Attempt {
    /// An attempt that begins. `seed`: random.
    #[must_use]
    pub const fn begin(
        tenant: TenantId,
        return_to: ReturnPath,
        step_up: Option<SessionId>,
        seed: Random,
        now: Timestamp,
    ) -> Self {
        Self { tenant, return_to, step_up, begun_at: now, seed }
    }

    /// The value of its cookie.
    #[must_use]
    pub fn seal(&self, key: &IdentityKey) -> String {
        let Self { tenant, return_to, step_up, begun_at, seed } = self;
        let step_up = step_up.map_or_else(|| NONE.to_owned(), |session| session.to_string());
        let (seed, path) = (URL_SAFE_NO_PAD.encode(seed), return_to.as_str());
        key.seal(COOKIE, &format!("{tenant} {} {step_up} {seed} {path}", begun_at.unix_millis()))
    }

    /// The attempt of a cookie.
    ///
    /// # Errors
    /// [`Failed::NoAttempt`], also once it has taken longer than [`LIFE_MILLIS`].
    pub fn open(cookie: Option<&str>, key: &IdentityKey, now: Timestamp) -> Result<Self, Failed> {
        let said = cookie.and_then(|cookie| key.open(COOKIE, cookie)).ok_or(Failed::NoAttempt)?;
        let attempt = Self::said(&said).ok_or(Failed::NoAttempt)?;
        let in_time = now < attempt.begun_at.plus_millis(LIFE_MILLIS)
            && attempt.begun_at <= now.plus_millis(SKEW_SECONDS * 1_000);
        if in_time { Ok(attempt) } else { Err(Failed::NoAttempt) }
    }

    fn said(said: &str) -> Option<Self> {
        let mut parts = said.splitn(5, ' ');
        let mut next = || parts.next();
        Some(Self {
            tenant: next()?.parse().ok()?,
            begun_at: Timestamp::from_unix_millis(next()?.parse().ok()?),
            step_up: match next()? {
                NONE => None,
                session => Some(session.parse().ok()?),
            },
            seed: URL_SAFE_NO_PAD.decode(next()?).ok()?.try_into().ok()?,
            return_to: ReturnPath::parse(next()?)?,
        })
    }

    fn derived(&self, purpose: &str, key: &IdentityKey) -> String {
        URL_SAFE_NO_PAD.encode(key.tag(purpose, &self.seed))
    }

    /// What the ID token must have as `nonce`: 43 symbols.
    #[must_use]
    pub fn nonce(&self, key: &IdentityKey) -> String {
        self.derived(NONCE, key)
    }

    /// The code verifier (RFC 7636 §4.1): 43 symbols. For the token request alone.
    #[must_use]
    pub fn verifier(&self, key: &IdentityKey) -> String {
        self.derived(VERIFIER, key)
    }

    /// Where the browser is sent (`OpenID` Connect Core 1.0 §3.1.2.1). `redirect_uri`: the absolute URL to which the provider sends it
    /// back, as it is registered there. Who steps up has to sign in anew (`prompt=login`, `max_age=0`), whoever is signed in there.
    #[must_use]
    pub fn authorization_url(
        &self,
        settings: &OidcSettings,
        metadata: &Metadata,
        redirect_uri: &str,
        key: &IdentityKey,
    ) -> String {
        let scopes = settings.scopes.iter().map(Line::as_str).filter(|scope| *scope != "openid");
        let scope = std::iter::once("openid").chain(scopes).collect::<Vec<_>>().join(" ");
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier(key)));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", settings.client_id.as_str())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scope)
            .append_pair("state", &self.derived(STATE, key))
            .append_pair("nonce", &self.nonce(key))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if self.step_up.is_some() {
            query.append_pair("prompt", "login").append_pair("max_age", "0");
        }
        let endpoint = &metadata.authorization_endpoint;
        // What the provider has in its query stays (RFC 6749 §3.1).
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        format!("{endpoint}{joint}{}", query.finish())
    }

    /// The code in the query with which the browser came back.
    ///
    /// # Errors
    /// [`Failed`]. Nothing of the answer is looked at before `state` was: until then it may be anybody's.
    pub fn code(&self, query: &str, metadata: &Metadata, key: &IdentityKey) -> Result<String, Failed> {
        let answer = Answer::read(query)?;
        if !answer.state.is_some_and(|state| same(&state, &self.derived(STATE, key))) {
            return Err(Failed::OtherState);
        }
        match &answer.iss {
            Some(iss) if *iss != metadata.issuer => return Err(Failed::OtherIssuer),
            None if metadata.names_itself => return Err(Failed::OtherIssuer),
            _ => {}
        }
        match (answer.error, answer.code) {
            (Some(error), None) => Err(Failed::Refused(Line::try_from(error).map_err(|_| Failed::Malformed)?)),
            (None, Some(code)) if !code.is_empty() => Ok(code),
            _ => Err(Failed::Malformed),
        }
    }
}

/// The most bytes of an answer: codes of some providers have over a thousand.
const MAX_ANSWER: usize = 8_192;

/// What a provider sends back in a query (RFC 6749 §4.1.2). What else is there is ignored, as it must be.
#[derive(Default)]
struct Answer {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

impl Answer {
    /// A parameter that is there twice is refused (RFC 6749 §3.1).
    fn read(query: &str) -> Result<Self, Failed> {
        if query.len() > MAX_ANSWER {
            return Err(Failed::Malformed);
        }
        let mut answer = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "code" => &mut answer.code,
                "state" => &mut answer.state,
                "iss" => &mut answer.iss,
                "error" => &mut answer.error,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Failed::Malformed);
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::identity::{
        key::tests::key,
        oidc::discovery::tests::{metadata, settings},
        person::tests::now,
    };
    use serde_json::json;
    use std::collections::BTreeMap;

    pub(in crate::identity::oidc) fn attempt(step_up: bool) -> Attempt {
        let session = step_up.then(|| SessionId::new(now(), &[4; 10]));
        let tenant = TenantId::new(now(), &[9; 10]);
        Attempt::begin(tenant, ReturnPath::or_root("/app/x?a=b"), session, [3; 32], now())
    }

    fn query(url: &str) -> BTreeMap<String, String> {
        form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes()).into_owned().collect()
    }

    fn sent(attempt: &Attempt) -> BTreeMap<String, String> {
        let back = "https://eu.redress.example/app/sign-in/callback";
        query(&attempt.authorization_url(&settings(json!({})), &metadata(), back, &key(1)))
    }

    #[test]
    fn an_attempt_is_in_its_cookie() {
        for step_up in [false, true] {
            let attempt = attempt(step_up);
            let cookie = attempt.seal(&key(1));
            assert_eq!(Attempt::open(Some(&cookie), &key(1), now()), Ok(attempt.clone()));
            assert_eq!(Attempt::open(Some(&cookie), &key(2), now()), Err(Failed::NoAttempt));
            let late = now().plus_millis(LIFE_MILLIS);
            assert!(Attempt::open(Some(&cookie), &key(1), late.plus_millis(-1)).is_ok());
            assert_eq!(Attempt::open(Some(&cookie), &key(1), late), Err(Failed::NoAttempt));
            assert_eq!(Attempt::open(Some(&cookie), &key(1), now().plus_millis(-61_000)), Err(Failed::NoAttempt));
            let said = key(1).open(COOKIE, &cookie).unwrap();
            for secret in [attempt.nonce(&key(1)), attempt.verifier(&key(1)), sent(&attempt)["state"].clone()] {
                assert!(!said.contains(&secret) && !cookie.contains(&secret));
            }
        }
        for wrong in [None, Some(""), Some("x")] {
            assert_eq!(Attempt::open(wrong, &key(1), now()), Err(Failed::NoAttempt));
        }
    }

    #[test]
    fn the_provider_is_asked_for_a_code() {
        let sent_now = sent(&attempt(false));
        assert_eq!(sent_now["response_type"], "code");
        assert_eq!(sent_now["scope"], "openid email profile");
        assert_eq!(sent_now["code_challenge_method"], "S256");
        assert_eq!(sent_now["redirect_uri"], "https://eu.redress.example/app/sign-in/callback");
        let verifier = attempt(false).verifier(&key(1));
        assert!((43..=128).contains(&verifier.len()));
        assert_eq!(sent_now["code_challenge"], URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
        assert!(!sent_now.contains_key("prompt"));
        let step_up = sent(&attempt(true));
        assert_eq!((step_up["prompt"].as_str(), step_up["max_age"].as_str()), ("login", "0"));
        let asking = Metadata { authorization_endpoint: "https://id.example.com/a?p=1".to_owned(), ..metadata() };
        let url = attempt(false).authorization_url(&settings(json!({})), &asking, "x", &key(1));
        assert!(url.starts_with("https://id.example.com/a?p=1&response_type=code&"));
    }

    /// RFC 7636 appendix B.
    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn an_answer_belongs_to_its_attempt() {
        let state = sent(&attempt(false))["state"].clone();
        let code = |query: &str| attempt(false).code(query, &metadata(), &key(1));
        assert_eq!(code(&format!("code=a%2Bb&state={state}&session_state=x")), Ok("a+b".to_owned()));
        let refused = Failed::Refused(Line::try_from("access_denied").unwrap());
        for (query, why) in [
            ("code=a".to_owned(), Failed::OtherState),
            ("code=a&state=other".to_owned(), Failed::OtherState),
            ("error=access_denied".to_owned(), Failed::OtherState),
            (format!("error=access_denied&error_description=no&state={state}"), refused),
            (format!("code=a&error=b&state={state}"), Failed::Malformed),
            (format!("code=a&code=b&state={state}"), Failed::Malformed),
            (format!("code=&state={state}"), Failed::Malformed),
            (format!("state={state}"), Failed::Malformed),
            (format!("code=a&state={state}&iss=https%3A%2F%2Fevil.example.com"), Failed::OtherIssuer),
            ("x".repeat(MAX_ANSWER + 1), Failed::Malformed),
        ] {
            assert_eq!(code(&query), Err(why), "{query}");
        }
        let names = Metadata { names_itself: true, ..metadata() };
        let with = |iss: &str| attempt(false).code(&format!("code=a&state={state}{iss}"), &names, &key(1));
        assert_eq!(with(""), Err(Failed::OtherIssuer));
        assert!(with("&iss=https%3A%2F%2Fid.example.com").is_ok());
    }

    #[test]
    fn the_format_is_pinned() {
        let said = key(1).open(COOKIE, &attempt(false).seal(&key(1))).unwrap();
        let tenant = TenantId::new(now(), &[9; 10]);
        assert_eq!(said, format!("{tenant} 1795000000000 - AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM /app/x?a=b"));
    }
}
