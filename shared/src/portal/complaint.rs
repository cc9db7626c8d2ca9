//! What an answered draft says, as a complaint.

use crate::{
    complaint::intake::{
        Channel, Complainant, ContactKind, ContactPoint, Driver, Format, Language, List, NewComplaint, Representative,
        RepresentativeKind, Severity,
    },
    text::{Code, InvalidText, Line, Prose},
};
use std::collections::{BTreeMap, BTreeSet};

/// The answer cannot be said in a complaint: the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer to {0} is not one")]
pub struct Unsayable(pub &'static str);

/// Drivers of vulnerability, as the form calls them.
const SUPPORT: [(&str, Driver); 4] = [
    ("health", Driver::Health),
    ("life_event", Driver::LifeEvent),
    ("resilience", Driver::Resilience),
    ("capability", Driver::Capability),
];

/// Answers that a complaint has no member for, as its description says them behind the consumer's own words.
const BESIDES: [(&str, &str); 5] = [
    ("when", "When it happened"),
    ("effect", "What it has meant"),
    ("support_needs", "Support that would help"),
    ("account", "Account or number"),
    ("rep_authority", "Authority of the representative"),
];

/// The complaint. `answer` gives the answer to a field; empty: none.
///
/// # Errors
/// [`Unsayable`], for answers that the form's own rules do not allow either, and for more text than a complaint has room for.
pub fn complaint<'a>(
    answer: impl Fn(&str) -> &'a str,
    language: &str,
    format: Format,
) -> Result<NewComplaint, Unsayable> {
    let given = |name: &str| Some(answer(name).trim()).filter(|answer| !answer.is_empty());
    let for_other = answer("for_whom") == "other";
    let mut words = answer("words").trim().to_owned();
    for (name, label) in BESIDES {
        if let Some(said) = given(name).filter(|_| for_other || name != "rep_authority") {
            words.push_str(&format!("\n\n{label}: {said}"));
        }
    }
    let chosen = |(code, driver): (&str, Driver)| answer("support").split(' ').any(|one| one == code).then_some(driver);
    let drivers: Vec<Driver> = SUPPORT.into_iter().filter_map(chosen).collect();
    Ok(NewComplaint {
        complainant: Complainant {
            contacts: contacts(&given, answer("prefer"))?,
            customer_id: None,
            format,
            language: Language::try_from(language.to_owned()).ok(),
            name: line(given("name"), "name")?.ok_or(Unsayable("name"))?,
        },
        channel: Channel::Web,
        received_at: None,
        product: given("product").map(Code::try_from).transpose().map_err(|_| Unsayable("product"))?,
        issue: None,
        description: prose(&words, "words")?,
        desired_outcome: given("outcome").map(|outcome| prose(outcome, "outcome")).transpose()?,
        severity: Severity::default(),
        vulnerability: List::try_from(drivers).unwrap_or_default(),
        amounts: List::default(),
        jurisdiction: None,
        custom: BTreeMap::new(),
        external_reference: None,
        tags: List::default(),
        entity: None,
        made_on: None,
        eligible: None,
        representative: if for_other { Some(representative(&answer)?) } else { None },
        sensitivity: BTreeSet::default(),
    })
}

/// Who acts for the complainant, as the fields `rep_…` say.
///
/// # Errors
/// [`Unsayable`].
pub fn representative<'a>(answer: &impl Fn(&str) -> &'a str) -> Result<Representative, Unsayable> {
    let given = |name: &str| Some(answer(name).trim()).filter(|answer| !answer.is_empty());
    let email = given("rep_email").map(|address| ContactPoint::email(address).ok_or(Unsayable("rep_email")));
    let contacts: Vec<_> = email.transpose()?.into_iter().collect();
    Ok(Representative {
        authorisation: None,
        contacts: List::try_from(contacts).unwrap_or_default(),
        kind: RepresentativeKind::try_from(answer("rep_kind").to_owned()).map_err(|_| Unsayable("rep_kind"))?,
        name: line(given("rep_name"), "rep_name")?.ok_or(Unsayable("rep_name"))?,
        reference: line(given("rep_reference"), "rep_reference")?,
    })
}

/// Ways to reach the person: the one that is preferred first.
fn contacts<'a>(
    given: &impl Fn(&str) -> Option<&'a str>,
    preferred: &str,
) -> Result<List<ContactPoint, 10>, Unsayable> {
    let email = given("email").map(|address| ContactPoint::email(address).ok_or(Unsayable("email"))).transpose()?;
    let phone = line(given("phone"), "phone")?.map(|value| ContactPoint { kind: ContactKind::Phone, value });
    // An address has lines, a contact point has one.
    let address = given("address")
        .map(|address| address.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", "));
    let post = line(address.as_deref(), "address")?.map(|value| ContactPoint { kind: ContactKind::Post, value });
    let mut ways = vec![("email", email), ("phone", phone), ("post", post)];
    ways.sort_by_key(|(name, _)| *name != preferred);
    let ways: Vec<_> = ways.into_iter().filter_map(|(_, way)| way).collect();
    Ok(List::try_from(ways).unwrap_or_default())
}

fn line<const MAX: usize>(text: Option<&str>, name: &'static str) -> Result<Option<Line<MAX>>, Unsayable> {
    text.map(Line::try_from).transpose().map_err(|_: InvalidText| Unsayable(name))
}

fn prose<const MAX: usize>(text: &str, name: &'static str) -> Result<Prose<MAX>, Unsayable> {
    Prose::try_from(text).map_err(|_| Unsayable(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answers: &[(&str, &'static str)]) -> Result<NewComplaint, Unsayable> {
        let answer = |name: &str| answers.iter().find(|(known, _)| *known == name).map_or("", |(_, said)| *said);
        complaint(answer, "de", Format::EasyRead)
    }

    const MINE: [(&str, &str); 8] = [
        ("words", "A fee."),
        ("when", "In May"),
        ("name", "Ada"),
        ("email", "ada@example.com"),
        ("phone", "+44 20 7946 0000"),
        ("prefer", "phone"),
        ("support", "health resilience"),
        ("for_whom", "self"),
    ];

    #[test]
    fn a_complaint_says_what_was_answered() {
        let new = of(&MINE).unwrap();
        assert_eq!(new.description.as_str(), "A fee.\n\nWhen it happened: In May");
        let kinds: Vec<_> = new.complainant.contacts.iter().map(|contact| contact.kind).collect();
        assert_eq!(kinds, [ContactKind::Phone, ContactKind::Email]);
        assert_eq!(*new.vulnerability, [Driver::Health, Driver::Resilience]);
        assert_eq!((new.channel, new.complainant.format), (Channel::Web, Format::EasyRead));
        assert!(new.representative.is_none());
    }

    #[test]
    fn a_representative_acts() {
        let hers = [
            &MINE[..7],
            &[("for_whom", "other"), ("rep_name", "Eve"), ("rep_kind", "family"), ("rep_authority", "signed")],
        ]
        .concat();
        let new = of(&hers).unwrap();
        assert_eq!(new.representative.unwrap().name.as_str(), "Eve");
        assert!(new.description.as_str().ends_with("Authority of the representative: signed"));
    }

    #[test]
    fn what_cannot_be_said_is_named() {
        assert_eq!(of(&[("words", "A fee.")]).unwrap_err(), Unsayable("name"));
        assert_eq!(of(&[("words", " "), ("name", "Ada")]).unwrap_err(), Unsayable("words"));
    }
}
