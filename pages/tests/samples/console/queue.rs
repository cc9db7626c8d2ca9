//! The console's queue pages. The complaints are from the CFPB's public database (public domain), names taken out.

use pages::console::{
    bulk::{Job, JobPage, JobRow, Jobs, NewJob, Over, Typed},
    case_form::Drawn,
    new_case::{NewCase, Similar},
    own_field,
    queue::{Choice, Empty, Filter, Place, Queue, Refused, Row, Shown},
    shell::{Section, Shell},
    trouble::Trouble,
    words::{BANDS, SEVERITIES, STATES, due, marked},
};
use pages::html;
use serde_json::json;
use shared::{
    clock::day::Day,
    taxonomy::{Sector, Taxonomy},
    tenant::custom_field::CustomField,
};

pub(crate) fn shell(current: Section) -> Shell {
    Shell {
        firm: "Northwind Bank".to_owned(),
        slug: "northwind-bank".to_owned(),
        sections: vec![Section::Queue, Section::Dashboard, Section::Jobs, Section::Audit, Section::Settings],
        current,
        csrf: "c5f0".to_owned(),
    }
}

fn today() -> Day {
    "2026-11-27".parse().unwrap()
}

const CALLS: &str = "This company keeps calling my number to collect an alleged debt. I have no knowledge of this debt and they have not provided any written notice of this debt. I have told them to cease calling my number but they have not done so.";

/// Reference, subject, who, text, state, severity, assignee, due in so many days.
type Told =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str, Option<i32>);

const COMPLAINTS: [Told; 9] = [
    (
        "NWB-0C99-78TJ",
        "Debt collection · Attempts to collect debt not owed",
        "Harriet Osei",
        CALLS,
        "investigating",
        "high",
        "Anna Berg",
        Some(-2),
    ),
    (
        "NWB-4K7Q-9M2X",
        "Credit card · Trouble using your card",
        "Tomasz Wiśniewski",
        "I have no account with them yet they have been calling me 2-3 times a day for over a month. I answer, they hang up, so I called six separate times to remove my number yet they still call. I am on a limited plan and was overcharged.",
        "reopened",
        "critical",
        "You",
        Some(-1),
    ),
    (
        "NWB-1R3D-55VC",
        "Vehicle loan or lease · Managing the loan or lease",
        "Callum Fraser",
        "They agreed multiple times to remove a late payment from being reported to the credit bureaus after the loan was paid in full and completely closed.",
        "awaiting_information",
        "medium",
        "You",
        Some(0),
    ),
    (
        "NWB-7Z0M-KE4P",
        "Checking or savings account · Managing an account",
        "Priya Raman",
        "I just received a text from this number that my debit card had been frozen. I don't bank there. I figured it would be helpful to report on behalf of those that do.",
        "received",
        "low",
        "",
        Some(1),
    ),
    (
        "NWB-2W8H-Q60B",
        "Not classified",
        "Margarethe von der Leithen-Hohenstein zu Falkenberg",
        "I am disputing the late payment entry on my account, as it is inaccurate and unsupported by my documented payment history. I have consistently submitted all payments on or before the due date.",
        "acknowledged",
        "medium",
        "",
        Some(3),
    ),
    (
        "NWB-9F5T-A1NN",
        "Debt collection · Written notification about debt",
        "Joseph Adeyemi",
        "I asked for validation of debt and never received it. There are many inaccurate things reporting on my credit about this account which is causing harm.",
        "response_proposed",
        "high",
        "Dmitri Okafor",
        Some(6),
    ),
    (
        "NWB-6J2Y-HH83",
        "Mortgage · Struggling to pay mortgage",
        "Ellen Byrne",
        "They created an error and reported a delinquency when in fact it was paid the first of every month on time. This caused my business deal to fail through their carelessness.",
        "investigating",
        "medium",
        "Anna Berg",
        Some(41),
    ),
    (
        "NWB-3B7K-0XW2",
        "Money transfer, virtual currency, or money service · Fraud or scam",
        "Nadia Haddad",
        "I did not authorize this transaction. I believe my information was sold from one agency to the next.",
        "referred",
        "high",
        "Dmitri Okafor",
        None,
    ),
    (
        "NWB-8C4V-TT6G",
        "Credit reporting or other personal consumer reports · Incorrect information on your report",
        "Bill Nakamura",
        "There are several accounts reporting on my credit file that do not belong to me. I have made many attempts to get this matter resolved.",
        "resolved",
        "low",
        "You",
        None,
    ),
];

