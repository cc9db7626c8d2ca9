//! Who is told of what a message says: from the firm's rules, before anything is read of the complaint.

use super::{
    Channel,
    settings::{NotificationRule, Settings, is_required},
};
use crate::{complaint::event::EventKind, notify::OutboxMessage, time::Timestamp, webhook::attempt::Answer};

/// Somebody is to be told of an event by a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent<'s> {
    /// The number of the event.
    pub seq: u32,
    /// Its kind.
    pub event: EventKind,
    /// The rule.
    pub rule: &'s NotificationRule,
}

impl Intent<'_> {
    /// When it is told of, together with others, if it waits for them. What the law requires does not.
    #[must_use]
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.rule.digest.as_ref().filter(|_| !is_required(self.event)).and_then(|digest| digest.next(now))
    }
}

/// Everybody who is to be told of what a message says. What the law requires comes alone: whoever gets a letter needs no second mail that
/// says that something has happened.
#[must_use]
pub fn plan<'s>(settings: &'s Settings, message: &OutboxMessage, can: impl Fn(Channel) -> bool) -> Vec<Intent<'s>> {
    let all: Vec<Intent<'s>> = message
        .events
        .iter()
        .flat_map(|event| {
            let rules = settings.rules.iter().filter(|rule| rule.events.contains(&event.kind));
            rules.map(|rule| Intent { seq: event.seq, event: event.kind, rule })
        })
        .filter(|intent| can(intent.rule.channel))
        .collect();
    let told_by_law = |rule: &NotificationRule| {
        all.iter().any(|other| {
            let whose = |rule: &NotificationRule| (rule.audience, rule.channel);
            is_required(other.event) && whose(other.rule) == whose(rule)
        })
    };
    let stays = |intent: &&Intent<'s>| {
        is_required(intent.event) || !intent.rule.audience.may_opt_out() || !told_by_law(intent.rule)
    };
    all.iter().filter(stays).copied().collect()
}

/// When to try again once so many attempts have failed, this one included: as with webhooks. `None` after the last.
#[must_use]
pub fn next(code: Option<u16>, failed: u32, now: Timestamp, chance: u8, hurry: i64) -> Option<Timestamp> {
    Answer::Status(code.unwrap_or_default(), String::new()).next(failed, now, chance, hurry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{ComplaintId, OutboxId, TenantId},
        notification::settings::shipped,
        notify::{Happened, MESSAGE_VERSION},
    };

    fn message(kinds: &[EventKind]) -> OutboxMessage {
        let at = Timestamp::from_unix_millis(1_700_000_000_000);
        let events = kinds.iter().zip(1..).map(|(kind, seq)| Happened { seq, kind: *kind }).collect();
        OutboxMessage {
            v: MESSAGE_VERSION,
            id: OutboxId::new(at, &[1; 10]),
            tenant: TenantId::new(at, &[2; 10]),
            complaint: ComplaintId::in_slot(at, &[3; 10], 0),
            shard: 0,
            events,
            trace: None,
        }
    }

    fn planned(kinds: &[EventKind], can: impl Fn(Channel) -> bool) -> Vec<(u32, &'static str)> {
        plan(shipped(), &message(kinds), can).iter().map(|intent| (intent.seq, intent.rule.id.as_str())).collect()
    }

    #[test]
    fn shipped_rules_tell_the_complainant_what_concerns_them() {
        assert_eq!(planned(&[EventKind::Received], |_| true), [(1, "received")]);
        assert_eq!(planned(&[EventKind::Noted, EventKind::Acknowledged], |_| true), [(2, "progress")]);
        assert_eq!(planned(&[EventKind::Noted, EventKind::Assigned], |_| true), []);
        assert_eq!(planned(&[EventKind::Received], |channel| channel != Channel::Email), []);
    }

    #[test]
    fn whoever_gets_the_letter_is_not_told_once_more() {
        assert_eq!(planned(&[EventKind::LetterSent, EventKind::Resolved], |_| true), [(1, "letter")]);
        assert_eq!(planned(&[EventKind::Resolved], |_| true), [(1, "progress")]);
    }

    #[test]
    fn what_the_law_requires_is_in_no_digest() {
        let rule = serde_json::json!({
            "id": "team", "events": ["received", "resolved"], "audience": "address", "address": "team@example.com",
            "channel": "email", "text": "digest", "digest": { "times": ["09:00"], "zone": "UTC" },
        });
        let settings: Settings = serde_json::from_value(serde_json::json!({ "rules": [rule] })).unwrap();
        let now = Timestamp::from_unix_millis(0);
        let waits = |kind| {
            let message = message(&[kind]);
            plan(&settings, &message, |_| true).iter().map(|intent| intent.waits_until(now)).collect::<Vec<_>>()
        };
        assert_eq!(waits(EventKind::Resolved), [Some(Timestamp::from_unix_millis(9 * 3_600_000))]);
        assert_eq!(waits(EventKind::Received), [None]);
    }

    #[test]
    fn attempts_end() {
        let now = Timestamp::from_unix_millis(0);
        assert_eq!(next(Some(451), 1, now, 0, 1), Some(Timestamp::from_unix_millis(5_000)));
        assert!(next(None, 9, now, 255, 1).is_some());
        assert_eq!(next(None, 10, now, 0, 1), None);
    }
}
