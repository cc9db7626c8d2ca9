//! What a firm has set: its rules and its words. Until it does, those that come with the service hold (`rules/notifications.json`).

use super::{Audience, Channel, digest::Digest, text};
use crate::{
    clock::{day::TimeOfDay, law::Law},
    complaint::{
        event::EventKind,
        intake::{Language, List},
    },
    http::problem::{FieldError, Rule},
    outbound_mail,
    text::{Code, Line, Prose},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Who hears of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NotificationSettings")]
pub struct Settings {
    /// Each says who is told of some events. Its id is part of what makes a notification unique: an event is told once by each rule.
    pub rules: List<NotificationRule, 50>,
    /// The firm's own words, which come before those of the service.
    #[serde(default)]
    pub texts: List<Text, 100>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationRule {
    /// Its name.
    pub id: Code,
    /// The kinds of events it is for.
    pub events: List<EventKind, 64>,
    /// Who is told.
    pub audience: Audience,
    /// With `address`: which. An address of the firm's, not a consumer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Line<254>>,
    /// By which way.
    pub channel: Channel,
    /// In which words: the id of a text.
    pub text: Code,
    /// When nobody is disturbed; what the law requires is sent all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
    /// When it is sent, together: only for mails to an `address` or an `assignee`. What the law requires is sent at once all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// Hours in which nothing is sent: it is sent when they end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// From when.
    pub from: TimeOfDay,
    /// Until when; of the next day if that is earlier.
    pub until: TimeOfDay,
    /// On the clocks of which zone: an IANA name that the service knows, such as `Europe/London`.
    pub zone: Line<64>,
}

/// Words, with variables as in templates of letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NotificationText")]
pub struct Text {
    /// Its name.
    pub id: Code,
    /// The language it is in.
    pub language: Language,
    /// The subject of a mail.
    pub subject: Line<200>,
    /// What is said.
    pub text: Prose<5_000>,
}

/// A kind of event of which the law requires that people hear.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// The kind.
    pub event: EventKind,
    /// Where that is laid down.
    pub citation: String,
    /// `stated`, or what is still to be confirmed.
    pub status: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    required: Vec<Required>,
    settings: Settings,
}

static FILE: LazyLock<Option<File>> =
    LazyLock::new(|| crate::json::from_str(include_str!("../../rules/notifications.json")).ok());
static NOTHING: LazyLock<Settings> = LazyLock::new(Settings::default);

/// What holds until a firm sets its own. Empty if the file does not parse, which a test sees to.
#[must_use]
pub fn shipped() -> &'static Settings {
    FILE.as_ref().map_or(&NOTHING, |file| &file.settings)
}

/// What the law requires.
#[must_use]
pub fn required() -> &'static [Required] {
    FILE.as_ref().map_or(&[], |file| &file.required)
}

/// Whether the law requires that people hear of such an event.
#[must_use]
pub fn is_required(kind: EventKind) -> bool {
    required().iter().any(|required| required.event == kind)
}