fn id(at: usize) -> String {
    format!("01932f6e-7c1a-7b3e-8d5f-0123456789{at:02x}")
}

fn row(at: usize) -> Row {
    let (reference, subject, who, text, state, severity, assignee, days) = COMPLAINTS[at];
    Row {
        id: id(at),
        reference: reference.to_owned(),
        subject: subject.to_owned(),
        complainant: who.to_owned(),
        text: vec![(false, text.chars().take(160).collect())],
        state: state.to_owned(),
        severity: severity.to_owned(),
        assignee: assignee.to_owned(),
        due: days.map(|days| due(today().plus(days), today())).unwrap_or_default(),
        received: "2 Oct 2026".to_owned(),
    }
}

fn place(name: &str, count: &str, is_current: bool) -> Place {
    Place { href: "/app/queue".to_owned(), name: name.to_owned(), count: count.to_owned(), is_current }
}

fn places(counts: [&str; 8]) -> Vec<Place> {
    let mut places = vec![place("Due first", counts[0], true)];
    places.extend(BANDS.iter().zip(&counts[1..]).map(|((_, name), count)| place(name, count, false)));
    places.extend([place("Assigned to you", counts[6], false), place("All complaints", counts[7], false)]);
    places
}

fn choices(any: &str, named: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    let choice = |(value, name): (&str, &str)| Choice {
        value: value.to_owned(),
        name: name.to_owned(),
        is_chosen: value == chosen,
    };
    [("", any)].into_iter().chain(named.iter().copied()).map(choice).collect()
}

fn filters(state: &str, order: &str) -> Vec<Filter> {
    vec![
        Filter { name: "state", label: "State", choices: choices("Any", &STATES, state) },
        Filter {
            name: "product",
            label: "Product",
            choices: choices("Any", &[("mortgage", "Mortgage"), ("debt_collection", "Debt collection")], ""),
        },
        Filter {
            name: "assignee",
            label: "Assignee",
            choices: choices("Anybody", &[("a", "Anna Berg"), ("d", "Dmitri Okafor"), ("y", "You")], ""),
        },
        Filter { name: "team", label: "Team", choices: choices("Any", &[("t", "Cards and payments")], "") },
        Filter { name: "severity", label: "Severity", choices: choices("Any", &SEVERITIES, "") },
        Filter { name: "order", label: "Order", choices: choices("Newest first", &[("due", "Due first")], order) },
    ]
}

fn full() -> Queue {
    Queue {
        shell: shell(Section::Queue),
        title: "Due first".to_owned(),
        here: "/app/queue".to_owned(),
        places: places(["1,312", "14", "6", "38", "121", "1,133", "23", "48,201"]),
        views: vec![
            place("Cards, mine", "9", false),
            place("Summer storm outage, everybody affected", "1,204", false),
            place("Late fee", "", false),
        ],
        q: String::new(),
        filters: filters("", "due"),
        kept: Vec::new(),
        is_narrowed: false,
        rows: (0..COMPLAINTS.len()).map(row).collect(),
        empty: Empty::NotDue,
        next: "/app/queue?cursor=a".to_owned(),
        first: String::new(),
        may_write: true,
        filter: String::new(),
        of_view: String::new(),
        matching: String::new(),
        view: None,
        teams: vec![("t".to_owned(), "Cards and payments".to_owned())],
        view_name: String::new(),
        key: "k".to_owned(),
        refused: None,
    }
}

