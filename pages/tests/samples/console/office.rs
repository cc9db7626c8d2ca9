//! The console's office pages, and those by which one signs in.

use pages::{
    console::{
        audit::{Change, Changes, Complaint, Part, Read, Reads, Verdict, defect},
        dashboard::{Ahead, Dashboard, Known, Product, Tally},
        office::{EVENTS, Notice, event, words},
        profile::Profile,
        settings::{
            Choice, Overview, Settings, Tab,
            changes::{self, Changes as OwnChanges},
            deadlines::{self, CONDITIONS, Deadline, Deadlines, Group, Left, Opening, PICKS, Select, Terms},
            fields::{Declared, Field, Fields as OwnFields},
            firm::{Brands, CONSUMERS, Firm, General, Ombudsman, Own, OwnText, Portal},
            keys::{self, Key, Keys, State},
            letters::{Block, Element, InForce, Kind, Letter, Letters},
            notifications::{Notifications, Rule as Told},
            people::{Fields, Happened, People, Person, Row, Session},
            sign_in::{self, Rule, SignIn},
            switches::{Approval, LETTERS, Switches},
            taxonomy::{self, Taxonomy},
            teams::{self, Team, Teams},
            usage::{Line, Usage},
            webhooks::{self, Message, Webhook, Webhooks},
        },
        shell::{Section, Shell},
    },
    html, staff,
};
use shared::clock::day::Day;
use std::collections::BTreeMap;

/// Each, by name.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    [
        door(),
        account(),
        dashboard(),
        people_pages(),
        other_settings(),
        firm(),
        key_pages(),
        own_settings(),
        own_deadlines(),
        letters(),
        webhook_pages(),
        audit(),
    ]
    .concat()
}

fn made(page: &impl pages::Page) -> String {
    html(page).unwrap()
}

fn shell(current: Section) -> Shell {
    Shell {
        firm: "Northwind Bank".to_owned(),
        slug: "northwind-bank".to_owned(),
        sections: Section::ALL.into_iter().filter(|section| *section != Section::Profile).collect(),
        current,
        csrf: "c5rf".to_owned(),
    }
}

fn settings(tab: Tab, notice: Option<Notice>) -> Settings {
    Settings { tabs: Tab::ALL.to_vec(), tab: Some(tab), notice, may_change: true, key: "key".to_owned() }
}

