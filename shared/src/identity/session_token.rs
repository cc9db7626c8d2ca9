//! Access tokens: who is signed in, for five minutes, checked without I/O.
//!
//! They are signed with the cell's Ed25519 key, as API keys are, and not with HMAC: every cell knows the public keys of all, so that any
//! of them can tell whose a request is and forward it to the person's home, and none of them can sign for another.
//!
//! A token cannot be called back. So what has to end sooner, within seconds, is named in a short list that each isolate gets with its
//! leases ([`Barred`]): sessions that were ended, people who were deactivated or given other roles. A line of it is needed for as long as
//! a token lives, no longer.

use super::{
    person::Person,
    role::{Clearance, Role, Roles},
    session::Session,
};
use crate::{
    access::Principal,
    ids::{PersonId, SessionId, TeamId, TenantId},
    sign::api_key::KeyRing,
    tenant::CellName,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long a token is valid, in seconds.
pub const LIFE_SECONDS: i64 = 300;
/// How much the clocks of two cells may differ, in seconds.
const SKEW_SECONDS: i64 = 5;
/// For how long a line of what is barred is needed, in milliseconds.
pub const NEEDED_MILLIS: i64 = (LIFE_SECONDS + SKEW_SECONDS) * 1_000;
/// The longest token that is looked at: what a cookie may hold (RFC 6265bis §5.6), without its name.
const MAX_TOKEN: usize = 3_900;
/// By which no other token of this service passes for one of these (RFC 8725 §3.9).
const AUDIENCE: &str = "redress-staff";

/// The claims. What only we read is one text: every Worker of a cell reads these, and what reads a member of JSON is a hundred times as
/// large as what cuts a text.
#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    iss: CellName,
    /// See [`said`].
    who: String,
    iat: i64,
    exp: i64,
}

/// A token that was checked: what it says is true until `expires_at`, unless it is barred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: SessionId,
    /// The firm.
    pub tenant: TenantId,
    /// Who.
    pub person: PersonId,
    /// The cell that signed it: the firm's home then.
    pub cell: CellName,
    /// What they are.
    pub roles: Roles,
    /// The teams that they are in.
    pub teams: BTreeSet<TeamId>,
    /// The sensitive complaints that they may see.
    pub clearances: BTreeSet<Clearance>,
    /// When they last proved who they are, if that is known: for [`super::session::fresh_enough`].
    pub authenticated_at: Option<Timestamp>,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// The token is malformed, forged, or not valid now. Callers are not told which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session is not valid")]
pub struct InvalidSession;

/// The access token of a session, of a person as they are now. It ends with the session at the latest.
///
/// # Errors
/// [`InvalidSession`] if it cannot be signed.
pub fn issue(ring: &KeyRing, session: &Session, person: &Person, now: Timestamp) -> Result<String, InvalidSession> {
    let iat = now.unix_seconds();
    let claims = Claims {
        aud: AUDIENCE.to_owned(),
        iss: ring.cell().clone(),
        who: said(session, person, now),
        iat,
        exp: iat.saturating_add(LIFE_SECONDS).min(session.ends_at.unix_seconds()),
    };
    ring.sign(&claims).map_err(|_| InvalidSession)
}

/// Checks a token at `now`.
///
/// # Errors
/// [`InvalidSession`].
pub fn verify(ring: &KeyRing, token: &str, now: Timestamp) -> Result<SignedIn, InvalidSession> {
    if token.len() > MAX_TOKEN {
        return Err(InvalidSession);
    }
    let (cell, claims): (_, Claims) = ring.opened(token).map_err(|_| InvalidSession)?;
    let Claims { aud, iss, who, iat, exp } = claims;
    let seconds = now.unix_seconds();
    let current =
        iat <= seconds.saturating_add(SKEW_SECONDS) && seconds < exp && exp.saturating_sub(iat) <= LIFE_SECONDS;
    if aud != AUDIENCE || iss != *cell || !current {
        return Err(InvalidSession);
    }
    heard(&who, iss, iat, exp).ok_or(InvalidSession)
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(seconds.saturating_mul(1_000))
}

/// Between the parts of [`said`], and between the members of those that are lists.
const PART: char = ' ';
const MEMBER: char = ',';