fn queues() -> Vec<(&'static str, Queue)> {
    let none = |empty| Queue { rows: Vec::new(), empty, next: String::new(), ..full() };
    let searched = |at: usize, text: &str, hits: &[(usize, usize)]| Row { text: marked(text, hits), ..row(at) };
    vec![
        ("queue", full()),
        (
            "queue-reader",
            Queue { may_write: false, views: Vec::new(), next: String::new(), rows: vec![row(0)], ..full() },
        ),
        (
            "queue-filtered",
            Queue {
                title: "Complaints".to_owned(),
                filters: filters("resolved", ""),
                is_narrowed: true,
                filter: "state=resolved".to_owned(),
                matching: "6,019".to_owned(),
                first: "/app/queue?state=resolved".to_owned(),
                ..full()
            },
        ),
        (
            "queue-search",
            Queue {
                title: "Search".to_owned(),
                q: "calling <b>number".to_owned(),
                is_narrowed: true,
                filter: "q=calling".to_owned(),
                rows: vec![
                    searched(
                        0,
                        "This company keeps calling my number to collect an alleged debt.",
                        &[(19, 26), (30, 36)],
                    ),
                    searched(
                        1,
                        "… so I called six separate times to remove my number yet they still call <me>.",
                        &[(46, 52)],
                    ),
                ],
                next: String::new(),
                ..full()
            },
        ),
        (
            "queue-view",
            Queue {
                title: "Summer storm outage, everybody affected".to_owned(),
                view: Some(Shown {
                    id: id(0),
                    name: "Summer storm outage, everybody affected".to_owned(),
                    version: 3,
                    is_own: true,
                }),
                of_view: id(0),
                matching: "1,204".to_owned(),
                ..full()
            },
        ),
        (
            "queue-view-refused",
            Queue {
                title: "Complaints".to_owned(),
                is_narrowed: true,
                filter: "state=resolved".to_owned(),
                view_name: "Cards, mine".to_owned(),
                refused: Some(Refused {
                    title: "Conflict".to_owned(),
                    words: vec!["You have a view of this name already".to_owned()],
                }),
                ..full()
            },
        ),
        (
            "queue-nothing-due",
            Queue { places: places(["0", "0", "0", "0", "0", "0", "0", "412"]), ..none(Empty::NotDue) },
        ),
        (
            "queue-not-due-here",
            Queue {
                is_narrowed: true,
                first: "/app/queue?state=closed".to_owned(),
                filters: filters("closed", "due"),
                ..none(Empty::NotDueHere)
            },
        ),
        (
            "queue-no-match",
            Queue { title: "Search".to_owned(), q: "zzyzx".to_owned(), is_narrowed: true, ..none(Empty::NoMatch) },
        ),
        ("queue-new-firm", Queue { places: places(["0"; 8]), views: Vec::new(), ..none(Empty::Nothing) }),
        (
            "queue-bad-search",
            Queue {
                title: "Search".to_owned(),
                q: "(late AND".to_owned(),
                is_narrowed: true,
                refused: Some(Refused {
                    title: "Invalid request".to_owned(),
                    words: vec!["Q a parenthesis is not closed".to_owned()],
                }),
                ..none(Empty::NoMatch)
            },
        ),
    ]
}

fn job(state: &str, is_trial: bool, [selected, done, succeeded, skipped, failed]: [u64; 5]) -> Job {
    Job {
        id: id(80),
        what: "Assign to Anna Berg, team Cards and payments".to_owned(),
        over: "State: Acknowledged, Product: Debt collection".to_owned(),
        state: state.to_owned(),
        is_trial,
        by: "You".to_owned(),
        at: "27 Nov 2026, 09:41".to_owned(),
        selected,
        done,
        succeeded,
        skipped,
        failed,
    }
}

fn rows(outcomes: &[(&str, &str)]) -> Vec<JobRow> {
    let row = |(at, (outcome, why)): (usize, &(&str, &str))| JobRow {
        complaint: id(at),
        outcome: (*outcome).to_owned(),
        why: (*why).to_owned(),
    };
    outcomes.iter().enumerate().map(row).collect()
}