impl Settings {
    /// What does not fit together.
    #[must_use]
    pub fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let mut wrong = |field: &str, rule: Rule, words: &str| {
                errors.push(FieldError::at(&format!("/rules/{at}{field}"), rule, words.to_owned()));
            };
            if self.rules.iter().take(at).any(|earlier| earlier.id == rule.id) {
                wrong("/id", Rule::NotAllowed, "is another's as well");
            }
            if rule.events.is_empty() {
                wrong("/events", Rule::Missing, "must name a kind of event");
            }
            let address = rule.address.as_ref().map(Line::as_str);
            match (rule.audience, rule.channel, address) {
                (Audience::Address, Channel::Email, Some(address)) if !outbound_mail::is_address(address) => {
                    wrong("/address", Rule::NotAllowed, "must be an email address (RFC 5321)");
                }
                (Audience::Address, _, None) => wrong("/address", Rule::Missing, "is who is told"),
                (Audience::Address, ..) | (_, _, None) => {}
                (_, _, Some(_)) => wrong("/address", Rule::NotAllowed, "is for the audience `address` alone"),
            }
            if rule.channel == Channel::Console && rule.audience.may_opt_out() {
                wrong("/audience", Rule::NotAllowed, "has no console");
            }
            if !self.has_text(&rule.text) {
                wrong("/text", Rule::Unknown, "there is no such text");
            } else if rule.digest.is_some() && text::digest(self, rule.text.as_str(), "", &[]).is_err() {
                wrong("/text", Rule::NotAllowed, "cannot be written for a digest, which has `count` and `firm.name`");
            }
            if let Some(digest) = &rule.digest {
                if rule.channel != Channel::Email || rule.audience.may_opt_out() {
                    wrong("/digest", Rule::NotAllowed, "is for mails to an `address` or an `assignee` alone");
                }
                digest.errors().into_iter().for_each(|(field, rule, words)| wrong(field, rule, words));
            }
            if let Some(quiet) = &rule.quiet {
                if Law::shipped().zone(quiet.zone.as_str()).is_none() {
                    wrong("/quiet/zone", Rule::Unknown, "there is no such zone");
                }
                if quiet.from == quiet.until {
                    wrong("/quiet/until", Rule::NotAllowed, "must not be when they begin");
                }
            }
        }
        for (at, text) in self.texts.iter().enumerate() {
            let same = |earlier: &Text| earlier.id == text.id && earlier.language == text.language;
            if self.texts.iter().take(at).any(same) {
                let twice = "is another's as well, in this language";
                errors.push(FieldError::at(&format!("/texts/{at}/id"), Rule::NotAllowed, twice));
            }
            errors.extend(text::errors(&format!("/texts/{at}"), text));
        }
        errors
    }

    fn has_text(&self, id: &Code) -> bool {
        self.texts.iter().chain(shipped().texts.iter()).any(|text| text.id == *id)
    }

    /// The rule of this name.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&NotificationRule> {
        self.rules.iter().find(|rule| rule.id.as_str() == id)
    }

    /// The text of this name for a reader: in the language they read, in a wider one, or in English; of each the firm's own first.
    #[must_use]
    pub fn text(&self, id: &str, reader: Option<&Language>) -> Option<&Text> {
        let tag = reader.map(Language::as_str);
        let wider = tag.and_then(|tag| tag.split('-').next());
        let all = || self.texts.iter().chain(shipped().texts.iter()).filter(|text| text.id.as_str() == id);
        [tag, wider, Some("en")]
            .into_iter()
            .flatten()
            .find_map(|language| all().find(|text| text.language.as_str().eq_ignore_ascii_case(language)))
            .or_else(|| all().next())
    }
}

