//! A case lock: who works on a complaint now. It is courtesy between people; what keeps a case file right is its
//! events' key. Still, whoever takes the lock gets a **fencing token** that only grows, and a write that names an older
//! one is refused, so that a holder who was away too long cannot write over the next one's work.

use crate::{text::Line, time::Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The shortest life of a lock, in seconds.
pub const MIN_TTL_SECONDS: u32 = 5;
/// The longest life of a lock, in seconds; who still works renews it.
pub const MAX_TTL_SECONDS: u32 = 900;
/// The life of a lock when the caller does not say, in seconds.
pub const DEFAULT_TTL_SECONDS: u32 = 120;

/// Who works on a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The tenant's own id for the person or system. Two holders are the same if their ids are.
    pub id: Line<100>,
    /// What others are shown.
    pub name: Line<200>,
}

/// A fencing token: larger than every earlier one of the same case. Made from the time, in milliseconds, so that it
/// grows even where the counter was lost; below 2⁵³.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FencingToken(pub u64);

/// A lock that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lock {
    /// Who.
    pub holder: Holder,
    /// The token that the holder's writes name in `Redress-Lock`.
    pub token: FencingToken,
    /// When the holder took it.
    pub since: Timestamp,
    /// When it ends unless it is renewed.
    pub expires_at: Timestamp,
}

/// A lock as others see it: without the token, which is the holder's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownLock {
    /// Who works on the case.
    pub holder: Holder,
    /// Since when.
    pub since: Timestamp,
    /// When it ends unless it is renewed.
    pub expires_at: Timestamp,
}

impl Lock {
    /// The lock as others see it.
    #[must_use]
    pub fn shown(&self) -> ShownLock {
        let Self { holder, since, expires_at, .. } = self.clone();
        ShownLock { holder, since, expires_at }
    }
}

/// What is asked of a case's lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// To hold it, if nobody else does. Whoever holds it already keeps the same token.
    Take {
        /// Who.
        holder: Holder,
        /// For how long, in seconds.
        ttl_seconds: u32,
        /// A token that was seen elsewhere; the next one is larger.
        above: FencingToken,
    },
    /// To hold it, whoever does.
    TakeOver {
        /// Who.
        holder: Holder,
        /// For how long, in seconds.
        ttl_seconds: u32,
        /// A token that was seen elsewhere; the next one is larger.
        above: FencingToken,
    },
    /// To hold it for longer.
    Renew {
        /// The token.
        token: FencingToken,
        /// For how long from now, in seconds.
        ttl_seconds: u32,
    },
    /// To hold it no longer.
    Release {
        /// The token.
        token: FencingToken,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// The caller holds it.
    Held {
        /// The lock.
        lock: Lock,
    },
    /// The caller holds it no longer; nobody does.
    Released,
    /// Somebody else holds it.
    Busy {
        /// That lock.
        lock: Lock,
    },
    /// The token is not that of a lock in force: it has ended, or was taken over and ended.
    Lost,
}

/// The lock of one case: all that its Durable Object keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseLock {
    /// The largest token that was ever given.
    last: FencingToken,
    held: Option<Lock>,
}

