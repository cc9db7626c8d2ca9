//! Every page with sample data, for tests and for the gallery. The complaint is one of the CFPB's public database (public domain), its
//! firm's name taken out.
#![allow(dead_code, reason = "each of its users uses some of it")]

pub(crate) mod console;

use pages::{
    brand::{Brand, Colour},
    fields::{Step, Wrong},
    form::{Choice, Form},
    html,
    law::{Deadline, Ombudsman},
    page::{FORMATS, Firm, Page, Reader},
    portal::{
        Case, Check, Code, ComeBack, Error, Evidence, File, From, Happening, Letter, Message, Questions, Received,
        Representative, Saved, Start, Stored, Track, Trouble,
    },
    texts::Tongue,
};
use shared::{
    attachment::AttachmentState,
    clock::{
        ClockState,
        day::Day,
        explain::{ClockStep, Reason},
        pack::{Length, Unit},
    },
    complaint::state::State,
    taxonomy::{Sector, Taxonomy},
};

/// A page.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) firm: &'static str,
    pub(crate) html: String,
}

const COMPLAINT: &str = include_str!("../fixtures/complaint.txt");

pub(crate) const FIRMS: [Firm<'static>; 3] = [
    firm(
        "northwind-bank",
        "Northwind Bank",
        "Northwind Bank plc is authorised by the Prudential Regulation Authority and regulated by the Financial Conduct Authority. Firm reference number 000000.",
    ),
    firm(
        "halcyon-telecom",
        "Halcyon Telecom",
        "Halcyon Telecom Ltd is a member of an approved scheme for disputes about communications.",
    ),
    firm(
        "aurelia-air",
        "Aurelia Air",
        "Aurelia Air Ltd. Complaints about flights to, from and within the United Kingdom.",
    ),
];

const fn firm(slug: &'static str, name: &'static str, legal: &'static str) -> Firm<'static> {
    Firm {
        slug,
        name,
        has_logo: true,
        legal,
        phone: Some("0800 555 0100"),
        post: &["Complaints", "1 North Street", "London EC1A 1AA"],
        privacy: Some("/privacy"),
        accessibility: Some("/accessibility"),
        texts: &[],
    }
}

pub(crate) fn brand(slug: &str) -> Brand {
    let [main, second] = match slug {
        "northwind-bank" => [Colour::new(0x17, 0x3f, 0x5f), Colour::new(0xc9, 0xa2, 0x27)],
        "halcyon-telecom" => [Colour::new(0x6d, 0x28, 0xd9), Colour::new(0x0e, 0xa5, 0xa0)],
        _ => [Colour::new(0xff, 0xcc, 0x00), Colour::new(0x8a, 0x1c, 0x1c)],
    };
    Brand { main, second }
}

/// A sign that a firm might have.
pub(crate) fn logo(slug: &str) -> String {
    let Brand { main, second } = brand(slug);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\"><rect width=\"40\" height=\"40\" rx=\"9\" fill=\"{main}\"/><path d=\"M11 29V11l18 18V11\" fill=\"none\" stroke=\"#fff\" stroke-width=\"3.5\" stroke-linejoin=\"round\"/><circle cx=\"31\" cy=\"9\" r=\"3.5\" fill=\"{second}\"/></svg>"
    )
}

/// What the sample pages say: sensible things, or one text everywhere.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) reader: Reader,
    pub(crate) firm: Firm<'a>,
    pub(crate) hostile: Option<&'a str>,
}

