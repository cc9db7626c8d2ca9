//! An endpoint: an address of a firm that messages are sent to, what it hears of, and how it fares.

use super::{
    address::{self, MAX_URL},
    signature::Keys,
};
use crate::{
    complaint::{event::EventKind, intake::List},
    http::problem::{FieldError, Rule},
    ids::EndpointId,
    sign::request_key::RequestSecrets,
    text::Line,
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most endpoints of a tenant.
pub const MAX_ENDPOINTS: usize = 20;
/// The longest time that a secret which was replaced signs along, in hours: a week.
pub const MAX_OVERLAP_HOURS: u32 = 168;
/// After so long with nothing but failures an endpoint is disabled, in milliseconds: five days (Standard Webhooks, "Disabling failing
/// endpoints", leaves the time open). The schedule of one message is over before that.
const HOPELESS_MILLIS: i64 = 5 * 86_400_000;
/// After so many failures in a row, messages go one by one, and with pauses between them.
const MANY_FAILURES: u32 = 5;
/// Messages that are sent to an endpoint at the same time.
const AT_ONCE: u32 = 2;
/// The first pause, in milliseconds, which doubles with each further failure, and the longest.
const PAUSE_MILLIS: i64 = 5_000;
const MAX_PAUSE_MILLIS: i64 = 300_000;

/// Whether an endpoint is sent anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is.
    #[default]
    Enabled,
    /// It is not. What happens meanwhile is in its log as `expired`, and can be replayed.
    Disabled,
}

/// Why an endpoint is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disabled {
    /// The firm did it.
    ByFirm,
    /// It answered 410.
    Gone,
    /// For five days there was nothing but failures.
    Failing,
}

impl Disabled {
    /// The name in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByFirm => "by_firm",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// The body of `PATCH /v1/webhook-endpoints/{id}`, and of `POST /v1/webhook-endpoints`, where `url` is required. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointFields {
    /// Where messages are sent: `https`, a public host name, port 443 or one from 1024.
    #[serde(default)]
    pub url: Option<Line<MAX_URL>>,
    /// What people call it.
    #[serde(default)]
    pub description: Option<Line<200>>,
    /// The kinds of events that it hears of; none: of all.
    #[serde(default)]
    pub events: Option<List<EventKind, 64>>,
    /// Whether it is sent anything. To enable it forgets its failures.
    #[serde(default)]
    pub state: Option<State>,
}

/// The body of `POST /v1/webhook-endpoints/{id}/rotate-secret`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// For how long messages are signed with the old secret and key pair too, in hours: 0 to 168. Default: a day.
    #[serde(default = "a_day")]
    pub overlap_hours: u32,
}

const fn a_day() -> u32 {
    24
}

/// The body of `POST /v1/webhook-endpoints/{id}/replay`: `from` and `to`, or `failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Messages of what happened at this moment or later.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// And before this one.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// `true`: all that have failed or expired.
    #[serde(default)]
    pub failed: Option<bool>,
}

impl Replay {
    /// From when, to when, and whether only what was not delivered.
    ///
    /// # Errors
    /// What is missing or not acceptable.
    pub fn range(self) -> Result<(Timestamp, Timestamp, bool), Vec<FieldError>> {
        let failed = self.failed.unwrap_or_default();
        match (self.from, self.to) {
            (None, None) if failed => Ok((Timestamp::MIN, Timestamp::MAX, true)),
            (Some(from), Some(to)) if from < to => Ok((from, to, failed)),
            (Some(_), Some(_)) => Err(vec![FieldError::at("/to", Rule::OutOfRange, "must be after from")]),
            (None, _) => Err(vec![FieldError::at("/from", Rule::Missing, "is required, or failed: true")]),
            (Some(_), None) => Err(vec![FieldError::at("/to", Rule::Missing, "is required with from")]),
        }
    }
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// The id.
    pub id: EndpointId,
    /// Where messages are sent.
    pub url: Line<MAX_URL>,
    /// What people call it.
    pub description: Option<Line<200>>,
    /// The kinds of events that it hears of; none: of all.
    pub events: List<EventKind, 64>,
    /// Whether it is sent anything.
    pub state: State,
    /// Why not, if not.
    pub disabled: Option<Disabled>,
    /// The number of its secret and key pair: 1, 2, 3, …
    pub secret_number: u32,
    /// Until when messages are signed with those before, too.
    pub previous_secret_until: Option<Timestamp>,
    /// Grows with every change; the `ETag` is `"v<version>"`.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How an endpoint fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// When it last took a message.
    #[serde(default)]
    pub last_success_at: Option<Timestamp>,
    /// When an attempt last failed.
    #[serde(default)]
    pub last_failure_at: Option<Timestamp>,
    /// Attempts that have failed since it last took a message.
    #[serde(default)]
    pub consecutive_failures: u32,
    /// When the first of them did.
    #[serde(default)]
    pub failing_since: Option<Timestamp>,
}