fn job_pages() -> Vec<(&'static str, JobPage)> {
    let tried = rows(&[
        ("would_be_done", ""),
        ("would_be_done", ""),
        ("unchanged", ""),
        ("refused", "A complaint that is closed is assigned to nobody: reopen it first"),
        ("locked", "Dmitri Okafor works on it until 09:56"),
        ("not_found", "There is no such complaint"),
    ]);
    let page = JobPage {
        shell: shell(Section::Jobs),
        job: job("done", true, [6, 6, 2, 1, 3]),
        here: format!("/app/jobs/{}", id(80)),
        outcome: String::new(),
        rows: tried,
        next: String::new(),
        failure: String::new(),
        takes_filter: false,
        key: "k".to_owned(),
        refused: None,
    };
    vec![
        ("job-tried", page.clone()),
        ("job-tried-filter", JobPage { takes_filter: true, next: "/app/jobs/1?after=2".to_owned(), ..page.clone() }),
        (
            "job-nothing-to-do",
            JobPage { job: job("done", true, [3, 3, 0, 3, 0]), rows: rows(&[("unchanged", ""); 3]), ..page.clone() },
        ),
        ("job-waits", JobPage { job: job("queued", false, [0; 5]), rows: Vec::new(), ..page.clone() }),
        (
            "job-runs",
            JobPage {
                job: job("running", false, [1_204, 611, 590, 14, 7]),
                rows: rows(&[("done", ""), ("done", ""), ("waiting", "")]),
                ..page.clone()
            },
        ),
        (
            "job-done",
            JobPage {
                job: job("done", false, [1_204, 1_204, 1_183, 14, 7]),
                rows: rows(&[("done", ""), ("done", ""), ("unchanged", "")]),
                ..page.clone()
            },
        ),
        (
            "job-failed",
            JobPage {
                job: job("failed", true, [0; 5]),
                rows: Vec::new(),
                failure: "The filter finds more than 5,000 complaints, the most that your plan allows a job".to_owned(),
                ..page.clone()
            },
        ),
        (
            "job-refused",
            JobPage {
                refused: Some(Refused {
                    title: "Quota exceeded".to_owned(),
                    words: vec!["Three jobs are under way already: wait until one is done".to_owned()],
                }),
                ..page
            },
        ),
    ]
}

fn products() -> Vec<(Choice, Vec<Choice>)> {
    let choice = |value: String, name: &str| Choice { is_chosen: value == "mortgage", value, name: name.to_owned() };
    let products = &Taxonomy::for_sector(Sector::Bank).unwrap().products;
    products
        .iter()
        .map(|product| {
            let code = product.code.as_str();
            let issues =
                product.issues.iter().map(|issue| choice(format!("{code}/{}", issue.code.as_str()), &issue.name));
            (choice(code.to_owned(), &product.name), issues.collect())
        })
        .collect()
}