/// Who is signed in: the ids of person, session and firm, roles, teams, clearances, when they last proved who they are in seconds
/// (`OpenID` Connect Core 1.0 §2, `auth_time`; empty: never), and the milliseconds of `iat`, for what is barred until a moment is barred
/// until just then.
fn said(session: &Session, person: &Person, now: Timestamp) -> String {
    let list = |members: Vec<String>| members.join(&MEMBER.to_string());
    [
        person.id.to_string(),
        session.id.to_string(),
        session.tenant.to_string(),
        list(person.roles.iter().map(|role| <&str>::from(role).to_owned()).collect()),
        list(person.teams.iter().map(ToString::to_string).collect()),
        list(person.clearances.iter().map(|clearance| <&str>::from(*clearance).to_owned()).collect()),
        session.authenticated_at.map(|at| at.unix_seconds().to_string()).unwrap_or_default(),
        now.unix_millis().rem_euclid(1_000).to_string(),
    ]
    .join(&PART.to_string())
}

fn heard(who: &str, cell: CellName, iat: i64, exp: i64) -> Option<SignedIn> {
    let mut parts = who.split(PART);
    let person = parts.next()?.parse().ok()?;
    let session = parts.next()?.parse().ok()?;
    let tenant = parts.next()?.parse().ok()?;
    let roles: Option<BTreeSet<Role>> = list(parts.next()?, |role| Role::try_from(role.to_owned()).ok());
    let teams = list(parts.next()?, |team| team.parse().ok())?;
    let clearances = list(parts.next()?, |clearance| Clearance::try_from(clearance.to_owned()).ok())?;
    let proved = parts.next()?;
    let authenticated_at = if proved.is_empty() { None } else { Some(moment(proved.parse().ok()?)) };
    let millis: i64 = parts.next()?.parse().ok()?;
    Some(SignedIn {
        session,
        tenant,
        person,
        cell,
        roles: roles?.into(),
        teams,
        clearances,
        authenticated_at,
        issued_at: moment(iat).plus_millis(millis.clamp(0, 999)),
        expires_at: moment(exp),
    })
    .filter(|_| parts.next().is_none())
}

fn list<T: Ord>(text: &str, member: impl Fn(&str) -> Option<T>) -> Option<BTreeSet<T>> {
    text.split(MEMBER).filter(|one| !one.is_empty()).map(member).collect()
}

impl SignedIn {
    /// Who calls, for [`crate::access::may`].
    #[must_use]
    pub fn principal(&self) -> Principal {
        let Self { session, tenant, person, roles, teams, clearances, .. } = self.clone();
        Principal::Staff { tenant, person, roles, teams, clearances, session }
    }
}

/// Whose tokens are refused though they are genuine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Those of a session.
    Session(SessionId),
    /// Those of a person.
    Person(PersonId),
}

/// A line of the list of what ends sooner than tokens say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barred {
    /// Whose tokens.
    pub whose: Whose,
    /// Those that were issued until then: when what bars them was written, by a clock that is read *after* it was, so that a token made
    /// meanwhile of what was there before is among them. Whoever was given other roles goes on with the next token.
    pub until: Timestamp,
    /// But not those of this session: the one that began with the sign-in by which the roles became others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spared: Option<SessionId>,
}

impl Barred {
    /// Whether it is still needed: every token that it refuses has ended once it is not.
    #[must_use]
    pub fn is_needed(&self, now: Timestamp) -> bool {
        now < self.until.plus_millis(NEEDED_MILLIS)
    }