impl<'a> World<'a> {
    fn s(&self, sensible: &'a str) -> &'a str {
        self.hostile.unwrap_or(sensible)
    }

    fn page(&self, here: &'a str, signed_in: bool) -> Page<'a> {
        let mut firm = self.firm;
        if let Some(hostile) = self.hostile {
            (firm.name, firm.legal, firm.phone) = (hostile, hostile, Some(hostile));
        }
        Page { firm, reader: self.reader, here: self.s(here), csrf: self.s("c5rf"), signed_in }
    }
}

fn day(year: i32, month: u32, day: u32) -> Day {
    Day::new(year, month, day).unwrap()
}

fn deadlines() -> Vec<Deadline> {
    let step = |from: Day, to: Day, counted, reason, name| ClockStep { from, to, counted, reason, name };
    let received = day(2026, 11, 27);
    vec![
        Deadline {
            rule: "acknowledgement".to_owned(),
            name: String::new(),
            on: day(2026, 12, 1),
            started: received,
            length: Length::new(2, Unit::BusinessDay).ok(),
            citation: Some("DISP 1.6.1R".to_owned()),
            steps: vec![
                step(received, received, 0, Reason::StartDay, None),
                step(day(2026, 11, 28), day(2026, 11, 29), 0, Reason::Weekend, None),
                step(day(2026, 11, 30), day(2026, 12, 1), 2, Reason::Counted, None),
            ],
            state: ClockState::Met,
        },
        Deadline {
            rule: "final_response".to_owned(),
            name: String::new(),
            on: day(2027, 1, 22),
            started: received,
            length: Length::new(8, Unit::Week).ok(),
            citation: Some("DISP 1.6.2R".to_owned()),
            steps: vec![
                step(received, received, 0, Reason::StartDay, None),
                step(day(2026, 11, 28), day(2027, 1, 22), 56, Reason::Counted, None),
            ],
            state: ClockState::Running,
        },
    ]
}

const OMBUDSMAN: Ombudsman<'static> = Ombudsman {
    name: "The Financial Ombudsman Service",
    from: None,
    is_open: false,
    until: None,
    phone: Some("0800 023 4567"),
    site: Some("https://www.financial-ombudsman.org.uk"),
    post: &["Exchange Tower", "London E14 9SR"],
};

fn products() -> Vec<Choice<'static>> {
    let taxonomy = Taxonomy::for_sector(Sector::Bank).unwrap();
    taxonomy.products.iter().map(|product| Choice { code: product.code.as_str(), name: &product.name }).collect()
}

const ANSWERS: [(&str, &str); 20] = [
    ("product", "credit_card"),
    ("words", COMPLAINT),
    ("when", "Between March and June this year"),
    ("outcome", "Please pay me the £200 bonus that was advertised."),
    ("effect", "I spent more than I would have, and three hours on the phone."),
    ("support", "life_event capability"),
    ("support_needs", "Please call after 4 p.m."),
    ("for_whom", "self"),
    ("name", "Ada Winter"),
    ("email", "ada.winter@example.com"),
    ("phone", "07700 900123"),
    ("address", "7 Mill Lane\nLeeds LS1 4AB"),
    ("prefer", "email"),
    ("account", "40-12-88 00471122"),
    ("rep_name", "Grace Winter"),
    ("rep_kind", "family"),
    ("rep_email", "grace@example.com"),
    ("rep_authority", "signed"),
    ("reference", "NWB-0C99-78TJ"),
    ("message", "I found the advertisement; it is attached."),
];

const FILES: [(&str, u64, AttachmentState); 3] = [
    ("statement-june.pdf", 482_133, AttachmentState::Clean),
    ("advertisement-photographed-at-the-branch.heic", 3_200_551, AttachmentState::Quarantined),
    ("call.m4a", 12_001, AttachmentState::Infected),
];

/// Every page for one reader: its name, and its HTML.
pub(crate) fn pages(world: World<'_>) -> Vec<(String, String)> {
    [starting(world), steps(world), drafts(world), outcomes(world), tracking(world), case(world), troubles(world)]
        .concat()
}

fn named(name: &str, page: &impl askama::Template) -> (String, String) {
    (name.to_owned(), html(page).unwrap())
}

fn starting(world: World<'_>) -> Vec<(String, String)> {
    let start = Start {
        page: world.page("/northwind-bank/", false),
        ombudsman: Some(world.s("the Financial Ombudsman Service")),
        has_draft: false,
    };
    vec![named("start", &start), named("start-with-draft", &Start { has_draft: true, ..start })]
}