impl CaseLock {
    /// The lock that is in force at `now`.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> Option<&Lock> {
        self.held.as_ref().filter(|lock| lock.expires_at > now)
    }

    /// When the lock that is held ends: the moment to look again.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.held.as_ref().map(|lock| lock.expires_at)
    }

    /// Forgets a lock that has ended.
    pub fn expire(&mut self, now: Timestamp) {
        if self.in_force(now).is_none() {
            self.held = None;
        }
    }

    /// Does what is asked, or says why not.
    pub fn answer(&mut self, ask: Ask, now: Timestamp) -> Answer {
        self.expire(now);
        match ask {
            Ask::Take { holder, ttl_seconds, above } => match &mut self.held {
                Some(lock) if lock.holder.id == holder.id && lock.token >= above => {
                    lock.holder = holder;
                    lock.expires_at = after(now, ttl_seconds);
                    Answer::Held { lock: lock.clone() }
                }
                Some(lock) if lock.token >= above => Answer::Busy { lock: lock.clone() },
                _ => self.give(holder, ttl_seconds, above, now),
            },
            Ask::TakeOver { holder, ttl_seconds, above } => self.give(holder, ttl_seconds, above, now),
            Ask::Renew { token, ttl_seconds } => match &mut self.held {
                Some(lock) if lock.token == token => {
                    lock.expires_at = after(now, ttl_seconds);
                    Answer::Held { lock: lock.clone() }
                }
                _ => self.refuse(),
            },
            Ask::Release { token } => match &self.held {
                Some(lock) if lock.token == token => {
                    self.held = None;
                    Answer::Released
                }
                // Released before, by a request whose answer was lost: that is what the caller wants.
                None if token <= self.last => Answer::Released,
                _ => self.refuse(),
            },
        }
    }

    fn refuse(&self) -> Answer {
        self.held.clone().map_or(Answer::Lost, |lock| Answer::Busy { lock })
    }

    fn give(&mut self, holder: Holder, ttl_seconds: u32, above: FencingToken, now: Timestamp) -> Answer {
        let time = u64::try_from(now.unix_millis()).unwrap_or_default();
        let token = FencingToken(time.max(self.last.0.max(above.0).saturating_add(1)));
        self.last = token;
        let lock = Lock { holder, token, since: now, expires_at: after(now, ttl_seconds) };
        self.held = Some(lock.clone());
        Answer::Held { lock }
    }
}

