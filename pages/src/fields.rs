//! Every field of every form, and which step asks for which: tables, from which pages are drawn and answers are checked.

use shared::complaint::intake::{ContactPoint, RepresentativeKind};

/// How a field is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Line,
    /// An email address.
    Email,
    /// A telephone number.
    Phone,
    /// A code of digits.
    Digits,
    /// Text of about so many lines.
    Long(u8),
    /// One of some choices.
    One(&'static [&'static str]),
    /// Any of some choices.
    Many(&'static [&'static str]),
    /// One of the products of the firm's taxonomy.
    Product,
    /// Files.
    Files,
    /// A tick.
    Tick,
}

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in a form, and in `texts/` after `field.`.
    pub name: &'static str,
    /// How it is filled in.
    pub kind: Kind,
    /// Whether it must be.
    pub required: bool,
    /// The most characters.
    pub max: usize,
    /// What a browser may fill in (HTML, "autofill"; WCAG 2.2 SC 1.3.5).
    pub autofill: &'static str,
}

const fn field(name: &'static str, kind: Kind, required: bool, max: usize, autofill: &'static str) -> Field {
    Field { name, kind, required, max, autofill }
}

/// Every field. The most characters are those of the complaint's own types.
pub const FIELDS: &[Field] = &[
    field("product", Kind::Product, true, 100, "off"),
    field("words", Kind::Long(9), true, 50_000, "off"),
    field("when", Kind::Line, false, 200, "off"),
    field("outcome", Kind::Long(4), true, 5_000, "off"),
    field("effect", Kind::Long(4), false, 5_000, "off"),
    field("support", Kind::Many(&["health", "life_event", "resilience", "capability"]), false, 100, "off"),
    field("support_needs", Kind::Long(3), false, 2_000, "off"),
    field("for_whom", Kind::One(&["self", "other"]), true, 10, "off"),
    field("name", Kind::Line, true, 200, "name"),
    field("prefer", Kind::One(&["email", "phone", "post"]), true, 10, "off"),
    field("email", Kind::Email, true, 254, "email"),
    field("phone", Kind::Phone, false, 50, "tel"),
    field("address", Kind::Long(3), false, 500, "street-address"),
    field("account", Kind::Line, false, 100, "off"),
    field("rep_name", Kind::Line, false, 200, "off"),
    field("rep_kind", Kind::One(RepresentativeKind::NAMES), false, 50, "off"),
    field("rep_email", Kind::Email, false, 254, "off"),
    field("rep_authority", Kind::One(&["signed", "legal", "later"]), false, 10, "off"),
    field("rep_reference", Kind::Line, false, 100, "off"),
    field("files", Kind::Files, false, 0, "off"),
    field("consent", Kind::Tick, true, 10, "off"),
    field("reference", Kind::Line, true, 20, "off"),
    field("code", Kind::Digits, true, 12, "one-time-code"),
    field("message", Kind::Long(5), true, 20_000, "off"),
];

/// The field of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// A step of a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// What happened.
    What,
    /// What would put it right.
    Outcome,
    /// Who complains.
    You,
    /// Files.
    Evidence,
    /// Check and send.
    Check,
}

/// Fields that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name in `texts/` after `group.`; empty: no heading.
    pub name: &'static str,
    /// The fields, in order.
    pub fields: &'static [&'static str],
}

/// Which step asks for what.
pub const STEPS: [(Step, &str, &[Group]); 5] = [
    (Step::What, "what", &[Group { name: "", fields: &["product", "words", "when"] }]),
    (
        Step::Outcome,
        "outcome",
        &[
            Group { name: "", fields: &["outcome", "effect"] },
            Group { name: "support", fields: &["support", "support_needs"] },
        ],
    ),
    (
        Step::You,
        "you",
        &[
            Group { name: "", fields: &["for_whom"] },
            Group {
                name: "representative",
                fields: &["rep_name", "rep_kind", "rep_email", "rep_authority", "rep_reference"],
            },
            Group { name: "person", fields: &["name", "email", "phone", "address", "prefer", "account"] },
        ],
    ),
    (Step::Evidence, "evidence", &[Group { name: "", fields: &["files"] }]),
    (Step::Check, "check", &[Group { name: "", fields: &["consent"] }]),
];

