//! Sessions: how long somebody stays signed in, in one browser. [`Session::refresh`] decides.
//!
//! A browser holds two tokens. The **access token** ([`super::session_token`]) admits requests for five minutes without I/O. The **refresh
//! token** gets the next pair, once: each use makes a new one (RFC 9700 §4.14.2, rotation). If an old one comes again, two have it, and one
//! of them is a thief: the session ends for both.
//!
//! A refresh token is made, not drawn: from the cell's key, the session's seed and the number of the token. So the database alone opens
//! nothing and the key alone neither; the token before the present one can be answered with the *same* successor when two tabs race; and
//! a forged one ends nobody's session, for only what was genuine once counts as used again.

use super::{
    key::{IdentityKey, TAG},
    person::Person,
    settings::SessionLimits,
};
use crate::{
    chain::Salt,
    clock::named::named,
    ids::{PersonId, SessionId, TenantId},
    text::Line,
    time::Timestamp,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// For how long the token before the present one is answered with the present one, in milliseconds: tabs that wake up together.
pub const GRACE_MILLIS: i64 = 10_000;
/// How recently somebody must have proved who they are for what needs it anew, in milliseconds: 10 minutes.
pub const FRESH_MILLIS: i64 = 10 * 60_000;
/// The most sessions of a person that are open; the one that was used longest ago ends for the next.
pub const MAX_SESSIONS: usize = 10;

const PURPOSE: &str = "redress refresh v1";

/// A session. What is kept of it opens nothing: the seed without the cell's key makes no token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The id: `sid` in the access token.
    pub id: SessionId,
    /// The firm.
    pub tenant: TenantId,
    /// Who is signed in.
    pub person: PersonId,
    /// How they signed in.
    pub method: Method,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last refreshed: at most the life of an access token before it was last used.
    pub seen_at: Timestamp,
    /// Without use it ends after so many milliseconds.
    pub idle_millis: i64,
    /// It ends then in any case.
    pub ends_at: Timestamp,
    /// When they last proved who they are; `None` if their provider does not say when that was.
    pub authenticated_at: Option<Timestamp>,
    /// What people know the browser by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Line<100>>,
    /// The number of the present refresh token; it grows by one with each.
    pub generation: u32,
    /// Since when that is the present one.
    pub rotated_at: Timestamp,
    /// Random, and never shown.
    pub seed: Salt,
    /// When and why it ended early, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// A session as its person, and their admin, see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShownSession {
    /// The id, by which it is revoked.
    pub id: SessionId,
    /// How they signed in.
    pub method: Method,
    /// What people know the browser by.
    pub browser: Option<Line<100>>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used, to within five minutes.
    pub seen_at: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

named! {
/// How somebody signed in.
pub enum Method {
    /// By their firm's provider.
    Oidc: "oidc",
    /// By a link that was sent to their address.
    EmailLink: "email_link",
}
}

named! {
/// Why a session is over.
pub enum Ending {
    /// It was not used for too long.
    Idle: "idle",
    /// It has lasted as long as one may.
    Absolute: "absolute",
    /// They have signed out.
    SignedOut: "signed_out",
    /// They, or an admin, have ended it.
    Revoked: "revoked",
    /// One of its refresh tokens came a second time.
    Reused: "reused",
    /// The person may not sign in any more.
    Deactivated: "deactivated",
}
}

/// That a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: Ending,
}

/// A refresh token that was read, not yet checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session that it names: which row to load.
    pub session: SessionId,
    generation: u32,
    tag: [u8; TAG],
}

/// What becomes of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// Write the session, on condition that its `generation` in the database is still one less; then hand out the token. If somebody was
    /// faster, load it again and ask again: the answer is then [`Refreshed::Grace`].
    Rotate(Box<Session>, String),
    /// Another tab was faster: hand out the token that it got. Nothing to write.
    Grace(String),
    /// Write the session, which has ended by this, and tell its person.
    Reused(Box<Session>),
    /// It is over: sign in anew.
    Ended(Ending),
    /// The token was not made here, or not for this session.
    Forged,
}

