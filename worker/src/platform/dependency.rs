//! What an isolate depends on, each behind a breaker: what has not answered several times in a row is not asked for a while.

use super::{Fault, NOT_ASKED, Queue, now};
use crate::{metrics, side::Side};
use shared::{
    breaker::{Breaker, State},
    metrics::families,
    notification::Channel,
    tenant::placement::ShardId,
};
use std::{cell::RefCell, collections::BTreeMap, fmt};
use worker::wasm_bindgen::JsValue;

/// Something that may be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dependency {
    /// A database.
    Database(ShardId),
    /// The bucket.
    Bucket,
    /// A queue, to be sent to.
    Queue(Queue),
    /// A way to tell people.
    Channel(Channel),
}

/// As `/readyz` and metrics name it: `d1:DB_0`, `r2:ATTACHMENTS`, `queue:NOTIFY`, `channel:email`.
impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(shard) => write!(f, "d1:{}", shard.binding()),
            Self::Bucket => f.write_str("r2:ATTACHMENTS"),
            Self::Queue(queue) => write!(f, "queue:{}", queue.binding()),
            Self::Channel(channel) => write!(f, "channel:{}", <&str>::from(*channel)),
        }
    }
}

thread_local! {
    static BREAKERS: RefCell<BTreeMap<Dependency, Breaker>> = RefCell::default();
}

impl Dependency {
    fn breaker<T>(self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        BREAKERS.with_borrow_mut(|breakers| act(breakers.entry(self).or_default()))
    }

    /// How its breaker stands in this isolate.
    pub(crate) fn state(self) -> State {
        self.breaker(|breaker| breaker.state(now()))
    }

    /// Whether it may be asked now.
    pub(crate) fn may_be_asked(self) -> bool {
        let allows = self.breaker(|breaker| breaker.allows(now()));
        if !allows {
            self.count("refused");
        }
        allows
    }

    /// Notes whether it has answered, whatever the answer.
    pub(crate) fn has_answered(self, answered: bool) {
        let now = now();
        let (before, after) = self.breaker(|breaker| {
            let before = breaker.state(now);
            if answered {
                breaker.answered()
            } else {
                breaker.failed(now)
            }
            (before, breaker.state(now))
        });
        match (before, after) {
            (State::Closed, State::Open) => self.count("opened"),
            (State::Open | State::HalfOpen, State::Closed) => self.count("closed"),
            _ => {}
        }
    }

    fn count(self, event: &str) {
        metrics::count(families::BREAKER_EVENTS, &[Side::HERE, &self.to_string(), event], 1);
    }

    /// Its answer, unless it is not asked. `name` is what faults call it.
    pub(super) async fn ask(
        self,
        name: &'static str,
        asked: impl Future<Output = Result<JsValue, JsValue>>,
    ) -> Result<JsValue, Fault> {
        if !self.may_be_asked() {
            return Err(Fault { dependency: name, message: NOT_ASKED.to_owned() });
        }
        let answer = asked.await;
        self.has_answered(answer.is_ok());
        answer.map_err(|error| Fault::new(name, &error))
    }
}