    /// Whether it refuses a token.
    #[must_use]
    pub fn refuses(&self, token: &SignedIn) -> bool {
        let theirs = match self.whose {
            Whose::Session(session) => session == token.session,
            Whose::Person(person) => person == token.person,
        };
        theirs && token.issued_at <= self.until && self.spared != Some(token.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chain::Salt,
        identity::{
            cookie,
            key::tests::key,
            person::tests::{ada, now},
            role::Role,
            session::{Begin, Method},
            settings::SessionLimits,
        },
        sign::api_key::{CellKeys, public_key},
    };
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    fn named(cell: &str) -> CellName {
        CellName::try_from(cell.to_owned()).unwrap()
    }

    fn seed(fill: u8) -> String {
        URL_SAFE_NO_PAD.encode([fill; 32])
    }

    fn ring(fill: u8) -> KeyRing {
        KeyRing::new(named("eu"), &seed(fill), &CellKeys::new()).unwrap()
    }

    fn session() -> Session {
        let begin = Begin {
            id: SessionId::new(now(), &[5; 10]),
            seed: Salt::from_bytes([6; 16]),
            method: Method::Oidc,
            authenticated_at: Some(now()),
            browser: None,
        };
        let tenant = TenantId::new(now(), &[9; 10]);
        Session::begin(begin, tenant, ada().id, SessionLimits::default(), now(), &key(1)).0
    }

    #[test]
    fn a_token_says_who_is_signed_in_for_five_minutes() {
        let token = issue(&ring(1), &session(), &ada(), now()).unwrap();
        let signed_in = verify(&ring(1), &token, now()).unwrap();
        assert_eq!((signed_in.person, signed_in.session, signed_in.cell.as_str()), (ada().id, session().id, "eu"));
        assert_eq!((signed_in.authenticated_at, signed_in.roles.clone()), (Some(now()), ada().roles));
        assert!(matches!(signed_in.principal(), Principal::Staff { person, .. } if person == ada().id));
        for (millis, fine) in [(299_999, true), (300_000, false), (-5_000, true), (-6_000, false)] {
            assert_eq!(verify(&ring(1), &token, now().plus_millis(millis)).is_ok(), fine, "{millis}");
        }
        assert_eq!(verify(&ring(2), &token, now()), Err(InvalidSession));
        for at in (0..token.len() - 1).step_by(7) {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(verify(&ring(1), &String::from_utf8(altered).unwrap(), now()), Err(InvalidSession), "{at}");
        }
        // It does not outlive its session.
        let nearly_over = Session { ends_at: now().plus_millis(10_000), ..session() };
        let short = issue(&ring(1), &nearly_over, &ada(), now()).unwrap();
        assert_eq!(verify(&ring(1), &short, now()).unwrap().expires_at, nearly_over.ends_at);
    }

    #[test]
    fn it_is_no_api_key_and_no_cells_token_nor_the_reverse() {
        let token = issue(&ring(1), &session(), &ada(), now()).unwrap();
        for prefix in ["rdr_live_", "rdr_test_"] {
            assert!(ring(1).verify(&format!("{prefix}{token}"), now()).is_err());
        }
        let other = ring(1).issue_for_cell(session().tenant, now()).unwrap();
        assert_eq!(verify(&ring(1), other.trim_start_matches("rdr_cell_"), now()), Err(InvalidSession));
    }

    #[test]
    fn every_cell_knows_it_and_only_the_home_can_make_it() {
        let cells = CellKeys::from([(named("eu"), vec![public_key(&seed(1)).unwrap()])]);
        let us = KeyRing::new(named("us"), &seed(2), &cells).unwrap();
        let token = issue(&ring(1), &session(), &ada(), now()).unwrap();
        assert_eq!(verify(&us, &token, now()).map(|token| token.cell), Ok(named("eu")));
        assert_eq!(verify(&ring(1), &issue(&us, &session(), &ada(), now()).unwrap(), now()), Err(InvalidSession));
    }

    #[test]
    fn what_ends_sooner_is_refused_and_forgotten_in_time() {
        let token = issue(&ring(1), &session(), &ada(), now()).unwrap();
        let signed_in = verify(&ring(1), &token, now()).unwrap();
        let barred = |whose, millis| Barred { whose, until: now().plus_millis(millis), spared: None };
        for whose in [Whose::Session(session().id), Whose::Person(ada().id)] {
            assert!(barred(whose, 1).refuses(&signed_in));
            assert!(
                barred(whose, 0).refuses(&signed_in) && !barred(whose, -1).refuses(&signed_in),
                "issued after that"
            );
            assert!(!Barred { spared: Some(session().id), ..barred(whose, 1) }.refuses(&signed_in));
            assert!(barred(whose, 0).is_needed(now().plus_millis(304_999)));
            assert!(!barred(whose, 0).is_needed(now().plus_millis(305_000)));
        }
        assert!(!barred(Whose::Session(SessionId::new(now(), &[0; 10])), 1).refuses(&signed_in));
        let text = serde_json::to_string(&barred(Whose::Person(ada().id), 0)).unwrap();
        assert_eq!(text, format!(r#"{{"whose":{{"person":"{}"}},"until":"{}"}}"#, ada().id, now()));
    }

    #[test]
    fn the_largest_token_fits_a_cookie() {
        let person = Person {
            roles: [Role::Agent, Role::Lead, Role::Compliance, Role::Admin].into_iter().collect(),
            teams: (0..20).map(|fill| TeamId::new(now(), &[fill; 10])).collect(),
            clearances: Clearance::NAMES.iter().map(|name| Clearance::try_from((*name).to_owned()).unwrap()).collect(),
            ..ada()
        };
        let long = KeyRing::new(named("abcdefghijklmnop"), &seed(1), &CellKeys::new()).unwrap();
        let token = issue(&long, &session(), &person, now()).unwrap();
        assert!(verify(&long, &token, now()).is_ok());
        assert!(cookie::ACCESS.name.len() + token.len() < cookie::MAX_BYTES, "{}", token.len());
    }
}