fn steps(world: World<'_>) -> Vec<(String, String)> {
    let page = world.page("/northwind-bank/complain/what", false);
    let products = products();
    let answers = ANSWERS.map(|(name, answer)| (name, world.s(answer)));
    let form = Form { values: &answers, problems: &[], products: &products };
    let questions = |step, form| Questions { page, step, form, from_check: false };
    let wrong = [("product", Wrong::Missing), ("words", Wrong::Missing), ("when", Wrong::TooLong)];
    let wrong_you = [("rep_name", Wrong::Missing), ("email", Wrong::NoEmail), ("prefer", Wrong::NoChoice)];
    let other = [("for_whom", "other"), ("email", world.s("ada@"))];
    let files = FILES.map(|(name, bytes, state)| File { id: world.s("f1"), name: world.s(name), bytes, state });
    let wrong_file = [("files", Wrong::FileSort)];
    let evidence =
        Evidence { page, form, files: &files, most_megabytes: 100, idempotency: world.s("k-4"), from_check: true };
    let empty = Form { values: &[], problems: &[], products: &products };
    let no_consent = [("consent", Wrong::Missing)];
    let check = Check { page, form, files: &files, idempotency: world.s("k-5") };
    vec![
        named("1-what-empty", &questions(Step::What, empty)),
        named("1-what", &questions(Step::What, form)),
        named("1-what-wrong", &questions(Step::What, Form { problems: &wrong, ..empty })),
        named("2-outcome", &questions(Step::Outcome, form)),
        named("3-you", &questions(Step::You, form)),
        named("3-you-wrong", &questions(Step::You, Form { values: &other, problems: &wrong_you, products: &products })),
        named("4-evidence", &evidence),
        named("4-evidence-wrong", &Evidence { files: &[], form: Form { problems: &wrong_file, ..empty }, ..evidence }),
        named("5-check", &check),
        named("5-check-wrong", &Check { files: &[], form: Form { problems: &no_consent, ..form }, ..check }),
    ]
}

fn drafts(world: World<'_>) -> Vec<(String, String)> {
    let page = world.page("/northwind-bank/complain/save", false);
    let link = world.s("https://complaints.example.com/northwind-bank/come-back/4Zq9Yb2mJr8cT1xKpW6sVd");
    let form = Form::default();
    let saved = Saved {
        page,
        link,
        until: day(2026, 12, 27),
        mailed_to: None,
        step: Step::Outcome,
        form,
        idempotency: world.s("k-6"),
    };
    let come_back = ComeBack { page, form, was_asked: false, idempotency: world.s("k-7") };
    vec![
        named("saved", &saved),
        named("saved-mailed", &Saved { mailed_to: Some(world.s("ada.winter@example.com")), ..saved }),
        named("come-back", &come_back),
        named("come-back-asked", &ComeBack { was_asked: true, ..come_back }),
    ]
}

fn outcomes(world: World<'_>) -> Vec<(String, String)> {
    let page = world.page("/northwind-bank/complain/received", false);
    let (reference, mailed_to) = (world.s("NWB-0C99-78TJ"), Some(world.s("ada.winter@example.com")));
    let deadlines: Vec<_> =
        deadlines().into_iter().map(|deadline| Deadline { state: ClockState::Running, ..deadline }).collect();
    let received = Received {
        page,
        reference,
        received: day(2026, 11, 27),
        deadlines: &deadlines,
        ombudsman: Some(Ombudsman { from: Some(day(2027, 1, 23)), name: world.s(OMBUDSMAN.name), ..OMBUDSMAN }),
        mailed_to,
    };
    vec![
        named("received", &received),
        named("received-without-mail", &Received { mailed_to: None, ombudsman: None, deadlines: &[], ..received }),
        named("stored", &Stored { page, reference, mailed_to }),
    ]
}

fn tracking(world: World<'_>) -> Vec<(String, String)> {
    let page = world.page("/northwind-bank/track", false);
    let wrong = [("reference", Wrong::NoReference), ("email", Wrong::NoEmail)];
    let answers = [("reference", world.s("NWB-0C99-78TI")), ("email", world.s("ada")), ("code", world.s("123456"))];
    let form = Form { values: &answers, problems: &wrong, products: &[] };
    let wrong_code = [("code", Wrong::NoCode)];
    vec![
        named("track", &Track { page, form: Form::default() }),
        named("track-wrong", &Track { page, form }),
        named("code", &Code { page, form: Form::default(), minutes: 10 }),
        named("code-wrong", &Code { page, form: Form { problems: &wrong_code, ..form }, minutes: 10 }),
    ]
}