fn new_jobs() -> Vec<(&'static str, NewJob)> {
    let typed = |said: &[(&str, &str)]| {
        Typed(said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    };
    let new = |said: &[(&str, &str)]| NewJob {
        shell: shell(Section::Jobs),
        over: Over::Selected((0..12).map(id).collect()),
        filter: Vec::new(),
        typed: typed(said),
        people: choices("", &[("a", "Anna Berg"), ("d", "Dmitri Okafor")], "").into_iter().skip(1).collect(),
        teams: choices("", &[("t", "Cards and payments")], "").into_iter().skip(1).collect(),
        products: products(),
        key: "k".to_owned(),
        refused: None,
    };
    vec![
        ("job-new", new(&[])),
        ("job-new-assign", new(&[("action", "assign")])),
        (
            "job-new-classify",
            NewJob {
                over: Over::Filter("state=acknowledged&product=debt_collection".to_owned()),
                filter: vec![
                    ("State".to_owned(), "Acknowledged".to_owned()),
                    ("Product".to_owned(), "Debt collection".to_owned()),
                ],
                ..new(&[("action", "classify")])
            },
        ),
        ("job-new-tag", new(&[("action", "tag"), ("add", "storm-2026")])),
        ("job-new-close", new(&[("action", "close")])),
        (
            "job-new-link",
            NewJob {
                refused: Some(Refused {
                    title: "It is not clear what is to be done".to_owned(),
                    words: vec!["There is no complaint with the reference “NWB-1”.".to_owned()],
                }),
                ..new(&[("action", "link"), ("to", "NWB-1")])
            },
        ),
    ]
}

/// Fields that a firm has declared.
pub(super) fn own_fields() -> Vec<CustomField> {
    serde_json::from_value(json!([
        {"name": "branch", "label": "Branch of the firm", "type": "text", "required": true},
        {"name": "brand", "label": "Brand", "type": "choice", "choices": ["Gold", "Blue"]},
        {"name": "campaign_code", "label": "Campaign", "type": "text"},
    ]))
    .unwrap()
}

fn own() -> Drawn {
    let held = |field: &CustomField, _: &str| if field.name.as_str() == "brand" { "Blue" } else { "" }.to_owned();
    let inputs = own_field::inputs(&own_fields(), "custom", &held, &|_| String::new());
    Drawn { legend: "", wrong: String::new(), inputs, was: None }
}

fn new_cases() -> Vec<(&'static str, NewCase)> {
    let typed = |said: &[(&str, &str)]| {
        Typed(said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    };
    let said = [
        ("name", "Harriet Osei"),
        ("phone", "+44 20 7946 0018"),
        ("channel", "letter"),
        ("description", CALLS),
        ("subject", "mortgage"),
        ("severity", "high"),
        ("vulnerability", "health"),
    ];
    let new = |said: &[(&str, &str)]| NewCase {
        shell: shell(Section::Queue),
        typed: typed(said),
        products: products(),
        own: own(),
        today: "2026-11-27".to_owned(),
        similar: Vec::new(),
        key: "k".to_owned(),
        refused: None,
        wrong: Vec::new(),
        accepted: String::new(),
    };
    vec![
        ("new-case", new(&[("severity", "medium")])),
        (
            "new-case-similar",
            NewCase {
                similar: vec![
                    Similar {
                        row: row(0),
                        why: "word for word the same, the same consumer about the same product within 30 days"
                            .to_owned(),
                    },
                    Similar { row: row(5), why: "most of the text is the same".to_owned() },
                ],
                ..new(&said)
            },
        ),
        (
            "new-case-wrong",
            NewCase {
                refused: Some(Refused { title: "Invalid request".to_owned(), words: Vec::new() }),
                wrong: vec![
                    ("name".to_owned(), "must have at least one character".to_owned()),
                    ("received_on".to_owned(), "must not be in the future".to_owned()),
                ],
                ..new(&said)
            },
        ),
        ("new-case-accepted", NewCase { accepted: "NWB-4K7Q-9M2X".to_owned(), ..new(&[]) }),
    ]
}

/// Each, by name.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let mut pages: Vec<_> = queues().iter().map(|(name, page)| (*name, html(page).unwrap())).collect();
    pages.extend(new_jobs().iter().map(|(name, page)| (*name, html(page).unwrap())));
    pages.extend(job_pages().iter().map(|(name, page)| (*name, html(page).unwrap())));
    pages.extend(new_cases().iter().map(|(name, page)| (*name, html(page).unwrap())));
    let with_keys = html(&full()).unwrap().replace("<dialog id=\"keys\"", "<dialog id=\"keys\" open");
    pages.push(("queue-keys", with_keys));
    let jobs = |jobs| html(&Jobs { shell: shell(Section::Jobs), jobs, next: "/app/jobs?after=1".to_owned() }).unwrap();
    pages.push((
        "jobs",
        jobs(vec![
            job("running", false, [1_204, 611, 590, 14, 7]),
            job("done", true, [6, 6, 2, 1, 3]),
            Job {
                what: "Tag: put on storm-2026".to_owned(),
                over: "12 selected complaints".to_owned(),
                ..job("done", false, [12, 12, 12, 0, 0])
            },
            Job { by: "a program".to_owned(), ..job("cancelled", false, [400, 120, 118, 2, 0]) },
            job("failed", true, [0; 5]),
        ]),
    ));
    pages.push(("jobs-none", jobs(Vec::new())));
    let trouble = |status, title, words, errors| {
        html(&Trouble {
            shell: shell(Section::Queue),
            status,
            title,
            words,
            errors,
            request: "01932f6e-7c1a-7b3e-8d5f-0123456789ab",
        })
        .unwrap()
    };
    pages.push(("trouble", trouble(503, "Unavailable", "The service does not answer", &[])));
    pages.push(("trouble-forbidden", trouble(403, "Forbidden", "This needs the scope complaints:write", &[])));
    pages.push((
        "trouble-invalid",
        trouble(400, "Invalid request", "", &[("/name", "is required"), ("", "must be one of a, b")]),
    ));
    pages
}