impl QuietHours {
    /// When they end, if a moment is within them.
    #[must_use]
    pub fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let zone = Law::shipped().zone(self.zone.as_str())?;
        let (minute, today) = (zone.minutes(at), zone.day(at));
        let (from, until) = (self.from.minutes(), self.until.minutes());
        if from < until {
            return (from..until).contains(&minute).then(|| zone.moment(today, self.until));
        }
        // They go over midnight.
        if minute < until {
            return Some(zone.moment(today, self.until));
        }
        (minute >= from).then(|| zone.moment(today.plus(1), self.until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(rules: serde_json::Value, texts: serde_json::Value) -> Settings {
        serde_json::from_value(json!({ "rules": rules, "texts": texts })).unwrap()
    }

    #[test]
    fn what_is_shipped_holds_together() {
        assert_eq!(shipped().errors(), []);
        assert!(shipped().rules.len() >= 4 && required().len() == 2);
        assert!(is_required(EventKind::LetterSent) && is_required(EventKind::Received));
        assert!(!is_required(EventKind::Resolved));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let rule = |members: serde_json::Value| {
            let mut rule = json!({ "id": "a", "events": ["resolved"], "audience": "complainant", "channel": "email", "text": "progress" });
            rule.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            rule
        };
        for (members, pointer) in [
            (json!({ "events": [] }), "/rules/0/events"),
            (json!({ "audience": "address" }), "/rules/0/address"),
            (json!({ "audience": "address", "address": "nobody" }), "/rules/0/address"),
            (json!({ "address": "team@example.com" }), "/rules/0/address"),
            (json!({ "channel": "console" }), "/rules/0/audience"),
            (json!({ "text": "none" }), "/rules/0/text"),
            (json!({ "quiet": { "from": "21:00", "until": "08:00", "zone": "Mars/North" } }), "/rules/0/quiet/zone"),
        ] {
            let errors = settings(json!([rule(members.clone())]), json!([])).errors();
            let pointers: Vec<_> = errors.iter().filter_map(|error| error.pointer.as_deref()).collect();
            assert_eq!(pointers, [pointer], "{members}");
        }
        let digest = |members: serde_json::Value| {
            let times = json!({ "times": ["09:00", "16:00"], "zone": "Europe/London" });
            let team = json!({
                "audience": "address", "address": "team@example.com", "text": "digest", "digest": times,
            });
            let mut rule = rule(team);
            rule.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            rule
        };
        for (members, pointers) in [
            (json!({}), &[][..]),
            (json!({ "audience": "assignee", "address": null }), &[]),
            (json!({ "digest": null, "text": "staff" }), &[]),
            (json!({ "channel": "console" }), &["/rules/0/digest"]),
            (json!({ "channel": "sms" }), &["/rules/0/digest"]),
            (json!({ "audience": "complainant", "address": null }), &["/rules/0/digest"]),
            (json!({ "text": "progress" }), &["/rules/0/text"]),
            (json!({ "text": "none" }), &["/rules/0/text"]),
            (json!({ "digest": { "times": [], "zone": "UTC" } }), &["/rules/0/digest/times"]),
            (json!({ "digest": { "times": ["09:00", "09:00"], "zone": "UTC" } }), &["/rules/0/digest/times"]),
            (json!({ "digest": { "times": ["09:00"], "zone": "Mars/North" } }), &["/rules/0/digest/zone"]),
        ] {
            let errors = settings(json!([digest(members.clone())]), json!([])).errors();
            let found: Vec<_> = errors.iter().filter_map(|error| error.pointer.as_deref()).collect();
            assert_eq!(found, pointers, "{members}");
        }
        let seven = json!({ "times": ["01:00", "02:00", "03:00", "04:00", "05:00", "06:00", "07:00"], "zone": "UTC" });
        assert!(serde_json::from_value::<NotificationRule>(digest(json!({ "digest": seven }))).is_err());
        let twice = settings(json!([rule(json!({})), rule(json!({}))]), json!([])).errors();
        assert_eq!(twice.len(), 1);
        let text = json!({ "id": "x", "language": "en", "subject": "{{ nope", "text": "{% if %}" });
        assert_eq!(settings(json!([]), json!([text])).errors().len(), 2);
    }

    #[test]
    fn a_rule_without_a_digest_is_written_as_it_was() {
        let text = serde_json::to_string(shipped()).unwrap();
        assert!(!text.contains(r#""digest":"#));
        assert_eq!(&serde_json::from_str::<Settings>(&text).unwrap(), shipped());
    }

    #[test]
    fn a_reader_gets_their_language_or_a_wider_one_or_english() {
        let text = |language: &str| json!({ "id": "received", "language": language, "subject": language, "text": "x" });
        let own = settings(json!([]), json!([text("cy"), text("en-GB"), text("de")]));
        let language = |tag: &str| Language::try_from(tag.to_owned()).unwrap();
        for (reader, found) in [("cy", "cy"), ("en-GB", "en-GB"), ("de-AT", "de"), ("fr", "en"), ("en-US", "en")] {
            assert_eq!(own.text("received", Some(&language(reader))).unwrap().language.as_str(), found, "{reader}");
        }
        assert_eq!(own.text("received", None).unwrap().language.as_str(), "en");
        assert!(own.text("nothing", None).is_none());
    }

    #[test]
    fn quiet_hours_end_by_the_clocks_of_their_zone() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let hours = |from: &str, until: &str| -> QuietHours {
            serde_json::from_value(json!({ "from": from, "until": until, "zone": "Europe/London" })).unwrap()
        };
        let night = hours("21:00", "08:00");
        // Winter: GMT. Summer: an hour ahead.
        assert_eq!(night.end(at("2026-01-10T22:30:00Z")), Some(at("2026-01-11T08:00:00Z")));
        assert_eq!(night.end(at("2026-01-10T07:59:00Z")), Some(at("2026-01-10T08:00:00Z")));
        assert_eq!(night.end(at("2026-07-10T20:30:00Z")), Some(at("2026-07-11T07:00:00Z")));
        assert_eq!(night.end(at("2026-01-10T08:00:00Z")), None);
        assert_eq!(night.end(at("2026-01-10T20:59:00Z")), None);
        // The night in which clocks go forward has an hour less.
        assert_eq!(night.end(at("2026-03-28T23:00:00Z")), Some(at("2026-03-29T07:00:00Z")));
        let noon = hours("12:00", "14:00");
        assert_eq!(noon.end(at("2026-01-10T13:00:00Z")), Some(at("2026-01-10T14:00:00Z")));
        assert_eq!(noon.end(at("2026-01-10T14:00:00Z")), None);
    }
}