/// What is drawn and known when somebody signs in.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The id.
    pub id: SessionId,
    /// Random.
    pub seed: Salt,
    /// How they signed in.
    pub method: Method,
    /// When they proved who they are, if that is known.
    pub authenticated_at: Option<Timestamp>,
    /// What people know the browser by: [`browser_label`].
    pub browser: Option<Line<100>>,
}

impl Session {
    /// A session of somebody who was admitted, and its first refresh token.
    #[must_use]
    pub fn begin(
        begin: Begin,
        tenant: TenantId,
        person: PersonId,
        limits: SessionLimits,
        now: Timestamp,
        key: &IdentityKey,
    ) -> (Self, String) {
        let Begin { id, seed, method, authenticated_at, browser } = begin;
        let session = Self {
            id,
            tenant,
            person,
            method,
            created_at: now,
            seen_at: now,
            idle_millis: limits.idle_millis(),
            ends_at: now.plus_millis(limits.life_millis()),
            authenticated_at: authenticated_at.map(|at| at.min(now)),
            browser,
            generation: 1,
            rotated_at: now,
            seed,
            ended: None,
        };
        let token = session.refresh_token(1, key);
        (session, token)
    }

    /// Decides on a refresh token that names this session. `person`: whose it is, as they are now; `None` if they are gone.
    #[must_use]
    pub fn refresh(
        &self,
        presented: &RefreshToken,
        person: Option<&Person>,
        now: Timestamp,
        key: &IdentityKey,
    ) -> Refreshed {
        let RefreshToken { session, generation, tag } = presented;
        if *session != self.id || !key.is_tag(PURPOSE, &self.said(*generation), tag) {
            return Refreshed::Forged;
        }
        if let Some(ending) = self.ending(person, now) {
            return Refreshed::Ended(ending);
        }
        if *generation == self.generation {
            let next = self.generation.saturating_add(1);
            let session = Self { seen_at: now.max(self.seen_at), generation: next, rotated_at: now, ..self.clone() };
            let token = session.refresh_token(next, key);
            return Refreshed::Rotate(Box::new(session), token);
        }
        let before = self.generation.checked_sub(1) == Some(*generation);
        // A clock that is behind the one that rotated has not seen the grace end.
        if before && now <= self.rotated_at.plus_millis(GRACE_MILLIS) {
            return Refreshed::Grace(self.refresh_token(self.generation, key));
        }
        Refreshed::Reused(Box::new(self.end(Ending::Reused, now)))
    }

    /// Why it is over, if it is.
    #[must_use]
    pub fn ending(&self, person: Option<&Person>, now: Timestamp) -> Option<Ending> {
        if let Some(Ended { why, .. }) = self.ended {
            return Some(why);
        }
        if !person.is_some_and(|person| person.active && person.id == self.person) {
            return Some(Ending::Deactivated);
        }
        if now >= self.ends_at {
            return Some(Ending::Absolute);
        }
        (now >= self.seen_at.plus_millis(self.idle_millis)).then_some(Ending::Idle)
    }

    /// The session, ended. One that has ended stays as it is.
    #[must_use]
    pub fn end(&self, why: Ending, now: Timestamp) -> Self {
        Self { ended: self.ended.or(Some(Ended { at: now, why })), ..self.clone() }
    }

    /// The session once its person has proved anew who they are; `None` if that was somebody else.
    #[must_use]
    pub fn stepped_up(&self, person: PersonId, authenticated_at: Timestamp, now: Timestamp) -> Option<Self> {
        let authenticated_at = Some(authenticated_at.min(now)).max(self.authenticated_at);
        (person == self.person).then(|| Self { authenticated_at, ..self.clone() })
    }

    /// For how many seconds a browser keeps its cookies.
    #[must_use]
    pub fn seconds_left(&self, now: Timestamp) -> i64 {
        self.ends_at.unix_seconds().saturating_sub(now.unix_seconds()).max(0)
    }

    /// What its person, or an admin, is shown of it. `asking`: the session by which they ask.
    #[must_use]
    pub fn shown(&self, asking: SessionId) -> ShownSession {
        let Self { id, method, created_at, seen_at, ends_at, browser, .. } = self.clone();
        ShownSession { id, method, browser, created_at, seen_at, ends_at, current: id == asking }
    }