fn after(now: Timestamp, ttl_seconds: u32) -> Timestamp {
    now.plus_millis(i64::from(ttl_seconds.clamp(MIN_TTL_SECONDS, MAX_TTL_SECONDS)) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holder(name: &str) -> Holder {
        let line = |text: &str| text.to_owned();
        Holder { id: line(name).try_into().unwrap(), name: line(&format!("{name} Smith")).try_into().unwrap() }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_millis(1_700_000_000_000 + seconds * 1000)
    }

    fn take(name: &str) -> Ask {
        Ask::Take { holder: holder(name), ttl_seconds: 60, above: FencingToken(0) }
    }

    fn held(answer: Answer) -> Lock {
        match answer {
            Answer::Held { lock } => lock,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_holds_it_at_a_time() {
        let mut lock = CaseLock::default();
        let anna = held(lock.answer(take("anna"), at(0)));
        assert_eq!(lock.answer(take("ben"), at(59)), Answer::Busy { lock: anna.clone() });
        let ben = held(lock.answer(take("ben"), at(60)));
        assert!(ben.token > anna.token);
        assert_eq!(
            lock.answer(Ask::Renew { token: anna.token, ttl_seconds: 60 }, at(61)),
            Answer::Busy { lock: ben.clone() }
        );
        assert_eq!(lock.answer(Ask::Release { token: anna.token }, at(61)), Answer::Busy { lock: ben.clone() });
        assert_eq!(lock.answer(Ask::Release { token: ben.token }, at(62)), Answer::Released);
        assert_eq!(lock.answer(Ask::Release { token: ben.token }, at(63)), Answer::Released);
        assert_eq!(lock.answer(Ask::Renew { token: ben.token, ttl_seconds: 60 }, at(63)), Answer::Lost);
    }

    #[test]
    fn the_same_holder_keeps_the_token_and_another_can_take_over() {
        let mut lock = CaseLock::default();
        let first = held(lock.answer(take("anna"), at(0)));
        let again = held(lock.answer(take("anna"), at(30)));
        assert_eq!((again.token, again.since, again.expires_at), (first.token, first.since, at(90)));
        let over = Ask::TakeOver { holder: holder("lead"), ttl_seconds: 60, above: FencingToken(0) };
        let lead = held(lock.answer(over, at(31)));
        assert!(lead.token > first.token);
        assert_eq!(lock.in_force(at(32)).map(|lock| lock.holder.name.as_str()), Some("lead Smith"));
    }

    #[test]
    fn a_token_seen_elsewhere_is_never_given_again() {
        let mut lock = CaseLock::default();
        let above = FencingToken(9_000_000_000_000);
        let ask = Ask::Take { holder: holder("anna"), ttl_seconds: 60, above };
        assert!(held(lock.answer(ask, at(0))).token > above);
    }

    #[test]
    fn what_is_stored_and_sent_keeps_its_format() {
        let mut lock = CaseLock::default();
        let given = lock.answer(take("anna"), at(0));
        let text = r#"{"holder":{"id":"anna","name":"anna Smith"},"token":1700000000000,"since":"2023-11-14T22:13:20.000Z","expires_at":"2023-11-14T22:14:20.000Z"}"#;
        assert_eq!(serde_json::to_string(&given).unwrap(), format!(r#"{{"held":{{"lock":{text}}}}}"#));
        assert_eq!(serde_json::to_string(&lock).unwrap(), format!(r#"{{"last":1700000000000,"held":{text}}}"#));
        let ask: Ask = serde_json::from_str(r#"{"renew":{"token":7,"ttl_seconds":60}}"#).unwrap();
        assert_eq!(ask, Ask::Renew { token: FencingToken(7), ttl_seconds: 60 });
    }

    #[derive(Clone, Debug)]
    enum Step {
        Take(u8),
        TakeOver(u8),
        Renew(u8),
        Release(u8),
        Wait(i64),
        Restart,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let who = 0..4u8;
        let step = prop_oneof![
            who.clone().prop_map(Step::Take),
            who.clone().prop_map(Step::TakeOver),
            who.clone().prop_map(Step::Renew),
            who.prop_map(Step::Release),
            (-3..90i64).prop_map(Step::Wait),
            Just(Step::Restart),
        ];
        prop::collection::vec(step, 1..60)
    }

    proptest! {
        /// Whatever is asked in whatever order: tokens grow with every change of holder, and at no moment do two
        /// callers have a lock in force.
        #[test]
        fn never_two_holders_and_tokens_only_grow(steps in steps()) {
            let mut lock = CaseLock::default();
            let mut now = at(0);
            let mut known: [Option<Lock>; 4] = Default::default();
            let mut largest = FencingToken(0);
            for step in steps {
                let (who, ask) = match step {
                    Step::Wait(seconds) => {
                        now = now.plus_millis(seconds * 1000);
                        continue;
                    }
                    Step::Restart => {
                        lock = serde_json::from_str(&serde_json::to_string(&lock).unwrap()).unwrap();
                        continue;
                    }
                    Step::Take(who) => (who, take(&who.to_string())),
                    Step::TakeOver(who) => {
                        let holder = holder(&who.to_string());
                        (who, Ask::TakeOver { holder, ttl_seconds: 60, above: FencingToken(0) })
                    }
                    Step::Renew(who) | Step::Release(who) => {
                        let Some(mine) = &known[usize::from(who)] else { continue };
                        let token = mine.token;
                        let renew = matches!(step, Step::Renew(_));
                        (who, if renew { Ask::Renew { token, ttl_seconds: 60 } } else { Ask::Release { token } })
                    }
                };
                match lock.answer(ask, now) {
                    Answer::Held { lock: mine } => {
                        if mine.token != known[usize::from(who)].as_ref().map_or(FencingToken(0), |held| held.token) {
                            prop_assert!(mine.token > largest);
                            largest = mine.token;
                        }
                        known[usize::from(who)] = Some(mine);
                    }
                    Answer::Released => known[usize::from(who)] = None,
                    Answer::Busy { lock: theirs } => prop_assert_ne!(theirs.holder.id.as_str(), who.to_string()),
                    Answer::Lost => {}
                }
                let in_force = lock.in_force(now).map(|lock| lock.token);
                let believing = known.iter().flatten().filter(|held| in_force == Some(held.token)).count();
                prop_assert!(believing <= 1);
            }
        }
    }
}
