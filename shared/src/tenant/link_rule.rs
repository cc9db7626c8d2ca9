//! A tenant's rule by which a new complaint is linked to one that it is like, without a person.

use crate::{
    complaint::{Link, Relation},
    ids::ComplaintId,
    similarity::{Candidate, NEARLY_SAME},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a new complaint is linked to an earlier one that it is like; never, unless the tenant says so.
///
/// It is linked once, soon after it was logged, to the complaint that was logged first of those that the rule means: as
/// `duplicate_of` if there is one of the same consumer, else as `part_of`. The tie is an event by the actor `system` and
/// is undone as any other; the rule does not come back. It leaves alone what was imported, what somebody has locked by
/// then, and what somebody has untied before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRule {
    /// Whose complaints it may be linked to.
    pub consumers: Consumers,
    /// How much of the two texts must be the same, as `similarity` of near-duplicates says it. Default: 0.5.
    #[serde(default)]
    #[schemars(with = "f64", range(min = 0.25, max = 1.0))]
    pub similarity: Threshold,
}

/// Whose complaints a new one may be linked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consumers {
    /// Nobody's: the rule is off.
    #[default]
    None,
    /// Those of the same consumer, by an e-mail address, a telephone number or the tenant's id of the consumer.
    Same,
    /// Anybody's: those of a campaign as well.
    Any,
}

/// From which similarity on: 0.25 to 1, in thousandths, as similarities are told to three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Threshold(u16);

/// The number is none that a rule may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number from {NEARLY_SAME} to 1")]
pub struct InvalidThreshold;

impl Default for Threshold {
    /// Half of the text: where no variant was found among the pairs that were read (`docs/near-duplicates.md`).
    fn default() -> Self {
        Self(500)
    }
}

impl TryFrom<f64> for Threshold {
    type Error = InvalidThreshold;

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "250 to 1,000")]
    fn try_from(similarity: f64) -> Result<Self, InvalidThreshold> {
        if (NEARLY_SAME..=1.0).contains(&similarity) {
            Ok(Self((similarity * 1000.0).round() as u16))
        } else {
            Err(InvalidThreshold)
        }
    }
}

impl From<Threshold> for f64 {
    fn from(Threshold(thousandths): Threshold) -> Self {
        Self::from(thousandths) / 1000.0
    }
}

impl LinkRule {
    /// Whether it links anything.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.consumers != Consumers::None
    }

    /// What a complaint is linked to, of those that may be the same, each with its own ties. Only to one that was logged
    /// before it, so that no two are linked to each other; to the first one, or what that is tied to, so that all of a
    /// campaign are linked to the same, however many of it are looked at.
    pub fn link<'c>(
        self,
        id: ComplaintId,
        candidates: impl Iterator<Item = (ComplaintId, &'c Candidate, &'c [Link])>,
    ) -> Option<Link> {
        let meant = candidates.filter_map(|(other, candidate, ties)| {
            let of_another = !candidate.is_of_one_consumer();
            let relation = relation(of_another);
            let tied_to = ties.iter().filter(|tie| tie.relation == relation).map(|tie| tie.complaint).min();
            let first = tied_to.unwrap_or(other);
            let counts = match self.consumers {
                Consumers::None => false,
                Consumers::Same => !of_another,
                Consumers::Any => true,
            };
            let enough = candidate.similarity >= self.similarity.into();
            (counts && enough && first < id).then_some((of_another, first))
        });
        let (of_another, complaint) = meant.min()?;
        Some(Link { relation: relation(of_another), complaint })
    }
}