    fn said(&self, generation: u32) -> Vec<u8> {
        let id = self.id.bytes();
        id.iter().chain(self.seed.as_bytes()).chain(&generation.to_be_bytes()).copied().collect()
    }

    fn refresh_token(&self, generation: u32, key: &IdentityKey) -> String {
        let tag = key.tag(PURPOSE, &self.said(generation));
        RefreshToken { session: self.id, generation, tag }.text()
    }
}

/// Bytes of a refresh token: session, number, tag.
const TOKEN: usize = 16 + 4 + TAG;

impl RefreshToken {
    /// Reads the value of the cookie; `None` if it has not the form.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        // Nothing longer is decoded.
        let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= 2 * TOKEN)?).ok()?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, tag) = rest.split_first_chunk::<4>()?;
        Some(Self {
            session: SessionId::from_bytes(*session).ok()?,
            generation: u32::from_be_bytes(*generation),
            tag: tag.try_into().ok()?,
        })
    }

    fn text(&self) -> String {
        let Self { session, generation, tag } = self;
        let bytes: Vec<u8> = session.bytes().iter().chain(&generation.to_be_bytes()).chain(tag).copied().collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RefreshToken({}, {})", self.session, self.generation)
    }
}

named! {
/// What needs that whoever asks has proved lately who they are.
pub enum Sensitive {
    /// To approve what is paid to a complainant.
    ApproveRedress: "approve_redress",
    /// To take complaints out.
    Export: "export",
    /// To change how staff sign in, and what they may do.
    ManageStaff: "manage_staff",
}
}

impl Sensitive {
    /// How long ago that may be at most, in milliseconds.
    #[must_use]
    pub const fn fresh_millis(self) -> i64 {
        match self {
            Self::ApproveRedress | Self::Export | Self::ManageStaff => FRESH_MILLIS,
        }
    }
}

/// Whether somebody who proved at `authenticated_at` who they are may do this now; else they have to prove it again (step-up, as RFC 9470
/// names it).
#[must_use]
pub fn fresh_enough(authenticated_at: Option<Timestamp>, action: Sensitive, now: Timestamp) -> bool {
    authenticated_at.is_some_and(|at| now < at.plus_millis(action.fresh_millis()))
}

/// Those of a person's open sessions that end for a new one, so that no more than [`MAX_SESSIONS`] are open: those used longest ago.
#[must_use]
pub fn surplus(open: &[Session]) -> Vec<SessionId> {
    let mut by_use: Vec<_> = open.iter().map(|session| (session.seen_at, session.id)).collect();
    by_use.sort_unstable();
    let too_many = by_use.len().saturating_sub(MAX_SESSIONS - 1);
    by_use.into_iter().take(too_many).map(|(_, id)| id).collect()
}

