//! Signing in by a link that is sent to one's address, for firms without a provider of their own.
//!
//! The link opens a page; the page has a button; the button's POST signs in. So a scanner that opens every link of a mail uses nothing up.
//! It works in the browser that asked, which has a cookie: a mail that was forwarded, or that somebody was talked into reading aloud, signs
//! nobody else in. (An address is what it proves, and no more: NIST SP 800-63B-4 §3.1.3 does not take mail for an authenticator out of
//! band. A firm that needs more has a provider.)

use super::{
    email::Email,
    key::{IdentityKey, Random, same},
    person::Person,
    return_path::ReturnPath,
};
use crate::{
    chain::Digest,
    ids::{PersonId, TenantId},
    time::Timestamp,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// How long a link is good, in milliseconds: 15 minutes.
pub const LIFE_MILLIS: i64 = 15 * 60_000;
/// How many links an address gets in [`WINDOW_MILLIS`].
pub const MAX_ASKS: usize = 5;
/// The span in which those are counted, wherever it begins, in milliseconds: an hour.
pub const WINDOW_MILLIS: i64 = 60 * 60_000;
/// What whoever asks is told, whether the address is known or not, and whether a mail is sent or not.
pub const ANSWER: &str =
    "If this address has an account, a link is on its way to it. It is good for 15 minutes, in this browser.";

const OF_ADDRESSES: &str = "redress sign-in asks v1";

/// What is kept of a link: neither the token nor what the browser holds, only their SHA-256. Both are 256 random bits, so that says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailLink {
    /// The firm.
    pub tenant: TenantId,
    /// SHA-256 of the token: by this it is found.
    pub token: Digest,
    /// SHA-256 of what the browser that asked holds in a cookie.
    pub browser: Digest,
    /// Whom it signs in; `None`: nobody. That is kept as well, so that an address that is unknown takes no less time.
    pub person: Option<PersonId>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When it was used, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
}

/// What follows when somebody asks for a link.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The value of the cookie for this browser, for [`LIFE_MILLIS`]. Always set.
    pub cookie: String,
    /// What to keep. Always written, unless the address has asked too often.
    pub link: Option<EmailLink>,
    /// What to send by mail, if somebody is to get it.
    pub mail: Option<Mail>,
}

/// A mail with a link.
#[derive(Clone)]
pub struct Mail {
    /// To whom: the address that is on file, never the one that was typed.
    pub to: Email,
    /// What stands in the link.
    pub token: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mail(…)")
    }
}

/// Why a link signs nobody in. Whoever has it is told one thing for all of these: to ask for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link is not good any more, or was asked for in another browser: ask for another")]
pub enum NotGood {
    /// It is older than [`LIFE_MILLIS`].
    Expired,
    /// It was used.
    Used,
    /// This is not the browser that asked.
    OtherBrowser,
    /// It was kept for an address that is nobody's, or is another link.
    Nobody,
}

/// By what asks of an address are counted: nothing from which it can be read.
#[must_use]
pub fn asks_of(tenant: TenantId, email: &Email, key: &IdentityKey) -> Digest {
    Digest::from_bytes(key.tag(OF_ADDRESSES, format!("{tenant} {}", email.as_str()).as_bytes()))
}

/// Decides on an ask. `known`: who has that address. `before`: when it was asked for earlier, known or not, and not this time. `held`: the
/// cookie of this browser, if it has one: it stays, so that whoever asks twice may use the mail that comes first. `token`, `browser`: random.
#[must_use]
pub fn ask(
    tenant: TenantId,
    known: Option<&Person>,
    before: &[Timestamp],
    held: Option<&str>,
    [token, browser]: [&Random; 2],
    now: Timestamp,
) -> Asked {
    let [token, drawn] = [token, browser].map(|random| URL_SAFE_NO_PAD.encode(random));
    let cookie = held.filter(|held| has_form(held)).map_or(drawn, str::to_owned);
    let recent = before.iter().filter(|at| at.plus_millis(WINDOW_MILLIS) > now).count();
    if recent >= MAX_ASKS {
        return Asked { cookie, link: None, mail: None };
    }
    let person = known.filter(|person| person.active && !person.roles.is_empty());
    let link = EmailLink {
        tenant,
        token: Digest::of(token.as_bytes()),
        browser: Digest::of(cookie.as_bytes()),
        person: person.map(|person| person.id),
        asked_at: now,
        expires_at: now.plus_millis(LIFE_MILLIS),
        used_at: None,
    };
    let mail = person.map(|person| Mail { to: person.email.clone(), token });
    Asked { cookie, link: Some(link), mail }
}

/// By what a link is found, from what its page posts; `None` if that has not the form.
#[must_use]
pub fn found_by(token: &str) -> Option<Digest> {
    has_form(token).then(|| Digest::of(token.as_bytes()))
}

/// Whether a text is 256 bits in unpadded base64url.
fn has_form(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok()
}