/// What ties two complaints that are the same.
const fn relation(of_another: bool) -> Relation {
    if of_another { Relation::PartOf } else { Relation::DuplicateOf }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{similarity::Reason, time::Timestamp};
    use serde_json::json;

    fn id(nth: u8) -> ComplaintId {
        ComplaintId::in_slot(Timestamp::from_unix_millis(1_790_000_000_000), &[nth; 10], 3)
    }

    fn rule(consumers: Consumers, similarity: f64) -> LinkRule {
        LinkRule { consumers, similarity: similarity.try_into().unwrap() }
    }

    #[test]
    fn links_to_the_first_of_the_same_consumer_and_else_of_anybody() {
        use Reason::{NearlySameText, SameConsumerSameProduct, SameConsumerSimilarText, SameText};
        let candidate = |similarity, reasons: &[Reason]| Candidate { similarity, reasons: reasons.to_vec() };
        let found = [
            (id(1), candidate(0.1, &[SameConsumerSameProduct])),
            (id(2), candidate(0.6, &[NearlySameText])),
            (id(3), candidate(1.0, &[SameText])),
            (id(4), candidate(0.7, &[NearlySameText, SameConsumerSimilarText])),
            (id(5), candidate(1.0, &[SameText, SameConsumerSimilarText])),
            (id(9), candidate(1.0, &[SameText, SameConsumerSimilarText])),
        ];
        let links =
            |rule: LinkRule, nth| rule.link(id(nth), found.iter().map(|(id, candidate)| (*id, candidate, &[][..])));
        let tie = |relation, nth| Some(Link { relation, complaint: id(nth) });
        assert_eq!(links(LinkRule::default(), 7), None);
        assert_eq!(links(rule(Consumers::Same, 0.5), 7), tie(Relation::DuplicateOf, 4));
        assert_eq!(links(rule(Consumers::Same, 0.7), 7), tie(Relation::DuplicateOf, 4));
        assert_eq!(links(rule(Consumers::Same, 0.701), 7), tie(Relation::DuplicateOf, 5));
        assert_eq!(links(rule(Consumers::Any, 0.5), 7), tie(Relation::DuplicateOf, 4));
        assert_eq!(links(rule(Consumers::Any, 0.5), 4), tie(Relation::PartOf, 2), "those were logged later");
        assert_eq!(links(rule(Consumers::Any, 0.8), 4), tie(Relation::PartOf, 3));
        assert_eq!(links(rule(Consumers::Any, 0.25), 2), None, "what is like it in nothing but the product");
        assert_eq!(links(rule(Consumers::Any, 0.25), 1), None);
    }

    #[test]
    fn what_another_of_the_campaign_is_tied_to_is_what_all_are_tied_to() {
        let candidate = Candidate { similarity: 1.0, reasons: vec![Reason::SameText] };
        let tie = |relation, nth| Link { relation, complaint: id(nth) };
        let ties = [tie(Relation::DuplicateOf, 1), tie(Relation::PartOf, 4), tie(Relation::PartOf, 2)];
        let link = |nth, ties| rule(Consumers::Any, 0.5).link(id(nth), [(id(5), &candidate, ties)].into_iter());
        assert_eq!(link(7, &ties[..]), Some(tie(Relation::PartOf, 2)), "the first of them");
        assert_eq!(link(7, &ties[..1]), Some(tie(Relation::PartOf, 5)), "another tie says nothing of a campaign");
        assert_eq!(link(3, &ties[..]), Some(tie(Relation::PartOf, 2)), "though one that came later is tied to it");
        assert_eq!(link(2, &ties[..]), None, "not to itself");
        assert_eq!(link(3, &ties[..1]), None);
    }

    #[test]
    fn a_rule_is_off_unless_the_tenant_says_so() {
        assert!(!LinkRule::default().is_on());
        assert!(rule(Consumers::Same, 1.0).is_on() && rule(Consumers::Any, 1.0).is_on());
        let read = |value: serde_json::Value| crate::json::from_str::<LinkRule>(&value.to_string());
        assert_eq!(read(json!({ "consumers": "same" })).unwrap(), rule(Consumers::Same, 0.5));
        assert_eq!(read(json!({ "consumers": "any", "similarity": 1 })).unwrap(), rule(Consumers::Any, 1.0));
        let text = serde_json::to_value(rule(Consumers::Any, 0.333)).unwrap();
        assert_eq!(text, json!({ "consumers": "any", "similarity": 0.333 }));
        for (wrong, pointer) in [
            (json!({}), ""),
            (json!({ "consumers": "other" }), "/consumers"),
            (json!({ "consumers": "same", "similarity": 0.2 }), "/similarity"),
            (json!({ "consumers": "same", "similarity": 1.1 }), "/similarity"),
            (json!({ "consumers": "same", "similarity": -1 }), "/similarity"),
            (json!({ "consumers": "same", "similarity": "0.5" }), "/similarity"),
            (json!({ "consumers": "same", "most": 3 }), "/most"),
        ] {
            assert_eq!(read(wrong.clone()).unwrap_err().pointer, pointer, "{wrong}");
        }
    }
}