fn case(world: World<'_>) -> Vec<(String, String)> {
    let page = world.page("/northwind-bank/case", true);
    let deadlines = deadlines();
    let messages = [
        Message { from: From::You, name: Some(world.s("Ada Winter")), on: day(2026, 11, 28), text: world.s("I found the advertisement; it is attached.\nThe bonus is on the first page.") },
        Message { from: From::Firm, name: Some(world.s("Anna Smith")), on: day(2026, 12, 1), text: world.s("Thank you. We have asked the team for cards which offer was in force on the day you applied. You will hear from us by Friday 11 December.") },
        Message { from: From::Representative, name: None, on: day(2026, 12, 2), text: world.s("Ada has asked me to follow this up.") },
    ];
    let on = |month, date, what| Happening { on: day(2026, month, date), what };
    let timeline = [
        on(12, 1, "contact_recorded"),
        on(12, 1, "investigation_started"),
        on(11, 30, "acknowledged"),
        on(11, 30, "noted"),
        on(11, 27, "received"),
    ];
    let files = FILES.map(|(name, bytes, state)| File { id: world.s("f1"), name: world.s(name), bytes, state });
    let letters =
        [Letter { id: world.s("l1"), subject: world.s("We have received your complaint"), on: day(2026, 11, 30) }];
    let case = Case {
        page,
        reference: world.s("NWB-0C99-78TJ"),
        about: world.s("Credit card"),
        state: State::Investigating,
        received: day(2026, 11, 27),
        deadlines: &deadlines,
        ombudsman: Some(Ombudsman { from: Some(day(2027, 1, 23)), name: world.s(OMBUDSMAN.name), ..OMBUDSMAN }),
        timeline: &timeline,
        messages: &messages,
        form: Form::default(),
        files: &files,
        most_megabytes: 100,
        letters: &letters,
        representative: Some(world.s("Grace Winter")),
        notice: Some("message_sent"),
        idempotency: world.s("k-8"),
        files_idempotency: world.s("k-9"),
    };
    let open = Ombudsman { is_open: true, until: Some(day(2027, 7, 22)), ..OMBUDSMAN };
    let late: Vec<_> =
        deadlines.iter().cloned().map(|deadline| Deadline { state: ClockState::Breached, ..deadline }).collect();
    let wrong = [("message", Wrong::Missing), ("files", Wrong::FileTooLarge)];
    let answered = Case {
        state: State::Resolved,
        deadlines: &late,
        ombudsman: Some(open),
        notice: None,
        representative: None,
        form: Form { problems: &wrong, ..Form::default() },
        ..case
    };
    let fresh = Case {
        state: State::Received,
        deadlines: &[],
        ombudsman: Some(Ombudsman { from: None, ..OMBUDSMAN }),
        timeline: &[],
        messages: &[],
        files: &[],
        letters: &[],
        notice: None,
        ..case
    };
    let representative =
        Representative { page, form: Form::default(), name: None, since: None, idempotency: world.s("k-10") };
    let theirs =
        Representative { name: Some(world.s("Grace Winter")), since: Some(day(2026, 12, 1)), ..representative };
    let mut all = vec![
        named("case", &case),
        named("case-answered", &answered),
        named("case-fresh", &fresh),
        named("representative", &representative),
        named("representative-now", &theirs),
    ];
    all.extend(State::ALL.map(|state| named(&format!("case-{}", state.as_str()), &Case { state, ..case })));
    all
}

fn troubles(world: World<'_>) -> Vec<(String, String)> {
    let page = world.page("/northwind-bank/", false);
    let trouble = |(trouble, status, name): (Trouble, u16, &str)| {
        let error = Error {
            page,
            trouble,
            retry_after: (status == 429).then_some(61),
            has_draft: name == "unavailable",
            request_id: if trouble.is_everywhere() { "" } else { world.s("01a1fa9d-f713") },
        };
        named(&if trouble.is_everywhere() { format!("error-{name}") } else { format!("error-{status}") }, &error)
    };
    Trouble::ALL.map(trouble).to_vec()
}

/// Everybody who may read.
pub(crate) fn readers() -> impl Iterator<Item = (String, Reader)> {
    Tongue::ALL.into_iter().flat_map(|tongue| {
        FORMATS.into_iter().map(move |(format, name)| (format!("{}.{name}", tongue.tag()), Reader { tongue, format }))
    })
}

/// Every page in each language and format, and each firm's first page.
pub(crate) fn every_page() -> Vec<Sample> {
    let mut all = Vec::new();
    for (suffix, reader) in readers() {
        let firm = FIRMS[0];
        for (name, html) in pages(World { reader, firm, hostile: None }) {
            all.push(Sample { name: format!("{name}.{suffix}"), firm: firm.slug, html });
        }
        for firm in &FIRMS[1..] {
            let (name, html) = starting(World { reader, firm: *firm, hostile: None }).swap_remove(0);
            all.push(Sample { name: format!("{name}-{}.{suffix}", firm.slug), firm: firm.slug, html });
        }
    }
    all
}