fn some(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn step_up() -> Option<Notice> {
    Some(Notice {
        title: "Prove who you are first".to_owned(),
        words: "This needs that you have signed in within the last 10 minutes. You come back to this page.".to_owned(),
        step_up: "/app/step-up?return_to=%2Fapp%2Fsettings%2Fpeople".to_owned(),
        ..Notice::default()
    })
}

fn refused() -> Option<Notice> {
    Some(Notice {
        title: "Some values are not right".to_owned(),
        errors: vec![
            ("Issuer".to_owned(), "must be https".to_owned()),
            ("Domains".to_owned(), "must say whose addresses are taken, if accounts are made".to_owned()),
        ],
        ..Notice::default()
    })
}

fn unknown() -> Option<Notice> {
    Some(Notice {
        title: "Some values are not right".to_owned(),
        errors: vec![("Blocks 1 text".to_owned(), "there is no variable `finding`".to_owned())],
        ..Notice::default()
    })
}

const AT: &str = "2026-11-27T09:28:12.345Z";
const ADA: &str = "01932f6e-7c1a-7b3e-8d5f-0123456789ab";
const CASE: &str = "01932f6e-7c1a-7000-8d5f-0123456789ab";

fn door() -> Vec<(&'static str, String)> {
    let sign_in =
        |provider| staff::SignIn { firm: "Northwind Bank", slug: "northwind-bank", return_to: "/app", provider };
    vec![
        ("door-firm", made(&staff::WhichFirm { return_to: "/app" })),
        ("door-link", made(&sign_in(None))),
        ("door-provider", made(&sign_in(Some("/app/northwind-bank/provider?return_to=%2Fapp")))),
        ("door-sent", made(&staff::LinkSent { words: shared::identity::email_link::ANSWER })),
        ("door-button", made(&staff::Link { slug: "northwind-bank", token: "t", return_to: "/app" })),
        (
            "door-trouble",
            made(&staff::Trouble {
                title: "Not allowed",
                words: "This link was used already. Ask for another.",
                request: ADA,
            }),
        ),
    ]
}

fn sessions() -> Vec<Session> {
    let session = |id: &str, browser: &str, method: &str, current| Session {
        id: id.to_owned(),
        browser: browser.to_owned(),
        method: method.to_owned(),
        created_at: "2026-11-27T07:58:00.000Z".to_owned(),
        seen_at: AT.to_owned(),
        ends_at: "2026-11-27T19:58:00.000Z".to_owned(),
        current,
    };
    vec![
        session("a", "Firefox on Windows", "by your provider", true),
        session("b", "Safari on iPhone", "by your provider", false),
        session("c", "", "by a link", false),
    ]
}

fn account() -> Vec<(&'static str, String)> {
    let profile = |roles: &[&'static str], notice, sessions| Profile {
        shell: shell(Section::Profile),
        notice,
        name: "Ada Byron".to_owned(),
        email: "ada.byron@northwind.example".to_owned(),
        roles: roles.to_vec(),
        sessions,
    };
    let one = || sessions().into_iter().take(1).collect();
    vec![
        ("profile", made(&profile(&["lead", "admin"], Notice::done("ended"), sessions()))),
        ("profile-bare", made(&profile(&[], None, one()))),
    ]
}

fn tally(of: &[(&str, u64)]) -> Tally {
    of.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect()
}

fn known(days: i32) -> Known {
    let first = Day::new(2026, 11, 27).unwrap().plus(1 - days);
    let wave = |day: i32| u64::from(first.plus(day).utc_midnight().unix_seconds().rem_euclid(7 * 86_400) < 5 * 86_400);
    let product = |received, took: &[(&str, u64)]| Product { received, took: tally(took) };
    Known {
        states: tally(&[
            ("received", 121),
            ("acknowledged", 86),
            ("investigating", 214),
            ("awaiting_information", 37),
            ("response_proposed", 18),
            ("resolved", 342),
            ("closed", 18_211),
            ("withdrawn", 411),
            ("reopened", 9),
        ]),
        due: tally(&[("overdue", 7), ("today", 12), ("3_days", 41), ("7_days", 66), ("later", 339)]),
        ahead: (0..30_i32)
            .map(|day| {
                let n = u64::try_from((day * 37) % 23).unwrap();
                Ahead { day: Some(first.plus(days - 1 + day)), due: n, missed: if day % 7 < 2 { n / 2 } else { 0 } }
            })
            .collect(),
        days: (0..days)
            .map(|day| {
                let n = u64::try_from((day * 29) % 17).unwrap();
                (first.plus(day), wave(day) * (14 + n), wave(day) * (10 + (n * 7) % 19))
            })
            .collect(),
        outcomes: tally(&[("upheld", 141), ("partly_upheld", 63), ("rejected", 138)]),
        took: tally(&[("0_3", 52), ("4_14", 91), ("15_28", 104), ("29_56", 87), ("57", 8)]),
        root_causes: tally(&[("staff_error", 61), ("system_outage", 44), ("unclear_terms", 38), ("", 120)]),
        products: BTreeMap::from([
            ("mortgage".to_owned(), product(93, &[("0_3", 4), ("4_14", 21), ("15_28", 34), ("29_56", 28), ("57", 5)])),
            ("credit_card".to_owned(), product(151, &[("0_3", 41), ("4_14", 33), ("15_28", 22), ("29_56", 10)])),
            (
                "current_account".to_owned(),
                product(118, &[("0_3", 7), ("4_14", 37), ("15_28", 48), ("29_56", 49), ("57", 3)]),
            ),
        ]),
        open: tally(&[("0_3", 61), ("4_14", 131), ("15_28", 142), ("29_56", 129), ("57", 22)]),
        names: vec![("credit_card".to_owned(), "Credit card or prepaid card".to_owned())],
    }
}

fn dashboard() -> Vec<(&'static str, String)> {
    let page = |known: &Known, days| Dashboard {
        shell: shell(Section::Dashboard),
        days,
        figures: known.figures(),
        charts: known.charts(),
    };
    vec![
        ("dashboard", made(&page(&known(28), 28))),
        ("dashboard-year", made(&page(&known(364), 364))),
        ("dashboard-empty", made(&page(&Known::default(), 28))),
    ]
}

fn team_names() -> Vec<(String, String)> {
    ["Cards", "Mortgages", "Current accounts", "Escalations"]
        .iter()
        .map(|name| ((*name).to_owned(), (*name).to_owned()))
        .collect()
}

fn fields(name: &str, email: &str, roles: &[&str]) -> Fields {
    Fields {
        name: name.to_owned(),
        email: email.to_owned(),
        roles: Choice::of(&["agent", "lead", "compliance", "auditor", "admin"], &some(roles)),
        teams: Choice::named(team_names().into_iter(), &some(&["Cards"])),
        clearances: Choice::of(&["staff", "vip", "whistle_blower", "bereaved"], &some(&["bereaved"])),
    }
}

fn people_pages() -> Vec<(&'static str, String)> {
    let row = |name: &str, email: &str, roles: &str, teams: &str, active, at: &str| Row {
        id: ADA.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        roles: roles.to_owned(),
        teams: teams.to_owned(),
        active,
        signed_in_at: at.to_owned(),
    };
    let people = |rows, notice: Option<Notice>, next: &str| People {
        shell: shell(Section::Settings),
        adding: notice.is_some(),
        settings: settings(Tab::People, notice),
        rows,
        next: next.to_owned(),
        first: true,
        fields: fields("", "", &["agent"]),
    };
    let all = || {
        vec![
            row("Ada Byron", "ada.byron@northwind.example", "Lead, Admin", "Cards, Escalations", true, AT),
            row(
                "Bertrand Oyelaran-Whitmore",
                "bertrand.oyelaran-whitmore@northwind.example",
                "Agent",
                "Mortgages",
                true,
                "",
            ),
            row("Chidi Anand", "chidi@northwind.example", "", "", false, AT),
        ]
    };
    let person = |notice, active: bool, oneself: bool| Person {
        shell: shell(Section::Settings),
        settings: settings(Tab::People, notice),
        id: ADA.to_owned(),
        name: "Ada Byron".to_owned(),
        version: 4,
        active,
        directory: !oneself,
        oneself,
        fields: fields("Ada Byron", "ada.byron@northwind.example", &["lead", "admin"]),
        sessions: if active { sessions() } else { Vec::new() },
        happened: vec![
            Happened { at: AT.to_owned(), what: "Signed in".to_owned(), by: "themselves".to_owned() },
            Happened { at: AT.to_owned(), what: "Changed: roles, teams".to_owned(), by: "Grace Lovell".to_owned() },
        ],
    };
    let team = |name: &str| teams::Row { id: ADA.to_owned(), name: name.to_owned(), created_at: AT.to_owned() };
    let teams = |rows| Teams {
        shell: shell(Section::Settings),
        settings: settings(Tab::Teams, None),
        rows,
        next: String::new(),
        name: String::new(),
    };
    let one = |members| Team {
        shell: shell(Section::Settings),
        settings: settings(Tab::Teams, Notice::done("renamed")),
        id: ADA.to_owned(),
        name: "Cards".to_owned(),
        typed: "Cards".to_owned(),
        version: 2,
        members,
    };
    vec![
        ("settings-people", made(&people(all(), None, ADA))),
        ("settings-people-empty", made(&people(Vec::new(), None, ""))),
        ("settings-people-step-up", made(&people(all(), step_up(), ""))),
        ("settings-person", made(&person(Notice::done("saved"), true, true))),
        ("settings-person-off", made(&person(None, false, false))),
        ("settings-teams", made(&teams(["Cards", "Mortgages"].map(team).to_vec()))),
        ("settings-teams-empty", made(&teams(Vec::new()))),
        ("settings-team", made(&one(vec![(ADA.to_owned(), "Ada Byron".to_owned())]))),
        ("settings-team-empty", made(&one(Vec::new()))),
    ]
}

fn sign_in_fields(provider: bool) -> sign_in::Fields {
    let rule = |claim: &str, value: &str, role: &str, clearances: &[&str]| Rule {
        claim: claim.to_owned(),
        value: value.to_owned(),
        roles: Choice::of(&["agent", "lead", "compliance", "auditor", "admin"], &some(&[role])),
        teams: Choice::named(team_names().into_iter(), &[]),
        clearances: Choice::of(&["staff", "vip", "whistle_blower", "bereaved"], &some(clearances)),
    };
    sign_in::Fields {
        provider,
        issuer: "https://login.microsoftonline.com/6d1c7a4e-0000-4b7c-9f0e-2f1d7c1b3a11/v2.0".to_owned(),
        client_id: "0b1f6c9e-4e57-4c0e-8e0a-5d8d3a5e7f21".to_owned(),
        authentication: Choice::of(&["client_secret_basic", "none"], &some(&["client_secret_basic"])),
        scopes: "email profile".to_owned(),
        domains: "northwind.example".to_owned(),
        create_accounts: true,
        trust_email: false,
        rules: vec![rule("roles", "complaints-lead", "lead", &["vip"]), rule("", "", "agent", &[])],
        idle_minutes: "30".to_owned(),
        hours: "12".to_owned(),
    }
}

fn other_settings() -> Vec<(&'static str, String)> {
    let shell = || shell(Section::Settings);
    let sign_in = |notice, provider| SignIn {
        shell: shell(),
        settings: settings(Tab::SignIn, notice),
        fields: sign_in_fields(provider),
        has_secret: provider,
        redirect_uri: "https://complaints.example/app/callback".to_owned(),
        version: 3,
    };
    let line = |name, used: &str, limit: &str, percent, warning| Line {
        name,
        used: used.to_owned(),
        limit: limit.to_owned(),
        percent,
        warning,
    };
    let told = |id: &str, events: &[&str], audience: &str, when: &str| Told {
        id: id.to_owned(),
        events: events.iter().map(|kind| event(kind)).collect(),
        audience: audience.to_owned(),
        channel: "Email".to_owned(),
        text: id.to_owned(),
        when: when.to_owned(),
    };
    let notifications = |notice, rules, version| Notifications {
        shell: shell(),
        settings: settings(Tab::Notifications, notice),
        rules,
        texts: 2,
        version,
        json: "{\n  \"rules\": [],\n  \"texts\": []\n}".to_owned(),
    };
    let rules = vec![
        told("acknowledged", &["acknowledged"], "Complainant", "at once"),
        told("deadlines", &["deadline_warned", "deadline_missed"], "complaints-desk@northwind.example", "in a digest"),
    ];
    let not_json = Notice {
        title: "This is not JSON".to_owned(),
        words: "It can’t be read: Syntax error of JSON at byte 14.".to_owned(),
        ..Notice::default()
    };
    vec![
        (
            "settings",
            made(&Overview { shell: shell(), settings: Settings { tab: None, ..settings(Tab::People, None) } }),
        ),
        ("settings-sign-in", made(&sign_in(Notice::done("saved"), true))),
        ("settings-sign-in-refused", made(&sign_in(refused(), true))),
        ("settings-sign-in-link", made(&sign_in(None, false))),
        (
            "settings-usage",
            made(&Usage {
                shell: shell(),
                settings: settings(Tab::Usage, None),
                plan: "Standard".to_owned(),
                quotas: vec![
                    line("Complaints logged this month", "4,102", "5,000", 82, "Nearly all is used."),
                    line("People who may sign in", "31", "100", 31, ""),
                    line("Files kept", "112 GB", "100 GB", 100, "More is used than your plan includes."),
                ],
                windows: vec![line("Requests in a minute", "12", "3,000", 0, "")],
            }),
        ),
        ("settings-notifications", made(&notifications(None, rules, 4))),
        ("settings-notifications-refused", made(&notifications(Some(not_json), Vec::new(), 0))),
    ]
}

fn pair(code: &str, name: &str) -> (String, String) {
    (code.to_owned(), name.to_owned())
}

/// What came of a form that somebody else was faster with.
fn conflict() -> Option<Notice> {
    Some(Notice {
        title: "Somebody else has changed this meanwhile".to_owned(),
        words: "What you have typed is still here. Save again to put it in place of theirs, or load the page anew."
            .to_owned(),
        ..Notice::default()
    })
}

fn firm() -> Vec<(&'static str, String)> {
    let text =
        |name: &str, text: &str| OwnText { language: "en".to_owned(), name: name.to_owned(), text: text.to_owned() };
    let portal = Portal {
        open: true,
        name: "Northwind".to_owned(),
        legal: "Northwind Bank plc is authorised by the PRA and regulated by the FCA.".to_owned(),
        phone: "0800 123 4567".to_owned(),
        post: "Northwind Bank\nComplaints\nLeeds LS1 1AA".to_owned(),
        privacy: "https://northwind.example/privacy".to_owned(),
        colour: "#1d4f91".to_owned(),
        has_logo: true,
        ombudsman: Ombudsman {
            name: "Financial Ombudsman Service".to_owned(),
            phone: "0800 023 4567".to_owned(),
            site: "https://www.financial-ombudsman.org.uk".to_owned(),
            post: "Exchange Tower\nLondon E14 9SR".to_owned(),
        },
        ..Portal::default()
    };
    let own = |refused: &str| Own {
        version: 7,
        refused: refused.to_owned(),
        general: General {
            name: "Northwind Bank".to_owned(),
            signed_writes: false,
            consumers: Choice::named(CONSUMERS.iter().map(|(code, name)| pair(code, name)), &some(&["same"])),
            similarity: "0.5".to_owned(),
            megabytes: "100".to_owned(),
        },
        brands: Brands {
            rows: vec![pair("northwind_direct", "Northwind Direct"), pair("", ""), pair("", "")],
            fields: Choice::named([pair("", "None"), pair("brand", "Brand")].into_iter(), &some(&["brand"])),
        },
        portal: portal.clone(),
        texts: vec![
            text("start.lead", "Tell us what went wrong.\n\nWe put it right."),
            text("start.title", "Complain to {firm}"),
            text("", ""),
        ],
    };
    let page = |notice, own: Option<Own>| Firm {
        shell: shell(Section::Settings),
        settings: Settings { may_change: own.is_some(), ..settings(Tab::Firm, notice) },
        facts: vec![
            ("In addresses", "northwind-bank".to_owned()),
            ("Law", "England and Wales".to_owned()),
            ("Plan", "Standard".to_owned()),
        ],
        fields: vec![("Branch".to_owned(), "Choice".to_owned(), "must be given")],
        brands: vec![pair("northwind_direct", "Northwind Direct")],
        products: vec![pair("mortgage", "Mortgage"), pair("credit_card", "Credit card or prepaid card")],
        own,
    };
    let link = Notice {
        title: "Some values are not right".to_owned(),
        errors: vec![("Portal privacy".to_owned(), "must begin with https://".to_owned())],
        ..Notice::default()
    };
    let picture = Notice {
        title: "Choose a picture that can be a logo".to_owned(),
        words: "It is a PNG, JPEG or WebP, of at most 18 kB.".to_owned(),
        ..Notice::default()
    };
    let closed = Own { portal: Portal::default(), texts: vec![text("", "")], ..own("texts") };
    vec![
        ("settings-firm", made(&page(Notice::done("saved"), Some(own(""))))),
        ("settings-firm-general", made(&page(conflict(), Some(own("general"))))),
        ("settings-firm-brands", made(&page(step_up(), Some(own("brands"))))),
        ("settings-firm-portal", made(&page(Some(link), Some(own("portal"))))),
        ("settings-firm-logo", made(&page(Some(picture), Some(own("logo"))))),
        ("settings-firm-texts", made(&page(conflict(), Some(own("texts"))))),
        ("settings-firm-closed", made(&page(step_up(), Some(closed)))),
        ("settings-firm-read", made(&page(None, None))),
    ]
}

fn key_pages() -> Vec<(&'static str, String)> {
    let shell = || shell(Section::Settings);
    let row = |name: &str, scopes: &[&str], state| keys::Row {
        id: ADA.to_owned(),
        name: name.to_owned(),
        scopes: keys::scopes_in_words(scopes.iter().copied()),
        mode: "Live".to_owned(),
        created_at: AT.to_owned(),
        expires_at: "2027-11-28T00:00:00.000Z".to_owned(),
        used_on: if state == State::NotYet { String::new() } else { "2026-11-26".to_owned() },
        state,
        ..keys::Row::default()
    };
    let rows = || {
        vec![
            row("CRM", &["complaints:read", "complaints:write"], State::Active),
            row("Data warehouse", &["complaints:read"], State::NotYet),
            row("Telephone system of the branches in Scotland", &["complaints:write"], State::Replaced),
            row("Identity provider", &["scim"], State::Expired),
            row("Trial", &[], State::Revoked),
        ]
    };
    let all = |rows, notice: Option<Notice>| Keys {
        shell: shell(),
        adding: notice.as_ref().is_some_and(|notice| !notice.good),
        settings: settings(Tab::Keys, notice),
        rows,
        fields: keys::Fields::new("CRM", &some(&["complaints:read"]), "live", "2027-06-30", "203.0.113", ""),
        latest: "2027-11-27".to_owned(),
    };
    let one = |row, notice, token: &str, signing_secret: &str| Key {
        shell: shell(),
        settings: settings(Tab::Keys, notice),
        row,
        token: token.to_owned(),
        signing_secret: signing_secret.to_owned(),
    };
    let signed = |state| keys::Row {
        addresses: some(&["203.0.113.0/24", "2001:db8::/32"]),
        signing: "hmac-sha256".to_owned(),
        ..row("CRM", &["complaints:read", "complaints:write", "complaints:lead"], state)
    };
    let replaced = keys::Row { replaced_by: ADA.to_owned(), ..signed(State::Replaced) };
    let wrong = Notice {
        title: "Some values are not right".to_owned(),
        errors: vec![(
            "Ip ranges 1".to_owned(),
            "must be an address or a block such as 203.0.113.0/24 or 2001:db8::/32".to_owned(),
        )],
        ..Notice::default()
    };
    let token = "rdr_test_eu_this-is-how-long-a-key-is-and-it-opens-nothing-because-it-is-a-sample-for-the-gallery";
    vec![
        ("settings-keys", made(&all(rows(), None))),
        ("settings-keys-empty", made(&all(Vec::new(), None))),
        ("settings-keys-refused", made(&all(rows(), Some(wrong)))),
        ("settings-keys-step-up", made(&all(rows(), step_up()))),
        ("settings-key", made(&one(signed(State::Active), None, "", ""))),
        ("settings-key-issued", made(&one(signed(State::Active), None, token, "a-secret-that-signs-nothing"))),
        ("settings-key-replaced", made(&one(replaced, None, "", ""))),
        ("settings-key-revoked", made(&one(signed(State::Revoked), Notice::done("revoked"), "", ""))),
    ]
}

fn own_settings() -> Vec<(&'static str, String)> {
    let shell = || shell(Section::Settings);
    let declared = |name: &str, label: &str, sort: &str, required| Declared {
        name: name.to_owned(),
        label: label.to_owned(),
        sort: sort.to_owned(),
        choices: if sort == "choice" { "Leeds\nYork\nHull".to_owned() } else { String::new() },
        required,
    };
    let fields = |rows, notice: Option<Notice>| OwnFields {
        shell: shell(),
        adding: notice.as_ref().is_some_and(|notice| !notice.good),
        settings: settings(Tab::Fields, notice),
        rows,
        field: declared("branch", "Branch", "choice", true),
        version: 7,
    };
    let rows = || {
        vec![
            declared("branch", "Branch", "choice", true),
            declared("opened", "Account opened on", "date", false),
            declared("staff", "Of a member of staff", "boolean", false),
        ]
    };
    let field = |notice, sort: &str| Field {
        shell: shell(),
        settings: settings(Tab::Fields, notice),
        title: "Branch".to_owned(),
        field: declared("branch", "Branch", sort, true),
        version: 7,
    };
    let same = Notice {
        title: "There is a field of this name".to_owned(),
        words: "Choose another name, or change that field.".to_owned(),
        ..Notice::default()
    };
    let entry = |code: &str, standard: &str, own: &str, offered| taxonomy::Entry {
        code: code.to_owned(),
        standard: standard.to_owned(),
        own: own.to_owned(),
        offered,
    };
    let product = |code: &str, standard: &str, own: &str, offered| taxonomy::Product {
        entry: entry(code, standard, own, offered),
        issues: vec![
            entry(&format!("{code}/fees"), "Fees or interest", "Charges", true),
            entry(&format!("{code}/closing"), "Closing an account", "", false),
        ],
    };
    let taxonomy =
        |notice, products| Taxonomy { shell: shell(), settings: settings(Tab::Taxonomy, notice), products, version: 7 };
    let products = || {
        vec![
            product("mortgage", "Mortgage", "Home loan", true),
            product("payday_loan", "Payday loan, title loan, or personal loan", "", false),
        ]
    };
    let switches = |notice, on: &[&str]| Switches {
        shell: shell(),
        settings: settings(Tab::Switches, notice),
        parts: Choice::of(shared::flags::Part::NAMES, &some(on)),
        approval: Approval {
            kinds: Choice::named(
                LETTERS.iter().filter(|(_, _, trade)| *trade != "telecom").map(|(code, name, _)| pair(code, name)),
                &some(&["fca_final_response"]),
            ),
            sums: vec![pair("500.00", "GBP"), pair("", "")],
            refused: false,
        },
        version: 7,
    };
    let sums = Notice {
        title: "Some values are not right".to_owned(),
        errors: vec![("Letters approve above 1 minor".to_owned(), "must be a whole number".to_owned())],
        ..Notice::default()
    };
    let refused = switches(Some(sums), &["bulk"]);
    let refused = Switches { approval: Approval { refused: true, ..refused.approval.clone() }, ..refused };
    let change = |what: String, key: &str, by: &str| changes::Row {
        at: AT.to_owned(),
        what,
        key: key.to_owned(),
        by: by.to_owned(),
    };
    let changes = |rows, next: &str| OwnChanges {
        shell: shell(),
        settings: settings(Tab::Changes, None),
        rows,
        next: next.to_owned(),
    };
    let happened = vec![
        change(changes::what("key_revoked", "", &[], ADA), ADA, "You"),
        change(changes::what("settings_changed", "", &some(&["custom_fields", "taxonomy"]), ""), "", "Ada Byron"),
        change(changes::what("key_issued", "CRM", &[], ADA), ADA, "API key ABCDEF"),
        change(changes::what("created", "", &[], ""), "", "The operator of this service"),
    ];
    vec![
        ("settings-fields", made(&fields(rows(), Notice::done("removed")))),
        ("settings-fields-empty", made(&fields(Vec::new(), None))),
        ("settings-fields-refused", made(&fields(rows(), Some(same)))),
        ("settings-field", made(&field(Notice::done("saved"), "choice"))),
        ("settings-field-conflict", made(&field(conflict(), "date"))),
        ("settings-taxonomy", made(&taxonomy(Notice::done("saved"), products()))),
        ("settings-taxonomy-conflict", made(&taxonomy(conflict(), products()))),
        ("settings-taxonomy-empty", made(&taxonomy(None, Vec::new()))),
        ("settings-switches", made(&switches(Notice::done("saved"), &["bulk", "changes", "search", "views"]))),
        ("settings-switches-letters", made(&refused)),
        ("settings-switches-step-up", made(&switches(step_up(), shared::flags::Part::NAMES))),
        ("settings-changes", made(&changes(happened, "812"))),
        ("settings-changes-empty", made(&changes(Vec::new(), ""))),
    ]
}

fn own_deadlines() -> Vec<(&'static str, String)> {
    let shell = || shell(Section::Settings);
    let select = |name: &str, label, codes: &[&str], chosen: &str| Select {
        name: name.to_owned(),
        label,
        choices: Choice::named(
            codes.iter().map(|code| {
                let name = if code.is_empty() { "Of the complaint’s law".to_owned() } else { words(code) };
                pair(code, &name)
            }),
            &some(&[chosen]),
        ),
    };
    let place = |law: &str, at: usize| {
        let law = (at < 2)
            .then(|| select(&format!("law-{at}"), "Complaints under the law of", &["", "scotland", "ireland"], law));
        let end = if at < 2 { format!("-{at}") } else { String::new() };
        let calendar = select(&format!("calendar{end}"), "Holidays", &["", "england_and_wales"], "");
        let zone = select(&format!("zone{end}"), "Civil time", &["", "Europe/London", "Europe/Dublin"], "");
        law.into_iter().chain([calendar, zone]).collect::<Vec<_>>()
    };
    let row = |id: &str, name: &str, length: String, ends: &str| deadlines::Row {
        id: id.to_owned(),
        name: name.to_owned(),
        length,
        starts: deadlines::happened("received"),
        ends: deadlines::happened(ends),
    };
    let all = |rows, notice| Deadlines {
        shell: shell(),
        settings: settings(Tab::Deadlines, notice),
        rows,
        left: Left { closes: "17:00".to_owned(), late: false, places: vec![place("scotland", 0), place("", 1)] },
        version: 7,
    };
    let rows = vec![
        row("first_answer", "First answer", deadlines::length("8", "business_hour"), "contacted"),
        row("weekly", "Weekly word", deadlines::length("1", "week"), "update_sent"),
    ];
    let group = |name: &str, legend, codes: &[&str], chosen: &[&str]| Group {
        name: name.to_owned(),
        legend,
        choices: Choice::named(codes.iter().map(|code| pair(code, &deadlines::happened(code))), &some(chosen)),
        typed: chosen.join(" "),
    };
    let sort = |at: usize, chosen: &[&str]| {
        CONDITIONS
            .iter()
            .map(|(name, legend)| {
                let codes: &[&str] = if *name == "severity" { &["low", "medium", "high", "critical"] } else { &[] };
                group(&format!("{name}-{at}"), legend, codes, if codes.is_empty() { &[] } else { chosen })
            })
            .collect::<Vec<_>>()
    };
    let opening = |days: &[&str], from: &str, until: &str| Opening {
        days: Choice::of(shared::clock::calendar::WeekDay::NAMES, &some(days)),
        from: from.to_owned(),
        until: until.to_owned(),
    };
    let occurrences = shared::clock::timeline::Occurrence::NAMES;
    let one = |notice, title: &str, openings, conditions| Deadline {
        shell: shell(),
        settings: settings(Tab::Deadlines, notice),
        title: title.to_owned(),
        terms: Terms {
            id: "first_answer".to_owned(),
            name: "First answer".to_owned(),
            amount: "8".to_owned(),
            unit: vec![select("unit", "Of what", shared::clock::pack::Unit::NAMES, "business_hour")],
            runs: vec![
                group("starts_on", "What starts it", occurrences, &["received"]),
                group("met_by", "What meets it: any of these", occurrences, &["contacted", "update_sent"]),
            ],
            pick: vec![Select {
                choices: Choice::named(PICKS.iter().map(|(code, name)| pair(code, name)), &some(&["first"])),
                ..select("pick", "If that happens several times, it starts with", &[], "")
            }],
            first_day: false,
            warn_after: "4 6".to_owned(),
            stops: vec![group(
                "pause_in",
                "It stands still in these states",
                &["awaiting_information", "resolved"],
                &[],
            )],
            openings,
            closed: String::new(),
            place: place("", 2),
            conditions,
        },
        version: 7,
    };
    let free = || vec![opening(&[], "", ""), opening(&[], "", "")];
    let open =
        vec![opening(&["mon", "tue"], "09:00", "12:30"), opening(&["mon"], "13:30", "17:30"), opening(&[], "", "")];
    let hours = Notice {
        title: "Some values are not right".to_owned(),
        errors: vec![("Hours".to_owned(), "must have openings that end after they begin".to_owned())],
        ..Notice::default()
    };
    let sorts = || vec![sort(0, &["high", "critical"]), sort(1, &[])];
    vec![
        ("settings-deadlines", made(&all(rows, Notice::done("added")))),
        ("settings-deadlines-empty", made(&all(Vec::new(), conflict()))),
        ("settings-deadline", made(&one(None, "First answer", open, sorts()))),
        ("settings-deadline-new", made(&one(None, "", free(), vec![sort(0, &[])]))),
        ("settings-deadline-refused", made(&one(Some(hours), "", free(), sorts()))),
    ]
}

fn letters() -> Vec<(&'static str, String)> {
    let shell = || shell(Section::Settings);
    let kind = |id: &str, name: &str, templates: Vec<InForce>| Kind {
        id: id.to_owned(),
        name: name.to_owned(),
        elements: 4,
        approved: templates.len() > 1,
        templates,
    };
    let own = |language: &str, brand: &str| InForce {
        language: language.to_owned(),
        brand: brand.to_owned(),
        version: 3,
        saved_at: AT.to_owned(),
    };
    let brands =
        || vec![("firm".to_owned(), "All brands".to_owned()), ("direct".to_owned(), "Northwind Direct".to_owned())];
    let block = |is: &str, element: &str, text: &str| Block {
        is: is.to_owned(),
        element: element.to_owned(),
        each_redress: is == "item",
        text: text.to_owned(),
    };
    let letter = |notice, version, old| Letter {
        shell: shell(),
        settings: settings(Tab::Letters, notice),
        kind: "final_response".to_owned(),
        name: "Final response".to_owned(),
        language: "en".to_owned(),
        brand: "firm".to_owned(),
        version,
        old,
        versions: (1..=version).rev().collect(),
        elements: ["Outcome", "Redress", "Right to go to the ombudsman"]
            .map(|name| Element { id: name.to_lowercase().replace(' ', "_"), name: name.to_owned() })
            .to_vec(),
        subject: "Our answer to your complaint {{ reference }}".to_owned(),
        blocks: vec![
            block("paragraph", "outcome", "We have looked into your complaint of {{ received_on }}. {{ finding }}"),
            block("item", "redress", "{{ item.amount }}: {{ item.reason }}"),
            block("paragraph", "", ""),
        ],
    };
    let read_only = Letters {
        shell: shell(),
        settings: Settings { may_change: false, ..settings(Tab::Letters, None) },
        kinds: vec![kind("update", "Update", Vec::new())],
        brands: Vec::new(),
    };
    vec![
        (
            "settings-letters",
            made(&Letters {
                shell: shell(),
                settings: settings(Tab::Letters, Notice::done("retired")),
                kinds: vec![
                    kind("acknowledgement", "Acknowledgement", Vec::new()),
                    kind("final_response", "Final response", vec![own("en", "firm"), own("cy", "direct")]),
                ],
                brands: Choice::named(brands().into_iter(), &[]),
            }),
        ),
        ("settings-letters-read", made(&read_only)),
        ("settings-letter", made(&letter(Notice::done("saved"), 3, None))),
        ("settings-letter-new", made(&letter(unknown(), 0, None))),
        ("settings-letter-old", made(&letter(None, 3, Some(2)))),
    ]
}

fn webhook_pages() -> Vec<(&'static str, String)> {
    let shell = || shell(Section::Settings);
    let row = |description: &str, enabled, health: &str, well| webhooks::Row {
        id: ADA.to_owned(),
        url: "https://crm.northwind.example/hooks/complaints".to_owned(),
        description: description.to_owned(),
        enabled,
        health: health.to_owned(),
        well,
    };
    let fields = |url: &str, chosen: &[&str]| webhooks::Fields {
        url: url.to_owned(),
        description: String::new(),
        events: Choice::named(
            EVENTS.iter().map(|(kind, name)| ((*kind).to_owned(), (*name).to_owned())),
            &some(chosen),
        ),
    };
    let list = |rows, notice: Option<Notice>| Webhooks {
        shell: shell(),
        adding: notice.is_some(),
        settings: settings(Tab::Webhooks, notice),
        rows,
        fields: fields("", &["resolved"]),
    };
    let message = |event_of: &str, complaint: &str, state: &str, last: &str, next: &str| Message {
        id: "msg".to_owned(),
        event: event(event_of),
        complaint: complaint.to_owned(),
        at: AT.to_owned(),
        state: state.to_owned(),
        last: last.to_owned(),
        attempts: 3,
        next: next.to_owned(),
    };
    let one = |secret: &str, messages, enabled| Webhook {
        shell: shell(),
        settings: settings(Tab::Webhooks, if secret.is_empty() { Notice::done("tested") } else { None }),
        row: row(
            "CRM",
            enabled,
            if enabled { "Well; last message 27 Nov 2026, 09:28 UTC" } else { "Disabled by you" },
            enabled,
        ),
        version: 2,
        secret: secret.to_owned(),
        public_key: "whpk_MCowBQYDK2VwAyEAxQ1dYVb0rWg5WcS0r6G4P7r3m2h5c8k1".to_owned(),
        previous_until: if enabled { AT.to_owned() } else { String::new() },
        fields: fields("https://crm.northwind.example/hooks/complaints", &[]),
        messages,
        next: "next".to_owned(),
    };
    let messages = vec![
        message("test", "", "Pending", "", AT),
        message("resolved", CASE, "Failed", "Answered 500", ""),
        message("received", CASE, "Delivered", "Taken (204)", ""),
    ];
    let rows = vec![
        row("CRM", true, "Well; last message 27 Nov 2026, 09:28 UTC", true),
        row("", true, "3 failures since 27 Nov 2026, 09:28 UTC", false),
    ];
    vec![
        ("settings-webhooks", made(&list(rows, None))),
        ("settings-webhooks-empty", made(&list(Vec::new(), None))),
        ("settings-webhooks-refused", made(&list(Vec::new(), refused()))),
        ("settings-webhook", made(&one("", messages, true))),
        ("settings-webhook-secret", made(&one("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDD", Vec::new(), false))),
    ]
}

fn audit() -> Vec<(&'static str, String)> {
    let shell = || shell(Section::Audit);
    let names = || vec![(ADA.to_owned(), "Ada Byron".to_owned())];
    let read = |name: &str, what: &str| Read {
        at: AT.to_owned(),
        person: ADA.to_owned(),
        name: name.to_owned(),
        complaint: CASE.to_owned(),
        what: what.to_owned(),
        session: ADA.to_owned(),
    };
    let reads = |rows, wrong: &str, people| Reads {
        shell: shell(),
        part: Part::Reads,
        complaint: String::new(),
        person: String::new(),
        from: "2026-11-01".to_owned(),
        to: String::new(),
        rows,
        next: if wrong.is_empty() { "/app/audit?before=41".to_owned() } else { String::new() },
        wrong: wrong.to_owned(),
        people,
    };
    let change = |number, kind: &str, actor: &str| Change {
        number,
        at: AT.to_owned(),
        what: event(kind),
        actor: actor.to_owned(),
        actor_id: ADA.to_owned(),
        complaint: CASE.to_owned(),
    };
    let rows = || {
        vec![
            change(812, "resolved", "Ada Byron"),
            change(811, "deadline_warned", "Redress, by a rule"),
            change(810, "received", "The complainant"),
        ]
    };
    let changes = |rows, looked, older: &str| Changes {
        shell: shell(),
        part: Part::Changes,
        complaint: String::new(),
        actor: String::new(),
        rows,
        looked,
        older: older.to_owned(),
        newer: String::new(),
        wrong: String::new(),
    };
    let complaint = |verdict, rows, asked: &str| Complaint {
        shell: shell(),
        part: Part::Complaint,
        asked: asked.to_owned(),
        verdict,
        rows,
        wrong: String::new(),
    };
    let verdict = |broken: Option<(u32, &'static str)>| Verdict {
        complaint: CASE.to_owned(),
        reference: "NWB-7K3M-Q2XD".to_owned(),
        valid: broken.is_none(),
        events: 12,
        head: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        broken,
    };
    let wrong = "That is no id of a complaint: it stands in the address of the complaint’s page.";
    vec![
        (
            "audit",
            made(&reads(vec![read("Ada Byron", "The complaint"), read("Colleague 89ab", "History")], "", names())),
        ),
        ("audit-empty", made(&reads(Vec::new(), "", Vec::new()))),
        ("audit-wrong", made(&reads(Vec::new(), wrong, Vec::new()))),
        ("audit-changes", made(&changes(rows(), 200, "/app/audit/changes?to=612"))),
        ("audit-changes-empty", made(&changes(Vec::new(), 0, ""))),
        ("audit-complaint", made(&complaint(Some(verdict(None)), rows(), CASE))),
        ("audit-complaint-altered", made(&complaint(Some(verdict(Some((13, defect("altered"))))), rows(), CASE))),
        ("audit-complaint-none", made(&complaint(None, Vec::new(), ""))),
    ]
}
