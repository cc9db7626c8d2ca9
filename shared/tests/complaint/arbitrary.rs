//! Arbitrary complaints and commands. Bodies are well-formed; whether they are acceptable is for `decide` to say, so
//! small vocabularies make values meet: the same tags, the same five linkable complaints, the same few days.

use crate::case::{START, complaint_id, one_of};
use proptest::{collection::vec, option, prelude::*};
use serde_json::json;
use shared::{
    clock::{day::Day, law::Pin, timeline::Milestone},
    complaint::{
        AdrOutcome, AdrResult, Outcome, Payment, Redress, RedressKind, Relation, ResolutionKind, Response,
        command::{
            Acknowledge, Assign, Classify, Command, Contact, Correct, Corrections, Direction, Label, LinkTo, MayReason,
            MoveClocks, MustReason, Note, Nothing, RecordMilestone, Refer, RequestInformation, Resolve,
            RetractMilestone, Unlink,
        },
        decide::LinkTarget,
        intake::{
            Amount, AmountKind, Channel, Complainant, ContactKind, ContactPoint, CurrencyCode, CustomValue, Driver,
            Format, Jurisdiction, Language, List, MinorUnits, NewComplaint, Representative, RepresentativeKind,
            Severity,
        },
    },
    identity::role::Clearance,
    text::{Code, Line, Prose},
    time::Timestamp,
};
use std::collections::BTreeSet;

/// A command, what the database knows of a linked complaint, and how far the clock has moved since the last one.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) command: Command,
    pub(crate) target: LinkTarget,
    pub(crate) later_by: i64,
}

pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 0..=most)
}

fn step() -> impl Strategy<Value = Step> {
    let target = prop_oneof![
        8 => Just(LinkTarget { exists: true, links_back: false }),
        1 => Just(LinkTarget { exists: true, links_back: true }),
        1 => Just(LinkTarget::default()),
    ];
    // A clock may stand still or go back.
    (command(), target, -2_000_i64..90_000_000).prop_map(|(command, target, later_by)| Step {
        command,
        target,
        later_by,
    })
}

pub(crate) fn new_complaint() -> impl Strategy<Value = NewComplaint> {
    let what = (option::of(product()), option::of(issue()), prose(), option::of(prose()), severity());
    let how_much = (drivers(), amounts(), option::of(jurisdiction()), custom(), option::of(line()), tags());
    let returned =
        (option::of(line()), option::of(day()), any::<Option<bool>>(), option::of(representative()), sensitivity());
    (complainant(), channel(), option::of(moment()), what, how_much, returned).prop_map(
        |(complainant, channel, received_at, what, how_much, returned)| {
            let (entity, made_on, eligible, representative, sensitivity) = returned;
            let (product, issue, description, desired_outcome, severity) = what;
            let (vulnerability, amounts, jurisdiction, custom, external_reference, tags) = how_much;
            NewComplaint {
                complainant,
                channel,
                received_at,
                product,
                issue,
                description,
                desired_outcome,
                severity,
                vulnerability,
                amounts,
                jurisdiction,
                custom,
                external_reference,
                tags,
                entity,
                made_on,
                eligible,
                representative,
                sensitivity,
            }
        },
    )
}