/// An endpoint as it is shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ShownEndpoint {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// What `v1a` signatures are verified with: `whpk_` and base64.
    pub public_key: String,
    /// That of the key pair before, while it signs along.
    pub previous_public_key: Option<String>,
    /// How it fares: the one member that changes without a new version.
    pub health: Health,
    /// What `v1` signatures are verified with: `whsec_` and base64. Only in the answer to the request that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl EndpointFields {
    fn offences(&self, loopback: bool) -> Vec<FieldError> {
        let refused = self.url.as_ref().and_then(|url| address::check(url.as_str(), loopback).err());
        refused.map(|why| FieldError::at("/url", Rule::NotAllowed, why.to_string())).into_iter().collect()
    }
}

impl Endpoint {
    /// An endpoint as it begins. `loopback`: see [`address::check`].
    ///
    /// # Errors
    /// What is missing or not acceptable.
    pub fn new(
        id: EndpointId,
        fields: EndpointFields,
        now: Timestamp,
        loopback: bool,
    ) -> Result<Self, Vec<FieldError>> {
        let Some(url) = fields.url.clone() else {
            return Err(vec![FieldError::at("/url", Rule::Missing, "is required")]);
        };
        let nothing = Self {
            id,
            url,
            description: None,
            events: List::default(),
            state: State::Enabled,
            disabled: None,
            secret_number: 1,
            previous_secret_until: None,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        nothing.changed(fields, now, loopback)
    }

    /// The endpoint after a change.
    ///
    /// # Errors
    /// What is not acceptable.
    pub fn changed(self, fields: EndpointFields, now: Timestamp, loopback: bool) -> Result<Self, Vec<FieldError>> {
        let errors = fields.offences(loopback);
        if !errors.is_empty() {
            return Err(errors);
        }
        let EndpointFields { url, description, events, state } = fields;
        let disabled = match state {
            Some(State::Enabled) => None,
            Some(State::Disabled) => self.disabled.or(Some(Disabled::ByFirm)),
            None => self.disabled,
        };
        Ok(Self {
            url: url.unwrap_or(self.url),
            description: description.or(self.description),
            events: events.unwrap_or(self.events),
            state: state.unwrap_or(self.state),
            disabled,
            version: self.version + 1,
            updated_at: now.max(self.updated_at),
            ..self
        })
    }

    /// The endpoint with a new secret and key pair.
    ///
    /// # Errors
    /// An overlap that is too long.
    pub fn rotated(self, Rotation { overlap_hours }: Rotation, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        if overlap_hours > MAX_OVERLAP_HOURS {
            let rule = format!("must be 0 to {MAX_OVERLAP_HOURS}");
            return Err(vec![FieldError::at("/overlap_hours", Rule::OutOfRange, rule)]);
        }
        let until = now.plus_millis(i64::from(overlap_hours) * 3_600_000);
        Ok(Self {
            secret_number: self.secret_number + 1,
            previous_secret_until: (overlap_hours > 0).then_some(until),
            version: self.version + 1,
            updated_at: now.max(self.updated_at),
            ..self
        })
    }

    /// What messages are signed with at a moment, the newest first.
    #[must_use]
    pub fn keys(&self, secrets: &RequestSecrets, now: Timestamp) -> Vec<Keys> {
        let previous = self.previous_secret_until.filter(|until| now < *until).map(|_| self.secret_number - 1);
        let numbers = std::iter::once(self.secret_number).chain(previous);
        numbers.map(|number| Keys::of(secrets, self.id, number)).collect()
    }

    /// As it is shown; `with_secret` in the answer to the request that made the secret.
    #[must_use]
    pub fn shown(self, health: Health, secrets: &RequestSecrets, now: Timestamp, with_secret: bool) -> ShownEndpoint {
        let keys = self.keys(secrets, now);
        ShownEndpoint {
            public_key: keys.first().map(Keys::public).unwrap_or_default(),
            previous_public_key: keys.get(1).map(Keys::public),
            health,
            secret: keys.first().filter(|_| with_secret).map(Keys::secret),
            endpoint: self,
        }
    }
}

impl Health {
    /// After an attempt.
    #[must_use]
    pub fn after(self, delivered: bool, now: Timestamp) -> Self {
        if delivered {
            return Self { last_success_at: Some(now), consecutive_failures: 0, failing_since: None, ..self };
        }
        Self {
            last_failure_at: Some(now),
            consecutive_failures: self.consecutive_failures.saturating_add(1),
            failing_since: self.failing_since.or(Some(now)),
            ..self
        }
    }