impl Step {
    fn row(self) -> (&'static str, &'static [Group]) {
        let row = STEPS.iter().find(|(step, _, _)| *step == self);
        row.map_or(("", &[]), |(_, name, groups)| (name, groups))
    }

    /// Its name in an address and in `texts/` after `step.`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// What it asks for.
    #[must_use]
    pub fn groups(self) -> &'static [Group] {
        self.row().1
    }

    /// 1, 2, 3, …
    #[must_use]
    pub fn number(self) -> usize {
        STEPS.iter().take_while(|(step, _, _)| *step != self).count() + 1
    }

    /// The one before.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        STEPS.iter().map(|(step, _, _)| *step).take_while(|step| *step != self).last()
    }

    /// The one after.
    #[must_use]
    pub fn after(self) -> Option<Self> {
        STEPS.iter().map(|(step, _, _)| *step).find(|step| *step > self)
    }
}

/// What is wrong with what was filled in; its words are in `texts/` after `wrong.`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing was.
    Missing,
    /// It is too long.
    TooLong,
    /// It is no email address.
    NoEmail,
    /// It is none of the choices.
    NoChoice,
    /// It is no reference, or has a typing error.
    NoReference,
    /// The code is not the one that was mailed, or too old.
    NoCode,
    /// A file is too large.
    FileTooLarge,
    /// A file is of a sort that is not taken.
    FileSort,
    /// A file is empty.
    FileEmpty,
    /// There are too many files.
    TooManyFiles,
}

impl Wrong {
    /// Every one, with its name in `texts/`.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Missing, "missing"),
        (Self::TooLong, "too_long"),
        (Self::NoEmail, "no_email"),
        (Self::NoChoice, "no_choice"),
        (Self::NoReference, "no_reference"),
        (Self::NoCode, "no_code"),
        (Self::FileTooLarge, "file_too_large"),
        (Self::FileSort, "file_sort"),
        (Self::FileEmpty, "file_empty"),
        (Self::TooManyFiles, "too_many_files"),
    ];

    /// Its name in `texts/`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(wrong, _)| *wrong == self).map_or("", |(_, name)| name)
    }
}

/// Answers that make another field necessary: who wants a call has a number, and who acts for somebody has a name.
const NEEDED: [(&str, &str, &str); 5] = [
    ("phone", "prefer", "phone"),
    ("address", "prefer", "post"),
    ("rep_name", FOR_WHOM, OTHER),
    ("rep_kind", FOR_WHOM, OTHER),
    ("rep_authority", FOR_WHOM, OTHER),
];

/// The field that says who the complaint is for,
pub const FOR_WHOM: &str = "for_whom";
/// and its answer that it is somebody else.
pub const OTHER: &str = "other";

/// What is wrong with the answers to a step, as far as the answers alone can tell. `value` gives the answer to a field, `products`
/// the codes that there are.
#[must_use]
pub fn check<'v>(step: Step, products: &[&str], value: impl Fn(&str) -> &'v str) -> Vec<(&'static str, Wrong)> {
    let names: Vec<_> = step.groups().iter().flat_map(|group| group.fields).copied().collect();
    check_fields(&names, products, value)
}

/// The same for fields of another form. Where somebody is named who acts for the complainant, [`FOR_WHOM`] is [`OTHER`].
#[must_use]
pub fn check_fields<'v>(
    names: &[&str],
    products: &[&str],
    value: impl Fn(&str) -> &'v str,
) -> Vec<(&'static str, Wrong)> {
    let fields = names.iter().filter_map(|name| find(name));
    fields.filter_map(|field| Some((field.name, field.wrong(products, &value)?))).collect()
}