fn command() -> impl Strategy<Value = Command> {
    let classify = (
        option::of(product()),
        option::of(issue()),
        option::of(severity()),
        option::of(drivers()),
        option::of(tags()),
        option::of(code()),
        any::<(Option<bool>, Option<bool>)>(),
    )
        .prop_map(
            |(product, issue, severity, vulnerability, tags, root_cause, (eligible, vulnerability_failure))| {
                Command::Classify(Classify {
                    product,
                    issue,
                    severity,
                    vulnerability,
                    tags,
                    root_cause,
                    eligible,
                    vulnerability_failure,
                })
            },
        );
    let contact = (one_of(&[Direction::In, Direction::Out]), channel(), prose(), option::of(moment())).prop_map(
        |(direction, channel, summary, occurred_at)| {
            Command::Contact(Contact { direction, channel, summary, occurred_at })
        },
    );
    let kind = one_of(&[ResolutionKind::FinalResponse, ResolutionKind::SummaryResolution]);
    let resolve = (kind, response(), option::of(moment())).prop_map(|(kind, response, sent_at)| {
        let Response { outcome, summary, redress } = response;
        Command::Resolve(Resolve { kind, outcome, summary, redress, sent_at })
    });
    let record = (
        milestone(),
        option::of(moment()),
        option::of(stop_reason()),
        prop::option::weighted(0.2, line()),
        option::of(prose()),
    )
        .prop_map(|(milestone, occurred_at, reason, to, note)| {
            Command::RecordMilestone(RecordMilestone { milestone, occurred_at, reason, to, note })
        });
    let retract =
        (milestone(), prop::option::weighted(0.1, moment()), prose()).prop_map(|(milestone, occurred_at, reason)| {
            Command::RetractMilestone(RetractMilestone { milestone, occurred_at, reason })
        });
    let move_clocks = (vec(pin(), 0..3), prose())
        .prop_map(|(pins, reason)| Command::MoveClocks(MoveClocks { versions: list(pins), reason }));
    let link = (relation(), 0_u8..6)
        .prop_map(|(relation, other)| Command::Link(LinkTo { relation, complaint: complaint_id(other) }));
    let unlink = (relation(), 0_u8..6, prose()).prop_map(|(relation, other, reason)| {
        Command::Unlink(Unlink { relation, complaint: complaint_id(other), reason })
    });
    prop_oneof![
        option::of(moment()).prop_map(|sent_at| Command::Acknowledge(Acknowledge { sent_at })),
        (line(), option::of(line())).prop_map(|(assignee, team)| Command::Assign(Assign { assignee, team })),
        Just(Command::Investigate(Nothing {})),
        classify,
        prose().prop_map(|text| Command::Note(Note { text })),
        contact,
        (prose(), option::of(moment()))
            .prop_map(|(question, due)| Command::RequestInformation(RequestInformation { question, due })),
        response().prop_map(Command::ProposeResponse),
        resolve,
        option::of(prose()).prop_map(|reason| Command::Close(MayReason { reason })),
        prose().prop_map(|reason| Command::Reopen(MustReason { reason })),
        prose().prop_map(|reason| Command::Withdraw(MustReason { reason })),
        (line(), option::of(line()), option::of(prose()))
            .prop_map(|(scheme, scheme_reference, reason)| Command::Refer(Refer { scheme, scheme_reference, reason })),
        link,
        unlink,
        (prose(), corrections()).prop_map(|(reason, set)| Command::Correct(Box::new(Correct { reason, set }))),
        record,
        retract,
        payment().prop_map(Command::PayRedress),
        adr_outcome().prop_map(Command::RecordAdrOutcome),
        move_clocks,
        sensitivity().prop_map(|sensitivity| Command::Label(Label { sensitivity })),
    ]
}

fn sensitivity() -> impl Strategy<Value = BTreeSet<Clearance>> {
    let label = one_of(Clearance::NAMES).prop_map(|name| Clearance::try_from(name.to_owned()).expect("is a clearance"));
    vec(label, 0..3).prop_map(|labels| labels.into_iter().collect())
}

fn milestone() -> impl Strategy<Value = Milestone> {
    one_of(Milestone::NAMES).prop_map(|name| Milestone::try_from(name.to_owned()).expect("is a milestone"))
}

/// Mostly one that the rule on app fraud has.
fn stop_reason() -> impl Strategy<Value = Code> {
    one_of(&["information_from_victim", "information_from_victim", "nothing"])
        .prop_map(|code| Code::try_from(code).expect("is a code"))
}

/// Mostly one that there is.
fn pin() -> impl Strategy<Value = Pin> {
    one_of(&[
        ("gb-fca-disp", "2018-01-13"),
        ("gb-fca-disp", "2026-06-01"),
        ("gb-ofcom", "2026-04-08"),
        ("gb-ofcom", "1999"),
    ])
    .prop_map(|(id, version)| {
        let code = |text: &str| Code::try_from(text).expect("is a code");
        Pin { id: code(id), version: code(version) }
    })
}

fn corrections() -> impl Strategy<Value = Corrections> {
    let who = (option::of(complainant()), option::of(channel()), option::of(moment()), option::of(prose()));
    let what = (
        option::of(option::of(prose())),
        option::of(amounts()),
        option::of(jurisdiction()),
        option::of(custom()),
        option::of(option::of(line())),
    );
    let returned = (
        option::of(option::of(line())),
        option::of(option::of(day())),
        option::of(option::of(representative())),
        option::of(vec(payment(), 0..3).prop_map(list)),
    );
    (who, what, returned).prop_map(|((complainant, channel, received_at, description), what, returned)| {
        let (desired_outcome, amounts, jurisdiction, custom, external_reference) = what;
        let (entity, made_on, representative, payments) = returned;
        Corrections {
            complainant,
            channel,
            received_at,
            description,
            desired_outcome,
            amounts,
            jurisdiction,
            custom,
            external_reference,
            entity,
            made_on,
            representative,
            payments,
        }
    })
}