    /// Without the failures there were: something was done about them.
    #[must_use]
    pub fn anew(self) -> Self {
        Self { consecutive_failures: 0, failing_since: None, ..self }
    }

    /// How many messages may be sent to it at the same time: one, to see whether it is back, once it has failed often.
    #[must_use]
    pub const fn at_once(self) -> u32 {
        if self.consecutive_failures < MANY_FAILURES { AT_ONCE } else { 1 }
    }

    /// How long it is left alone, in milliseconds, whatever waits for it.
    #[must_use]
    pub fn pause_millis(self) -> i64 {
        match self.consecutive_failures.checked_sub(MANY_FAILURES) {
            None => 0,
            Some(more) => PAUSE_MILLIS.saturating_mul(1 << more.min(16)).min(MAX_PAUSE_MILLIS),
        }
    }

    /// Whether it has failed so long that it is to be disabled.
    #[must_use]
    pub fn is_hopeless(self, now: Timestamp) -> bool {
        self.failing_since.is_some_and(|since| since.plus_millis(HOPELESS_MILLIS) <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp::from_unix_millis(1_795_680_000_000);

    fn fields(body: Value) -> EndpointFields {
        serde_json::from_value(body).unwrap()
    }

    fn made(body: Value) -> Result<Endpoint, Vec<String>> {
        Endpoint::new(EndpointId::new(NOW, &[1; 10]), fields(body), NOW, false).map_err(pointers)
    }

    fn pointers(errors: Vec<FieldError>) -> Vec<String> {
        errors.into_iter().filter_map(|error| error.pointer).collect()
    }

    fn secrets() -> RequestSecrets {
        RequestSecrets::from_base64url("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
    }

    #[test]
    fn an_endpoint_is_stored_as_it_is_read() {
        let endpoint = made(json!({ "url": "https://hooks.example.com/a", "events": ["received", "closed"] })).unwrap();
        assert_eq!((endpoint.version, endpoint.state, endpoint.secret_number), (1, State::Enabled, 1));
        let text = serde_json::to_string(&endpoint).unwrap();
        assert_eq!(serde_json::from_str::<Endpoint>(&text).unwrap(), endpoint);
        assert_eq!(serde_json::from_str::<Health>("{}").unwrap(), Health::default());
        assert_eq!(made(json!({})).unwrap_err(), ["/url"]);
        assert_eq!(made(json!({ "url": "https://10.0.0.1/" })).unwrap_err(), ["/url"]);
    }

    #[test]
    fn disabling_says_why_and_enabling_forgets_it() {
        let endpoint = made(json!({ "url": "https://hooks.example.com/a" })).unwrap();
        let change = |endpoint: &Endpoint, body| endpoint.clone().changed(fields(body), NOW, false).unwrap();
        let off = change(&endpoint, json!({ "state": "disabled" }));
        assert_eq!((off.version, off.disabled), (2, Some(Disabled::ByFirm)));
        let gone = Endpoint { disabled: Some(Disabled::Gone), ..off };
        assert_eq!(change(&gone, json!({ "state": "disabled" })).disabled, Some(Disabled::Gone));
        assert_eq!(change(&gone, json!({ "description": "x" })).disabled, Some(Disabled::Gone));
        let on = change(&gone, json!({ "state": "enabled" }));
        assert_eq!((on.state, on.disabled), (State::Enabled, None));
    }

    #[test]
    fn a_rotation_signs_along_for_a_while() {
        let endpoint = made(json!({ "url": "https://hooks.example.com/a" })).unwrap();
        let public = |endpoint: &Endpoint, now| -> Vec<String> {
            endpoint.keys(&secrets(), now).iter().map(Keys::public).collect()
        };
        let before = public(&endpoint, NOW);
        let rotated = endpoint.clone().rotated(Rotation { overlap_hours: 24 }, NOW).unwrap();
        let during = public(&rotated, NOW.plus_millis(86_399_999));
        assert_eq!((during.len(), &during[1..]), (2, before.as_slice()));
        assert_eq!(public(&rotated, NOW.plus_millis(86_400_000)), during[..1]);
        let at_once = endpoint.clone().rotated(Rotation { overlap_hours: 0 }, NOW).unwrap();
        assert_eq!(public(&at_once, NOW), during[..1]);
        assert_eq!(pointers(endpoint.rotated(Rotation { overlap_hours: 169 }, NOW).unwrap_err()), ["/overlap_hours"]);
        let shown = rotated.shown(Health::default(), &secrets(), NOW, true);
        assert!(shown.secret.unwrap().starts_with("whsec_") && shown.previous_public_key.is_some());
    }

    #[test]
    fn an_endpoint_that_fails_is_asked_less_and_in_the_end_no_more() {
        let mut health = Health::default();
        let mut pauses = Vec::new();
        for failure in 0..14 {
            health = health.after(false, NOW.plus_millis(failure * 1_000));
            pauses.push((health.at_once(), health.pause_millis() / 1_000));
        }
        let opened = [(1, 5), (1, 10), (1, 20), (1, 40), (1, 80), (1, 160), (1, 300), (1, 300), (1, 300), (1, 300)];
        assert_eq!(pauses[..4], [(2, 0); 4]);
        assert_eq!(pauses[4..], opened);
        assert_eq!(Health { consecutive_failures: u32::MAX, ..health }.pause_millis(), 300_000);
        let five_days = NOW.plus_millis(5 * 86_400_000);
        assert!(!health.is_hopeless(five_days.plus_millis(-1)) && health.is_hopeless(five_days));
        let better = health.after(true, five_days);
        assert_eq!((better.at_once(), better.pause_millis(), better.is_hopeless(five_days)), (2, 0, false));
        assert_eq!((better.last_success_at, better.last_failure_at), (Some(five_days), Some(NOW.plus_millis(13_000))));
    }

    #[test]
    fn a_replay_is_of_a_range_or_of_what_failed() {
        let range = |body: Value| serde_json::from_value::<Replay>(body).unwrap().range().map_err(pointers);
        let (from, to) = ("2026-11-26T08:00:00.000Z", "2026-11-27T08:00:00.000Z");
        assert!(range(json!({ "from": from, "to": to })).is_ok_and(|(_, _, failed)| !failed));
        assert_eq!(range(json!({ "failed": true })), Ok((Timestamp::MIN, Timestamp::MAX, true)));
        assert!(range(json!({ "from": from, "to": to, "failed": true })).is_ok_and(|(_, _, failed)| failed));
        for (body, place) in [
            (json!({}), "/from"),
            (json!({ "failed": false }), "/from"),
            (json!({ "to": to }), "/from"),
            (json!({ "from": from }), "/to"),
            (json!({ "from": to, "to": from }), "/to"),
        ] {
            assert_eq!(range(body.clone()).unwrap_err(), [place], "{body}");
        }
    }
}