impl EmailLink {
    /// Signs in by this link: whom, and what to write. It must be written on condition that `used_at` is still empty; of two who try at
    /// once, one is refused by that. `cookie`: of this browser, as it came.
    ///
    /// # Errors
    /// [`NotGood`].
    pub fn redeem(&self, token: &str, cookie: Option<&str>, now: Timestamp) -> Result<(PersonId, Self), NotGood> {
        let is = |digest: Digest, text: &str| same(&digest.to_string(), &Digest::of(text.as_bytes()).to_string());
        if !is(self.token, token) {
            return Err(NotGood::Nobody);
        }
        if self.used_at.is_some() {
            return Err(NotGood::Used);
        }
        if now >= self.expires_at {
            return Err(NotGood::Expired);
        }
        if !cookie.is_some_and(|cookie| is(self.browser, cookie)) {
            return Err(NotGood::OtherBrowser);
        }
        let person = self.person.ok_or(NotGood::Nobody)?;
        Ok((person, Self { used_at: Some(now), ..self.clone() }))
    }
}

/// The page that a link opens, with where to go on. It stands in no log in full: the token is taken out of what is logged, and the page
/// answers with `Referrer-Policy: no-referrer`.
#[must_use]
pub fn url(origin: &str, token: &str, return_to: &ReturnPath) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .append_pair("return_to", return_to.as_str())
        .finish();
    format!("{origin}/app/sign-in/link?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{
        key::tests::key,
        person::tests::{ada, now},
    };

    fn tenant() -> TenantId {
        TenantId::new(now(), &[9; 10])
    }

    fn asked(known: Option<&Person>, before: &[Timestamp]) -> Asked {
        ask(tenant(), known, before, None, [&[1; 32], &[2; 32]], now())
    }

    #[test]
    fn a_link_is_good_once_in_the_browser_that_asked_for_a_while() {
        let Asked { cookie, link, mail } = asked(Some(&ada()), &[]);
        let (link, mail) = (link.unwrap(), mail.unwrap());
        assert_eq!((mail.to, found_by(&mail.token)), (ada().email, Some(link.token)));
        let redeem = |link: &EmailLink, cookie, millis| link.redeem(&mail.token, cookie, now().plus_millis(millis));
        let (person, used) = redeem(&link, Some(&cookie), LIFE_MILLIS - 1).unwrap();
        assert_eq!(person, ada().id);
        assert_eq!(redeem(&used, Some(&cookie), LIFE_MILLIS - 1), Err(NotGood::Used));
        assert_eq!(redeem(&link, Some(&cookie), LIFE_MILLIS), Err(NotGood::Expired));
        assert_eq!(redeem(&link, Some("other"), 0), Err(NotGood::OtherBrowser));
        assert_eq!(redeem(&link, None, 0), Err(NotGood::OtherBrowser));
        assert_eq!(link.redeem("other", Some(&cookie), now()), Err(NotGood::Nobody));
        for wrong in ["", "A", &"A".repeat(44), &"é".repeat(43)] {
            assert_eq!(found_by(wrong), None);
        }
    }

    #[test]
    fn whoever_asks_twice_may_use_the_mail_that_comes_first() {
        let first = asked(Some(&ada()), &[]);
        let again = |held| ask(tenant(), Some(&ada()), &[], Some(held), [&[3; 32], &[4; 32]], now());
        assert_eq!(again(&first.cookie).cookie, first.cookie);
        let token = first.mail.unwrap().token;
        assert!(first.link.unwrap().redeem(&token, Some(&again(&first.cookie).cookie), now()).is_ok());
        assert_eq!(again("x").cookie, URL_SAFE_NO_PAD.encode([4; 32]));
    }

    #[test]
    fn whoever_asks_cannot_tell_who_has_an_account() {
        let unknown = asked(None, &[]);
        let known = asked(Some(&ada()), &[]);
        assert_eq!(unknown.cookie, known.cookie);
        assert!(unknown.link.is_some() && unknown.mail.is_none() && known.mail.is_some());
        let link = unknown.link.unwrap();
        let token = URL_SAFE_NO_PAD.encode([1; 32]);
        assert_eq!(link.redeem(&token, Some(&unknown.cookie), now()), Err(NotGood::Nobody));
        let away = Person { active: false, ..ada() };
        assert!(asked(Some(&away), &[]).mail.is_none());
        assert!(asked(Some(&Person { roles: [].into_iter().collect(), ..ada() }), &[]).mail.is_none());
    }

    #[test]
    fn an_address_gets_five_an_hour() {
        let before: Vec<_> = (0..5).map(|nth| now().plus_millis(1 - WINDOW_MILLIS + nth)).collect();
        assert!(asked(Some(&ada()), &before[..4]).mail.is_some());
        let sixth = asked(Some(&ada()), &before);
        assert!(sixth.mail.is_none() && sixth.link.is_none() && !sixth.cookie.is_empty());
        let old = [now().plus_millis(-WINDOW_MILLIS); 9];
        assert!(asked(Some(&ada()), &old).mail.is_some());
    }

    #[test]
    fn nothing_that_is_kept_signs_anybody_in() {
        let Asked { cookie, link, mail } = asked(Some(&ada()), &[]);
        let text = serde_json::to_string(&link.unwrap()).unwrap();
        let token = mail.clone().unwrap().token;
        assert!(!text.contains(&token) && !text.contains(&cookie) && !text.contains("ada@"));
        assert_eq!(format!("{mail:?}"), "Some(Mail(…))");
        let digest = asks_of(tenant(), &ada().email, &key(1));
        assert_ne!(digest, asks_of(tenant(), &ada().email, &key(2)));
        assert_eq!(
            url("https://eu.redress.example", &token, &ReturnPath::or_root("/app/x?y=1")),
            format!("https://eu.redress.example/app/sign-in/link?token={token}&return_to=%2Fapp%2Fx%3Fy%3D1")
        );
    }
}