fn representative() -> impl Strategy<Value = Representative> {
    let kind = one_of(RepresentativeKind::NAMES)
        .prop_map(|name| RepresentativeKind::try_from(name.to_owned()).expect("is a kind"));
    (line(), kind, option::of(line()), option::of(line()), contacts()).prop_map(
        |(name, kind, authorisation, reference, contacts)| Representative {
            authorisation,
            contacts,
            kind,
            name,
            reference,
        },
    )
}

/// Now and then of nothing, or of an apology, which is refused.
fn payment() -> impl Strategy<Value = Payment> {
    let kind =
        prop_oneof![4 => Just(RedressKind::Refund), 4 => Just(RedressKind::Goodwill), 1 => Just(RedressKind::Apology)];
    (minor(), currency(), option::of(kind), moment(), option::of(line()), option::of(line())).prop_map(
        |(minor, currency, kind, paid_at, reference, note)| Payment { currency, kind, minor, note, paid_at, reference },
    )
}

fn adr_outcome() -> impl Strategy<Value = AdrOutcome> {
    let result = one_of(AdrResult::NAMES).prop_map(|name| AdrResult::try_from(name.to_owned()).expect("is an outcome"));
    (line(), result, moment(), option::of(line()), response()).prop_map(
        |(scheme, outcome, decided_at, reference, Response { redress, .. })| AdrOutcome {
            decided_at,
            outcome,
            redress,
            reference,
            scheme,
        },
    )
}

fn complainant() -> impl Strategy<Value = Complainant> {
    let language = option::of(one_of(&["cy", "en-GB", "zh-Hant-HK"]))
        .prop_map(|tag| tag.map(|tag| Language::try_from(tag.to_owned()).expect("is a tag")));
    let format = one_of(&[Format::Standard, Format::LargePrint, Format::EasyRead, Format::Braille, Format::Audio]);
    (line(), contacts(), option::of(line()), language, format).prop_map(
        |(name, contacts, customer_id, language, format)| Complainant { name, contacts, customer_id, language, format },
    )
}

fn contacts() -> impl Strategy<Value = List<ContactPoint, 10>> {
    let contact = prop_oneof![
        Just((ContactKind::Email, "ada+x@example.com".to_owned())),
        (one_of(&[ContactKind::Phone, ContactKind::Post, ContactKind::Social]), text()),
    ];
    vec(contact, 0..3).prop_map(|contacts| {
        let contacts = contacts.into_iter().map(|(kind, value)| json!({ "kind": kind, "value": value }));
        serde_json::from_value(contacts.collect()).expect("contacts can be read")
    })
}

fn response() -> impl Strategy<Value = Response> {
    let kind = one_of(&[
        RedressKind::Refund,
        RedressKind::Compensation,
        RedressKind::Goodwill,
        RedressKind::Apology,
        RedressKind::Correction,
    ]);
    // Now and then half a sum, which is refused.
    let sum = prop_oneof![
        4 => Just((None, None)),
        4 => (minor(), currency()).prop_map(|(minor, currency)| (Some(minor), Some(currency))),
        1 => minor().prop_map(|minor| (Some(minor), None)),
    ];
    let redress = vec((kind, sum, option::of(prose())), 0..3).prop_map(|items| {
        let items = items.into_iter().map(|(kind, (minor, currency), description)| Redress {
            kind,
            minor,
            currency,
            description,
        });
        list(items.collect())
    });
    let outcome = one_of(&[Outcome::Upheld, Outcome::PartlyUpheld, Outcome::Rejected]);
    (outcome, prose(), redress).prop_map(|(outcome, summary, redress)| Response { outcome, summary, redress })
}

fn amounts() -> impl Strategy<Value = List<Amount, 20>> {
    let kind = one_of(&[AmountKind::Disputed, AmountKind::Loss, AmountKind::Claimed]);
    vec((kind, minor(), currency()).prop_map(|(kind, minor, currency)| Amount { kind, minor, currency }), 0..3)
        .prop_map(list)
}

fn minor() -> impl Strategy<Value = MinorUnits> {
    prop_oneof![Just(0), Just(1_000_000_000_000_000), 0_i64..1_000_000]
        .prop_map(|minor| MinorUnits::try_from(minor).expect("is in range"))
}

fn currency() -> impl Strategy<Value = CurrencyCode> {
    one_of(&["GBP", "EUR", "JPY"]).prop_map(|code| CurrencyCode::try_from(code.to_owned()).expect("is a currency"))
}