impl Field {
    /// Whether it may be left empty by whoever is asked for it.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        let is_asked_only_then = NEEDED.iter().any(|(name, other, _)| *name == self.name && *other == FOR_WHOM);
        !self.required && !is_asked_only_then && self.kind != Kind::Files
    }

    /// What is wrong with an answer.
    fn wrong<'v>(&self, products: &[&str], value: &impl Fn(&str) -> &'v str) -> Option<Wrong> {
        let answer = value(self.name).trim();
        if answer.is_empty() {
            return self.is_required(value).then_some(Wrong::Missing);
        }
        if self.kind != Kind::Files && answer.chars().count() > self.max {
            return Some(Wrong::TooLong);
        }
        match self.kind {
            Kind::Email if ContactPoint::email(answer).is_none() => Some(Wrong::NoEmail),
            Kind::One(choices) if !choices.contains(&answer) => Some(Wrong::NoChoice),
            Kind::Many(choices) if !answer.split(' ').all(|one| choices.contains(&one)) => Some(Wrong::NoChoice),
            Kind::Product if !products.contains(&answer) => Some(Wrong::NoChoice),
            _ => None,
        }
    }

    fn is_required<'v>(&self, value: &impl Fn(&str) -> &'v str) -> bool {
        let by_another = |(name, other, answer): &(&str, &str, &str)| *name == self.name && value(other) == *answer;
        self.required || NEEDED.iter().any(by_another)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn names_are_unique_and_each_step_asks_for_fields_that_there_are() {
        let names: BTreeSet<_> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), FIELDS.len());
        for (_, name, groups) in STEPS {
            for asked in groups.iter().flat_map(|group| group.fields) {
                assert!(names.contains(asked), "{asked} of {name}");
            }
        }
    }

    #[test]
    fn steps_follow_each_other() {
        assert_eq!((Step::What.number(), Step::Check.number()), (1, 5));
        assert_eq!((Step::What.before(), Step::What.after()), (None, Some(Step::Outcome)));
        assert_eq!((Step::Check.before(), Step::Check.after()), (Some(Step::Evidence), None));
    }

    fn wrong(step: Step, answers: &[(&str, &str)]) -> BTreeMap<&'static str, Wrong> {
        let value = |name: &str| answers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        check(step, &["credit_card"], value).into_iter().collect()
    }

    #[test]
    fn what_is_missing_is_told() {
        let missing = wrong(Step::What, &[("words", "  ")]);
        assert_eq!(missing, [("product", Wrong::Missing), ("words", Wrong::Missing)].into());
        assert!(wrong(Step::What, &[("product", "credit_card"), ("words", "A fee.")]).is_empty());
        assert_eq!(wrong(Step::Check, &[]), [("consent", Wrong::Missing)].into());
    }

    #[test]
    fn an_answer_can_make_another_necessary() {
        let mine = [("for_whom", "self"), ("name", "Ada"), ("email", "ada@example.com"), ("prefer", "email")];
        assert!(wrong(Step::You, &mine).is_empty());
        let call_me = [("for_whom", "self"), ("name", "Ada"), ("email", "ada@example.com"), ("prefer", "phone")];
        assert_eq!(wrong(Step::You, &call_me), [("phone", Wrong::Missing)].into());
        let for_her = [("for_whom", "other"), ("name", "Ada"), ("email", "ada@"), ("prefer", "pigeon")];
        let expected = [
            ("email", Wrong::NoEmail),
            ("prefer", Wrong::NoChoice),
            ("rep_authority", Wrong::Missing),
            ("rep_kind", Wrong::Missing),
            ("rep_name", Wrong::Missing),
        ];
        assert_eq!(wrong(Step::You, &for_her), expected.into());
    }

    #[test]
    fn who_is_asked_for_a_representative_must_name_one() {
        let asked = ["rep_name", "rep_kind", "rep_email"];
        let wrong = check_fields(&asked, &[], |name| if name == FOR_WHOM { OTHER } else { "" });
        assert_eq!(wrong, [("rep_name", Wrong::Missing), ("rep_kind", Wrong::Missing)]);
        let optional = |name| find(name).unwrap().is_optional();
        assert!(!optional("rep_name") && optional("rep_email") && optional("phone") && !optional("words"));
    }

    #[test]
    fn what_is_too_long_is_told() {
        let long = "x".repeat(201);
        let answers = [("product", "credit_card"), ("words", "A fee."), ("when", long.as_str())];
        assert_eq!(wrong(Step::What, &answers), [("when", Wrong::TooLong)].into());
    }
}