/// Browsers, and what says that it is one. The order counts: most of them name others as well.
const BROWSERS: [(&str, &str); 5] =
    [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
/// Systems, likewise.
const SYSTEMS: [(&str, &str); 6] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// What people know a browser by, from `User-Agent`: `Firefox, Windows`. Enough to find one's own in a list, and no fingerprint.
#[must_use]
pub fn browser_label(user_agent: &str) -> Option<Line<100>> {
    let of = |table: &[(&str, &'static str)]| {
        table.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
    };
    let parts: Vec<_> = [of(&BROWSERS), of(&SYSTEMS)].into_iter().flatten().collect();
    Line::try_from(parts.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{
        key::tests::key,
        person::tests::{ada, now},
    };
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        now().plus_millis(millis)
    }

    fn begun() -> (Session, RefreshToken) {
        let begin = Begin {
            id: SessionId::new(now(), &[5; 10]),
            seed: Salt::from_bytes([6; 16]),
            method: Method::Oidc,
            authenticated_at: Some(at(-1_000)),
            browser: None,
        };
        let tenant = TenantId::new(now(), &[9; 10]);
        let (session, token) = Session::begin(begin, tenant, ada().id, SessionLimits::default(), now(), &key(1));
        (session, read(&token))
    }

    fn read(token: &str) -> RefreshToken {
        RefreshToken::read(token).unwrap()
    }

    fn rotated(session: &Session, token: &RefreshToken, millis: i64) -> (Session, RefreshToken) {
        match session.refresh(token, Some(&ada()), at(millis), &key(1)) {
            Refreshed::Rotate(session, token) => (*session, read(&token)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_token_is_good_once() {
        let (first, one) = begun();
        let (second, two) = rotated(&first, &one, 60_000);
        assert_eq!((second.generation, second.seen_at, second.ends_at), (2, at(60_000), first.ends_at));
        let (third, _) = rotated(&second, &two, 120_000);
        let Refreshed::Reused(ended) = third.refresh(&one, Some(&ada()), at(120_001), &key(1)) else { panic!() };
        assert_eq!(ended.ended, Some(Ended { at: at(120_001), why: Ending::Reused }));
        // From then on nothing of it is good, the newest neither.
        assert_eq!(ended.refresh(&two, Some(&ada()), at(120_002), &key(1)), Refreshed::Ended(Ending::Reused));
    }

    #[test]
    fn two_tabs_that_race_get_the_same_token() {
        let (first, one) = begun();
        let (second, two) = rotated(&first, &one, 0);
        let again = |millis| second.refresh(&one, Some(&ada()), at(millis), &key(1));
        for millis in [-5_000, 0, GRACE_MILLIS] {
            assert_eq!(again(millis), Refreshed::Grace(two.text()), "{millis}");
        }
        assert!(matches!(again(GRACE_MILLIS + 1), Refreshed::Reused(_)));
    }

    #[test]
    fn what_was_never_genuine_ends_nothing() {
        let (session, one) = begun();
        let (_, two) = rotated(&session, &one, 0);
        let refresh = |token: &RefreshToken, key: &IdentityKey| session.refresh(token, Some(&ada()), at(1), key);
        assert_eq!(refresh(&RefreshToken { generation: 0, ..one }, &key(1)), Refreshed::Forged);
        assert_eq!(refresh(&RefreshToken { tag: [0; TAG], ..one }, &key(1)), Refreshed::Forged);
        assert_eq!(refresh(&one, &key(2)), Refreshed::Forged);
        let other = Session { seed: Salt::from_bytes([7; 16]), ..session.clone() };
        assert_eq!(other.refresh(&one, Some(&ada()), at(1), &key(1)), Refreshed::Forged);
        let elsewhere = SessionId::new(now(), &[6; 10]);
        assert_eq!(refresh(&RefreshToken { session: elsewhere, ..one }, &key(1)), Refreshed::Forged);
        // A database that was set back: its next token is known already, and that looks like theft.
        assert!(matches!(refresh(&two, &key(1)), Refreshed::Reused(_)));
        for wrong in ["", "A", "…", &"A".repeat(69), &"A".repeat(70), &"A".repeat(9_000)] {
            assert!(RefreshToken::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_session_ends_idle_in_any_case_and_with_its_person() {
        let (session, one) = begun();
        let minute = 60_000;
        let ending = |millis| session.ending(Some(&ada()), at(millis));
        assert_eq!((ending(30 * minute - 1), ending(30 * minute)), (None, Some(Ending::Idle)));
        let used = Session { seen_at: at(719 * minute), ..session.clone() };
        assert_eq!(used.ending(Some(&ada()), at(720 * minute - 1)), None);
        assert_eq!(used.ending(Some(&ada()), at(720 * minute)), Some(Ending::Absolute));
        let away = Person { active: false, ..ada() };
        for person in [Some(&away), None] {
            assert_eq!(session.refresh(&one, person, at(1), &key(1)), Refreshed::Ended(Ending::Deactivated));
        }
        let revoked = session.end(Ending::Revoked, at(1)).end(Ending::SignedOut, at(2));
        assert_eq!(revoked.ended, Some(Ended { at: at(1), why: Ending::Revoked }));
        assert_eq!((session.seconds_left(at(0)), session.seconds_left(at(721 * minute))), (43_200, 0));
    }

    #[test]
    fn what_is_sensitive_needs_a_fresh_proof() {
        let (session, _) = begun();
        let fresh = |session: &Session, millis| fresh_enough(session.authenticated_at, Sensitive::Export, at(millis));
        assert!(fresh(&session, FRESH_MILLIS - 1_001) && !fresh(&session, FRESH_MILLIS - 1_000));
        assert!(!fresh_enough(None, Sensitive::ApproveRedress, now()));
        let again = session.stepped_up(ada().id, at(5_000), at(6_000)).unwrap();
        assert!(fresh(&again, FRESH_MILLIS));
        assert_eq!(session.stepped_up(PersonId::new(now(), &[3; 10]), at(5_000), at(6_000)), None);
        // An older proof takes nothing away; one of the future is one of now.
        assert_eq!(again.stepped_up(ada().id, at(0), at(6_000)), Some(again));
        assert_eq!(session.stepped_up(ada().id, at(9_000), at(6_000)).unwrap().authenticated_at, Some(at(6_000)));
    }

    #[test]
    fn the_oldest_give_way() {
        let (session, _) = begun();
        let open: Vec<_> = (0..11)
            .map(|fill| Session {
                id: SessionId::new(now(), &[fill; 10]),
                seen_at: at(-i64::from(fill)),
                ..session.clone()
            })
            .collect();
        assert_eq!(surplus(&open[..9]), []);
        assert_eq!(surplus(&open[..10]), [open[9].id]);
        assert_eq!(surplus(&open), [open[10].id, open[9].id]);
    }

    #[test]
    fn a_browser_has_a_short_name() {
        for (agent, label) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
                Some("Firefox, Windows"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0",
                Some("Edge, macOS"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
                Some("Safari, iPhone"),
            ),
            ("curl/8", None),
            ("", None),
        ] {
            assert_eq!(browser_label(agent).as_ref().map(Line::as_str), label);
        }
    }

    #[test]
    fn the_formats_are_for_life() {
        let (session, token) = begun();
        assert_eq!(
            serde_json::to_value(&session).unwrap(),
            serde_json::json!({
                "id": session.id, "tenant": session.tenant, "person": session.person, "method": "oidc",
                "created_at": now(), "seen_at": now(), "idle_millis": 1_800_000, "ends_at": at(43_200_000),
                "authenticated_at": at(-1_000), "generation": 1, "rotated_at": now(),
                "seed": "06060606060606060606060606060606"
            })
        );
        // Browsers hold these over a release. Computed with Python's hmac.
        assert_eq!(token.text(), "AaHuVl4AdQWFBQUFBQUFBQAAAAELlaisnrz4402nvV5X17pFnrDoVx88evlggaMA6z2R_A");
        let shown = serde_json::to_value(session.shown(session.id)).unwrap();
        assert_eq!((shown["current"].clone(), shown.get("seed")), (true.into(), None));
    }

    proptest! {
        /// Whatever is presented in whatever order: one token at most is good at a time, and after a reuse none.
        #[test]
        fn any_course(steps in prop::collection::vec((any::<prop::sample::Index>(), 0_i64..20_000), 1..30)) {
            let (mut session, first) = begun();
            let (mut tokens, mut time) = (vec![first], 0);
            for (which, passes) in steps {
                time += passes;
                let nth = which.index(tokens.len());
                let newest = nth + 1 == tokens.len();
                match session.refresh(&tokens[nth], Some(&ada()), at(time), &key(1)) {
                    Refreshed::Rotate(next, token) => {
                        prop_assert!(newest);
                        tokens.push(read(&token));
                        session = *next;
                    }
                    Refreshed::Grace(token) => {
                        prop_assert!(nth + 2 == tokens.len() && Some(read(&token)) == tokens.last().copied());
                    }
                    Refreshed::Reused(next) => {
                        prop_assert!(!newest);
                        session = *next;
                    }
                    Refreshed::Ended(why) => prop_assert!(why == Ending::Reused && session.ended.is_some()),
                    Refreshed::Forged => prop_assert!(false),
                }
            }
        }
    }
}