/// Mostly declared fields with values that fit.
fn custom() -> impl Strategy<Value = std::collections::BTreeMap<Code, CustomValue>> {
    let field = prop_oneof![
        4 => text().prop_map(|text| ("branch", json!(text))),
        4 => (-1_000_000_000_000_000_i64..=1_000_000_000_000_000).prop_map(|number| ("visits", json!(number))),
        4 => any::<bool>().prop_map(|yes| ("staff", json!(yes))),
        4 => Just(("opened", json!("2024-02-29"))),
        4 => one_of(&["Gold", "Blue"]).prop_map(|brand| ("brand", json!(brand))),
        1 => Just(("visits", json!(i64::MAX))),
        1 => Just(("undeclared", json!(1))),
    ];
    let field = field.prop_map(|(name, value)| {
        (Code::try_from(name).expect("is a code"), serde_json::from_value::<CustomValue>(value).expect("can be read"))
    });
    vec(field, 0..3).prop_map(|fields| fields.into_iter().collect())
}

fn drivers() -> impl Strategy<Value = List<Driver, 4>> {
    vec(one_of(&[Driver::Health, Driver::LifeEvent, Driver::Resilience, Driver::Capability]), 0..4).prop_map(list)
}

fn tags() -> impl Strategy<Value = List<Code, 20>> {
    vec(code(), 0..4).prop_map(list)
}

/// Mostly products of the taxonomy.
fn product() -> impl Strategy<Value = Code> {
    one_of(&["mortgage", "credit_card", "student_loan", "nonsense"])
        .prop_map(|code| Code::try_from(code).expect("is a code"))
}

/// Issues of one product or another, so that often they do not fit.
fn issue() -> impl Strategy<Value = Code> {
    one_of(&["closing_on_a_mortgage", "fees_or_interest", "getting_a_loan"])
        .prop_map(|code| Code::try_from(code).expect("is a code"))
}

fn code() -> impl Strategy<Value = Code> {
    prop_oneof![
        one_of(&["fees", "fraud", "vip", "app_fraud"]).prop_map(str::to_owned),
        "[a-z0-9][a-z0-9_-]{0,12}".prop_map(|code| code)
    ]
    .prop_map(|code| Code::try_from(code).expect("is a code"))
}

fn channel() -> impl Strategy<Value = Channel> {
    one_of(&[
        Channel::Web,
        Channel::Phone,
        Channel::Email,
        Channel::Letter,
        Channel::Branch,
        Channel::Social,
        Channel::Api,
    ])
}

fn severity() -> impl Strategy<Value = Severity> {
    one_of(&[Severity::Low, Severity::Medium, Severity::High, Severity::Critical])
}

fn jurisdiction() -> impl Strategy<Value = Jurisdiction> {
    one_of(&[
        Jurisdiction::EnglandAndWales,
        Jurisdiction::Scotland,
        Jurisdiction::NorthernIreland,
        Jurisdiction::Ireland,
        Jurisdiction::Us,
        Jurisdiction::Eu,
    ])
}

fn relation() -> impl Strategy<Value = Relation> {
    one_of(&[Relation::DuplicateOf, Relation::PartOf])
}

/// Around the day of [`START`].
fn day() -> impl Strategy<Value = Day> {
    (-12_i32..=1).prop_map(|days| Day::of_utc(START).plus(days))
}

/// Mostly in the days before [`START`], at times later.
fn moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![9 => -1_000_000_000_i64..=0, 1 => 1_i64..1_000_000_000].prop_map(|millis| START.plus_millis(millis))
}

/// Text with what JSON and its canonical form treat specially.
fn text() -> impl Strategy<Value = String> {
    let special = one_of(&[
        "\"",
        "\\",
        "/",
        "\u{2028}",
        "é",
        "e\u{301}",
        "😀",
        "\u{ffff}",
        "\u{200b}",
        "<script>",
        "' OR 1=1 --",
        "\u{fb33}",
    ]);
    let piece = prop_oneof![special.prop_map(str::to_owned), "\\PC{1,12}".prop_map(|piece| piece)];
    vec(piece, 1..4).prop_map(|pieces| format!("x{}", pieces.concat()))
}

fn line<const MAX: usize>() -> impl Strategy<Value = Line<MAX>> {
    text().prop_filter_map("is no line", |text| Line::try_from(text).ok())
}

fn prose<const MAX: usize>() -> impl Strategy<Value = Prose<MAX>> {
    (text(), one_of(&["", "\n", "\r\n\t"]), text())
        .prop_filter_map("is no prose", |(first, gap, second)| Prose::try_from(format!("{first}{gap}{second}")).ok())
}

fn list<T, const MAX: usize>(items: Vec<T>) -> List<T, MAX> {
    List::try_from(items).expect("there are few items")
}
