//! The description of the API (OpenAPI 3.1), made from the route table and the Rust types; never shipped in wasm.
//!
//! Invariant: every route is described, and the integration suite holds every answer against its description.

use crate::{
    api::{
        access_events,
        attachments::OneAttachment,
        case_file,
        clocks::Clocks,
        complaints, dead_letters, duplicates, health, inbound_mails, keys,
        letters::{DraftLetter, Kinds, Preview, SendLetter, WholeLetter},
        lock, notifications, own_tenant, people, sign_in, taxonomy, teams, tenants,
        test_clock::{SetClock, TestClock},
        views, webhooks,
    },
    router::{ROUTES, Route},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use shared::{
    access::{Access, Actor},
    attachment::{
        link::Handed,
        upload::{BeginUpload, ShownUpload},
    },
    bulk::{Job, NewJob, Row},
    chain::{CaseFile, Verdict},
    clock::forecast::Forecast,
    complaint::{
        AdrOutcome, Complaint, Payment, Response, command as body,
        event::Event,
        intake::NewComplaint,
        projection::{Facet, Summary},
    },
    exchange::{answer::ImportLine, mapping::Mapping},
    flags::Flags,
    http::problem::{Code, Problem},
    identity::person::{NewPerson, Person, PersonPatch},
    ids::{BulkId, ComplaintId, ViewId},
    letter::firm_template::{FirmTemplate, TemplateText},
    live::ticket::{Handed as HandedTicket, NewTicket},
    lock::{Lock, ShownLock},
    mail::InboundMail,
    notification::{
        opt_out::{OptOut, SetOptOut},
        settings::Settings as NotificationSettings,
    },
    object::rate_limiter::PlanUsage,
    outbound_mail::callback::ProviderEvent,
    spool::Accepted,
    statistics::Statistics,
    tenant::{
        NewShard, NewTenant, Tenant, TenantPatch,
        api_key::{ApiKey, IssuedKey, NewKey, Rotation},
        event::TenantEvent,
        relocation::{NewRelocation, Relocation},
    },
    text::Line,
    time::Timestamp,
    view::{Sharing, ViewFields},
    webhook::endpoint::{EndpointFields, Replay, Rotation as SecretRotation, ShownEndpoint},
};

/// A complaint, and who works on it now.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: complaints are answered as the JSON that is stored")]
struct ComplaintAndLock {
    #[serde(flatten)]
    complaint: Complaint,
    /// Who has locked it, if anybody has. The one member that is not part of the case file, and that changes without a
    /// new version.
    lock: Option<ShownLock>,
}

/// A saved view, and how many complaints it shows now.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the handler writes this JSON itself")]
struct View {
    /// The id.
    id: ViewId,
    /// What people call it; an owner has each name once.
    name: Line<100>,
    /// What it shows, as the query string of `GET /v1/complaints`: its filters and `q`, without `?`.
    filter: String,
    /// Whose it is: the id of a member of staff, as in `assignee`.
    owner: Line<100>,
    /// Who else is to see it.
    sharing: Sharing,
    /// With `team`: which.
    team: Option<Line<100>>,
    /// Grows with every change; the `ETag` is `"v<version>"`.
    version: u32,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
    /// The one member that changes without a new version. `null` in a list for a view that searches (`q`): read the view.
    count: Option<views::Count>,
}

/// Saved views.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the handler writes this JSON itself")]
struct Views {
    /// In the order they were made; at most 200.
    data: Vec<View>,
}

/// Templates.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the store writes this JSON itself")]
struct Templates {
    /// By kind, language and brand; `blocks` is empty.
    data: Vec<FirmTemplate>,
}

/// The body of `POST /v1/views`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is used: the handler reads the body of a PATCH and says what is missing")]
struct NewView {
    /// What people call it; an owner has each name once.
    name: Line<100>,
    /// What it shows, as the query string of `GET /v1/complaints`: its filters and `q`, without `?`; at most 4,000 bytes.
    filter: String,
    /// Whose it is: the id of a member of staff, as in `assignee`.
    owner: Line<100>,
    /// Who else is to see it. Default: nobody.
    sharing: Option<Sharing>,
    /// With `team`: which.
    team: Option<Line<100>>,
}

/// Nothing.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct NoContent;

/// A page of complaints.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the store writes this JSON itself")]
struct ComplaintPage {
    /// In the order that was asked for. Where thousands were looked at in vain, fewer than a page, though there may be more.
    data: Vec<Summary<'static>>,
    /// Whether the list goes on.
    has_more: bool,
    /// `cursor` for what comes after.
    next: Option<String>,
    /// `cursor` for what came before.
    prev: Option<String>,
}

/// A page of events.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the store writes this JSON itself")]
struct EventPage {
    /// Oldest first.
    data: Vec<Event>,
    /// `after` for later ones, if there may be some.
    next_after: Option<u32>,
}

/// An event of any complaint.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the handler writes this JSON itself")]
struct Change {
    /// 1, 2, 3, … among all events of the tenant. It never changes.
    number: u64,
    /// The complaint.
    complaint: ComplaintId,
    /// What happened.
    event: Event,
}

/// Some of the change feed.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the handler writes this JSON itself")]
struct ChangePage {
    /// In the order of numbers, without a gap.
    data: Vec<Change>,
    /// Whether more is there already.
    has_more: bool,
    /// `since` for what follows; good for as long as the tenant exists.
    next: String,
}

/// What has happened to a firm's settings and keys: names of what changed, and no values.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the store writes this JSON itself")]
struct HappenedToTenant {
    /// Its number: 1, 2, 3, …
    nr: u64,
    /// When.
    at: Timestamp,
    /// By whom: somebody of the staff, a key, or an operator of the service.
    actor: Actor,
    /// What.
    event: TenantEvent,
}

/// What has happened, the newest first; at most 100.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the handler writes this JSON itself")]
struct TenantEvents {
    data: Vec<HappenedToTenant>,
}

/// A page of bulk jobs.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the handler writes this JSON itself")]
struct BulkJobs {
    /// Newest first.
    data: Vec<Job>,
    /// `after` for older ones, if there are some.
    next_after: Option<BulkId>,
}

/// What became of a complaint in a job.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the handler writes this JSON itself")]
struct BulkRow {
    /// The complaint.
    complaint: ComplaintId,
    #[serde(flatten)]
    row: Row,
}

/// A page of a job's rows.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used: the handler writes this JSON itself")]
struct BulkRows {
    /// In the order of the complaints' ids.
    data: Vec<BulkRow>,
    /// `after` for the next page, if there is one.
    next_after: Option<ComplaintId>,
}

/// A row of an import: each line is one.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum ImportRow {
    /// A complaint to log.
    New(Box<NewComplaint>),
    /// A case file to take over, as an export with events gives it.
    File(CaseFile),
    /// With a mapping: an object whose members are the mapping's columns; and in the first line the mapping, if the
    /// parameter says so.
    Mapped(Mapping),
}

/// A line of an export.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used: the handler writes this JSON itself")]
enum ExportLine {
    /// A complaint.
    Complaint {
        #[serde(flatten)]
        complaint: Box<Complaint>,
        /// `cursor` for what follows it.
        cursor: String,
    },
    /// A case file, with `with=events`.
    File {
        #[serde(flatten)]
        file: CaseFile,
        /// `cursor` for what follows it.
        cursor: String,
    },
    /// The last line. An answer without it was cut off.
    End {
        /// `redress-export/1`
        format: String,
        /// How many complaints came before.
        complaints: u64,
        /// Whether these were all.
        complete: bool,
        /// If not, `cursor` for those that follow.
        next: Option<String>,
    },
}

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What the route table does not say.
struct Operation {
    route: (&'static str, &'static str),
    tag: &'static str,
    summary: &'static str,
    request: Option<SchemaOf>,
    status: &'static str,
    answer: SchemaOf,
    query: &'static [(&'static str, &'static str)],
    more: &'static [(&'static str, &'static str)],
    versioned: Header,
    lock: Header,
    /// What 202 says, if it may be answered so.
    accepted: Option<SchemaOf>,
    /// What the body is, if it is not one value of JSON: the media types, each with whether its lines are values.
    takes: &'static [(&'static str, bool)],
    /// What the answer is, likewise.
    gives: &'static [(&'static str, bool)],
}

/// Whether a header is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    No,
    May,
    Must,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const FILE_NAME: &[(&str, &str)] =
    &[("name", "What the file is called, with the ending that files of its type have; at most 200 characters")];
const TEMPLATE_VERSION: &[(&str, &str)] =
    &[("version", "That version, even if it is not in force. Default: the one that is")];
const BEFORE: &[(&str, &str)] = &[("before", "The number of the last one seen")];
const ACCESSES: &[(&str, &str)] = &[
    ("before", "The number of the last one seen"),
    ("complaint", "Only reads of this complaint"),
    ("person", "Only reads by this person"),
];
const AFTER_ID: &[(&str, &str)] = &[("after", "The id of the last one seen")];
const WINDOW: &[(&str, &str)] =
    &[("after", "The number of the last event seen; 0 for the beginning"), ("limit", "1 to 500; default 100")];

fn get<T: JsonSchema>(tag: &'static str, path: &'static str, summary: &'static str) -> Operation {
    Operation {
        route: ("GET", path),
        tag,
        summary,
        request: None,
        status: "200",
        answer: of::<T>,
        query: &[],
        more: &[],
        versioned: Header::No,
        lock: Header::No,
        accepted: None,
        takes: &[(JSON, true)],
        gives: &[(JSON, true)],
    }
}

const JSON: &str = "application/json";
const BYTES: &str = "*/*";
const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";
const PROMETHEUS: &str = "text/plain";

fn post<B: JsonSchema, T: JsonSchema>(
    tag: &'static str,
    path: &'static str,
    status: &'static str,
    summary: &'static str,
) -> Operation {
    Operation { route: ("POST", path), request: Some(of::<B>), status, ..get::<T>(tag, path, summary) }
}

fn command<B: JsonSchema>(path: &'static str, summary: &'static str) -> Operation {
    Operation {
        versioned: Header::Must,
        lock: Header::May,
        ..post::<B, ComplaintAndLock>("commands", path, "200", summary)
    }
}

#[rustfmt::skip]
fn operations() -> Vec<Operation> {
    vec![
        get::<health::Health>("service", "/healthz", "Whether the service answers"),
        get::<health::Readiness>("service", "/readyz", "Whether its dependencies answer, with timings"),
        Operation { gives: &[(PROMETHEUS, false)], ..get::<String>("service", "/metrics", "What operators measure, as Prometheus reads it") },

        get::<taxonomy::FirmTaxonomy>("tenants", "/v1/tenant/taxonomy",
            "What the tenant's complaints can be about, as it calls it, and what of that it has left out"),
        post::<NewTenant, Tenant>("tenants", "/v1/tenants", "201", "Create a tenant"),
        Operation { query: AFTER_ID, ..get::<tenants::Tenants>("tenants", "/v1/tenants", "List tenants") },
        get::<Tenant>("tenants", "/v1/tenants/{id}", "Read a tenant"),
        Operation { route: ("PATCH", "/v1/tenants/{id}"), versioned: Header::Must,
            ..post::<TenantPatch, Tenant>("tenants", "", "200", "Rename a tenant, or change its plan, custom fields, what it uses of its taxonomy or what clocks depend on") },
        Operation { versioned: Header::Must,
            ..post::<body::Nothing, Tenant>("tenants", "/v1/tenants/{id}/suspend", "200", "Stop serving a tenant") },
        Operation { versioned: Header::Must,
            ..post::<body::Nothing, Tenant>("tenants", "/v1/tenants/{id}/resume", "200", "Serve a tenant again") },
        Operation { versioned: Header::Must,
            ..post::<NewShard, Tenant>("tenants", "/v1/tenants/{id}/shards", "200",
                "Put a share of a tenant's new complaints on one more shard") },
        Operation { versioned: Header::Must,
            ..post::<body::Nothing, Tenant>("tenants", "/v1/tenants/{id}/delete", "200", "Serve a tenant never again") },
        Operation { versioned: Header::Must,
            ..post::<NewRelocation, Relocation>("tenants", "/v1/tenants/{id}/relocation", "202", "Move a tenant to another cell") },
        get::<Relocation>("tenants", "/v1/tenants/{id}/relocation", "Read how far a tenant's newest move is"),
        post::<body::Nothing, Relocation>("tenants", "/v1/tenants/{id}/relocation/advance", "200",
            "Do some of a move's work now; cron does it otherwise"),
        post::<body::Nothing, Relocation>("tenants", "/v1/tenants/{id}/relocation/cancel", "200",
            "Give a move up, before the switch"),
        get::<PlanUsage>("tenants", "/v1/tenants/{id}/usage", "Read what a tenant's plan allows and how much is used"),
        post::<NewKey, IssuedKey>("keys", "/v1/tenants/{id}/keys", "201", "Issue an API key; its secret is shown once"),
        get::<keys::Keys>("keys", "/v1/tenants/{id}/keys", "List a tenant's keys, without secrets"),
        post::<Rotation, IssuedKey>(
            "keys", "/v1/tenants/{id}/keys/{key}/rotate", "201", "Put a new key in a key's place; the old one works on for a while"),
        post::<body::Nothing, ApiKey>("keys", "/v1/tenants/{id}/keys/{key}/revoke", "200", "Revoke a key"),
        get::<own_tenant::OwnTenant<'static>>("own settings", "/v1/tenant", "Read the firm's own settings"),
        Operation { route: ("PATCH", "/v1/tenant"), versioned: Header::Must,
            ..post::<TenantPatch, own_tenant::OwnTenant<'static>>("own settings", "", "200",
                "Change the firm's own settings; `slug`, `plan` and `limits` are changed by the operator of the service") },
        Operation { query: BEFORE,
            ..get::<TenantEvents>("own settings", "/v1/tenant/events",
                "List what has happened to the firm's settings and keys, and who did it, the newest first: names, no values") },
        get::<keys::Keys>("own settings", "/v1/keys", "List the firm's own keys, without secrets"),
        post::<NewKey, IssuedKey>("own settings", "/v1/keys", "201",
            "Issue an API key; its secret is shown once. A key gives no more than it has"),
        post::<Rotation, IssuedKey>(
            "own settings", "/v1/keys/{key}/rotate", "201", "Put a new key in a key's place; the old one works on for a while"),
        post::<body::Nothing, ApiKey>("own settings", "/v1/keys/{key}/revoke", "200", "Revoke a key"),
        get::<Flags>("flags", "/v1/flags", "Read which parts of the service are switched off, in this cell"),
        Operation { route: ("PUT", "/v1/flags"),
            ..post::<Flags, Flags>("flags", "", "200", "Switch parts of the service off and on, in this cell: all at once") },
        Operation { query: AFTER_ID,
            ..get::<dead_letters::DeadLetters>("dead letters", "/v1/dead-letters", "List messages that failed all retries") },
        post::<body::Nothing, dead_letters::DeadLetter>(
            "dead letters", "/v1/dead-letters/{id}/replay", "200", "Send such a message again"),

        get::<PlanUsage>("usage", "/v1/usage", "Read what the plan allows and how much is used"),

        Operation { query: FEED,
            ..get::<ChangePage>("changes", "/v1/changes",
                "Follow every event of every complaint, once each and in an order that never changes") },

        Operation { query: LIVE, status: "101",
            ..get::<NoContent>("live", "/v1/live",
                "Open a WebSocket (`Upgrade: websocket`) that is told of every change as it comes; `docs/live.md` says what is sent") },
        post::<NewTicket, HandedTicket>("live", "/v1/live-tickets", "200",
            "Get a ticket with which a browser opens such a socket, once and within a minute"),

        Operation { query: FORECAST,
            ..get::<Forecast>("deadlines", "/v1/deadlines/forecast",
                "How many complaints have something due by law on which day, and what that means if nobody works on some of them") },
        Operation { query: STATISTICS,
            ..get::<Statistics>("complaints", "/v1/statistics",
                "How many complaints were received and resolved from day to day, how they ended and how long that took; and how old those are that are open") },
        get::<TestClock>("deadlines", "/v1/test-clock", "What time it is for the complaints of a tenant on the sandbox plan"),
        Operation { route: ("PUT", "/v1/test-clock"),
            ..post::<SetClock, TestClock>("deadlines", "", "200",
                "Move the time of all complaints of a tenant on the sandbox plan forward: what falls due meanwhile happens") },

        post::<EndpointFields, ShownEndpoint>("webhooks", "/v1/webhook-endpoints", "201",
            "Have a system of the firm's own told of what happens (Standard Webhooks); `url` is required. The answer has the secret"),
        get::<webhooks::Endpoints>("webhooks", "/v1/webhook-endpoints", "List endpoints, each with how it fares"),
        get::<ShownEndpoint>("webhooks", "/v1/webhook-endpoints/{id}", "Read an endpoint"),
        Operation { route: ("PATCH", "/v1/webhook-endpoints/{id}"), versioned: Header::Must,
            ..post::<EndpointFields, ShownEndpoint>("webhooks", "", "200", "Change an endpoint, disable or enable it") },
        Operation { route: ("DELETE", "/v1/webhook-endpoints/{id}"), status: "204", versioned: Header::Must,
            ..get::<NoContent>("webhooks", "", "Remove an endpoint; what was not sent to it is given up") },
        Operation { versioned: Header::Must,
            ..post::<SecretRotation, ShownEndpoint>("webhooks", "/v1/webhook-endpoints/{id}/rotate-secret", "200",
                "Make a new secret and key pair, which the answer has; the old ones sign along for a while") },
        post::<body::Nothing, webhooks::Test>("webhooks", "/v1/webhook-endpoints/{id}/test", "202", "Send a `webhook.test` now"),
        Operation { query: WEBHOOK_LOG,
            ..get::<webhooks::LogPage>("webhooks", "/v1/webhook-endpoints/{id}/deliveries",
                "What was sent, is sent and will be sent to an endpoint, and what became of it; kept for 30 days") },
        post::<Replay, webhooks::Replayed>("webhooks", "/v1/webhook-endpoints/{id}/replay", "202",
            "Send messages again, with the ids they had: those of a time, or all that were not delivered"),

        Operation { query: MAILS,
            ..get::<inbound_mails::Mails>("mail", "/v1/inbound-mails", "List mails that came in, and what became of each") },
        get::<InboundMail>("mail", "/v1/inbound-mails/{id}", "Read what became of a mail"),
        Operation { gives: &[(BYTES, false)],
            ..get::<NoContent>("mail", "/v1/inbound-mails/{id}/raw", "The mail itself, byte for byte as it came") },
        post::<body::Nothing, InboundMail>("mail", "/v1/inbound-mails/{id}/retry", "202",
            "Have a mail in quarantine, or one that was ignored, read once more, and taken whatever sort of mail it is"),
        Operation { query: NOTIFICATIONS,
            ..get::<notifications::NotificationPage>("notifications", "/v1/notifications",
                "Who was told of what, by which way, and what became of it") },
        post::<body::Nothing, notifications::Shown>("notifications", "/v1/notifications/{id}/retry", "200",
            "Send a notification anew that was given up; another stays as it is"),
        get::<NotificationSettings>("notifications", "/v1/notifications/rules",
            "Who hears of what, by which way, in which words: those of the service (version 0) until the firm sets its own"),
        Operation { route: ("PUT", "/v1/notifications/rules"), versioned: Header::Must,
            ..post::<NotificationSettings, NotificationSettings>("notifications", "", "200", "Set who hears of what") },
        get::<OptOut>("notifications", "/v1/complaints/{id}/opt-out", "Whether the people of a complaint want to hear of its progress"),
        Operation { route: ("PUT", "/v1/complaints/{id}/opt-out"),
            ..post::<SetOptOut, OptOut>("notifications", "", "200",
                "Note whether the people of a complaint want to hear of its progress. What the law requires they are sent in any case") },
        post::<ProviderEvent, NoContent>("notifications", "/mail-events", "204",
            "What has become of a mail, by the provider that has taken it over; signed by Standard Webhooks"),
        Operation { gives: &[("text/html", false)],
            ..get::<NoContent>("notifications", "/opt-out/{token}", "The page that a mail's link leads to, by which its reader opts out") },
        Operation { route: ("POST", "/opt-out/{token}"), gives: &[("text/html", false)],
            ..get::<NoContent>("notifications", "", "Opt out: by that page, or by a mailbox (RFC 8058)") },

        post::<NewPerson, Person>("people", "/v1/people", "201", "Enter somebody of the staff: they sign in by this address"),
        Operation { query: AFTER_ID,
            ..get::<people::People>("people", "/v1/people", "List the staff, in the order in which they were entered") },
        get::<Person>("people", "/v1/people/{id}", "Read somebody of the staff"),
        Operation { route: ("PATCH", "/v1/people/{id}"), versioned: Header::Must,
            ..post::<PersonPatch, Person>("people", "", "200", "Change somebody: other roles are in force within seconds") },
        post::<body::Nothing, Person>("people", "/v1/people/{id}/deactivate", "200", "Let somebody in no more: all their sessions end"),
        post::<body::Nothing, Person>("people", "/v1/people/{id}/reactivate", "200", "Let somebody in again, if a seat is free"),
        Operation { query: BEFORE,
            ..get::<people::PersonEvents>("people", "/v1/people/{id}/events", "List what has happened to somebody, the newest first: names, no values") },
        get::<people::Sessions>("people", "/v1/people/{id}/sessions", "List where somebody is signed in"),
        Operation { route: ("DELETE", "/v1/people/{id}/sessions/{session}"), status: "204",
            ..get::<NoContent>("people", "", "End a session: its tokens are refused within seconds") },
        post::<teams::TeamName, teams::ShownTeam>("people", "/v1/teams", "201", "Make a team; who is in it is said of people"),
        Operation { query: AFTER_ID,
            ..get::<teams::Teams>("people", "/v1/teams", "List teams, in the order in which they were made") },
        get::<teams::ShownTeam>("people", "/v1/teams/{id}", "Read a team, and who is in it"),
        Operation { route: ("PATCH", "/v1/teams/{id}"), versioned: Header::Must,
            ..post::<teams::TeamName, teams::ShownTeam>("people", "", "200", "Give a team another name") },
        Operation { route: ("DELETE", "/v1/teams/{id}"), status: "204", versioned: Header::Must,
            ..get::<NoContent>("people", "", "Remove a team: nobody is in it any more") },
        get::<sign_in::ShownSignIn>("people", "/v1/sign-in", "Read how the staff sign in"),
        Operation { route: ("PUT", "/v1/sign-in"), versioned: Header::May,
            ..post::<sign_in::NewSignIn, sign_in::ShownSignIn>("people", "", "200", "Say how the staff sign in: by the firm's provider, or by links") },
        Operation { query: ACCESSES,
            ..get::<access_events::AccessEvents>("people", "/v1/access-events", "List who of the staff has read which complaint or list, the newest first") },

        post::<NewView, View>("views", "/v1/views", "201", "Save a view: a filter of lists with a name"),
        Operation { query: VIEWS,
            ..get::<Views>("views", "/v1/views", "List saved views, each with how many complaints it shows") },
        get::<View>("views", "/v1/views/{id}", "Read a saved view, with how many complaints it shows"),
        Operation { route: ("PATCH", "/v1/views/{id}"), versioned: Header::Must,
            ..post::<ViewFields, View>("views", "", "200", "Change a saved view") },
        Operation { route: ("DELETE", "/v1/views/{id}"), status: "204", versioned: Header::Must,
            ..get::<NoContent>("views", "", "Remove a saved view; its complaints stay") },

        Operation { accepted: Some(of::<Accepted>),
            ..post::<NewComplaint, ComplaintAndLock>("complaints", "/v1/complaints", "201",
                "Log a complaint. 202: it is accepted, and logged when its database takes it") },
        Operation { query: FILTERS, more: PAGES,
            ..get::<ComplaintPage>("complaints", "/v1/complaints", "List complaints, newest receipt first; all filters must match") },
        Operation { query: IMPORT, takes: &[(NDJSON, true), (CSV, false)], gives: &[(NDJSON, true)],
            ..post::<ImportRow, ImportLine>("import and export", "/v1/complaints:import", "200",
                "Log many complaints, a row each; the answer has a line a row, in their order, and a summary at the end") },
        Operation { query: FILTERS, more: EXPORT, gives: &[(NDJSON, true), (CSV, false)],
            ..get::<ExportLine>("import and export", "/v1/complaints:export",
                "Take all complaints of a list along, newest receipt first: as lines of JSON, as case files, or as a table") },
        get::<complaints::Counts>("complaints", "/v1/complaints/counts", "Count complaints by state, product, assignee, team and when something is due"),
        Operation { query: &[("at", "Answer as of this moment, RFC 3339")],
            ..get::<ComplaintAndLock>("complaints", "/v1/complaints/{id}", "Read a complaint, now or as of any past moment") },
        Operation { query: CLOCKS,
            ..get::<Clocks>("complaints", "/v1/complaints/{id}/clocks",
                "What the law asks of a complaint, and when: each clock with its rule and how every day was counted") },
        Operation { query: WINDOW,
            ..get::<EventPage>("case file", "/v1/complaints/{id}/events", "Read a complaint's events, oldest first") },
        get::<Verdict>("case file", "/v1/complaints/{id}/verify", "Prove that nothing was altered"),
        get::<CaseFile>("case file", "/v1/complaints/{id}/case-file", "Export the case file for checking elsewhere"),
        Operation { query: FILTERS,
            ..get::<duplicates::Duplicates>("complaints", "/v1/complaints/{id}/duplicates",
                "List complaints that may be the same one told again, or of one campaign; all filters must match") },
        Operation { query: FILTERS,
            ..post::<NewComplaint, duplicates::Duplicates>("complaints", "/v1/complaints/duplicates", "200",
                "The same for a complaint that is not logged yet; nothing is written") },
        Operation { query: WINDOW,
            ..get::<case_file::Deliveries>("case file", "/v1/complaints/{id}/deliveries", "List who is to be told of what") },

        post::<NewJob, Job>("bulk", "/v1/bulk", "202", "Give one command to many complaints, or see what would become of it"),
        Operation { query: AFTER_ID, ..get::<BulkJobs>("bulk", "/v1/bulk", "List bulk jobs, newest first; they are kept for 90 days") },
        get::<Job>("bulk", "/v1/bulk/{id}", "Read how far a bulk job is"),
        Operation { query: BULK_ROWS, ..get::<BulkRows>("bulk", "/v1/bulk/{id}/rows", "List what became of each complaint") },
        post::<body::Nothing, Job>("bulk", "/v1/bulk/{id}/cancel", "200", "Stop a bulk job before its next row; what was done stays done"),

        Operation { route: ("PUT", "/v1/complaints/{id}/lock"), lock: Header::May,
            ..post::<lock::Taking, Lock>("locks", "", "200", "Lock a case to work on it, or hold the lock for longer") },
        Operation { route: ("DELETE", "/v1/complaints/{id}/lock"), status: "204", lock: Header::Must,
            ..get::<NoContent>("locks", "", "Give a lock back") },
        Operation { route: ("PUT", "/v1/complaints/{id}/lock/holder"),
            ..post::<lock::Taking, Lock>("locks", "", "200", "Take a lock over from whoever holds it") },

        get::<Kinds>("letters", "/v1/letters/kinds", "Every kind of letter: what has to be in it, by which rule, and its template"),
        get::<Templates>("letters", "/v1/letters/templates", "List the firm's own templates that are in force, without their text"),
        Operation { query: TEMPLATE_VERSION,
            ..get::<FirmTemplate>("letters", "/v1/letters/templates/{kind}/{language}/{brand}",
                "Read the template for a kind of letter, in a language and of a brand; `firm` is the brand of letters that are of no other") },
        Operation { route: ("PUT", "/v1/letters/templates/{kind}/{language}/{brand}"), versioned: Header::May,
            ..post::<TemplateText, FirmTemplate>("letters", "", "200",
                "Save a version of a template. The first takes no `If-Match`; what is there already makes no new version") },
        Operation { route: ("DELETE", "/v1/letters/templates/{kind}/{language}/{brand}"), status: "204", versioned: Header::Must,
            ..get::<NoContent>("letters", "", "Withdraw a template; its versions can still be read") },
        post::<DraftLetter, Preview>("letters", "/v1/complaints/{id}/letters/preview", "200",
            "See a letter before it is drafted, and what is missing in it; nothing is written"),
        Operation { tag: "letters", ..command::<DraftLetter>("/v1/complaints/{id}/letters", "Draft a letter, or draft it anew") },
        get::<WholeLetter>("letters", "/v1/complaints/{id}/letters/{letter}", "Read a letter and what is missing in it"),
        Operation { gives: &[("text/html", false)],
            ..get::<NoContent>("letters", "/v1/complaints/{id}/letters/{letter}/html", "The letter as it was sent, byte for byte") },
        Operation { gives: &[("application/pdf", false)],
            ..get::<NoContent>("letters", "/v1/complaints/{id}/letters/{letter}/pdf", "The same on paper: a tagged PDF, as it was sent, byte for byte") },
        Operation { tag: "letters", ..command::<body::Nothing>("/v1/complaints/{id}/letters/{letter}/approve",
            "Approve a draft of somebody else's") },
        Operation { query: FILE_NAME, takes: &[(BYTES, false)],
            ..post::<NoContent, ComplaintAndLock>("attachments", "/v1/complaints/{id}/attachments", "200",
                "Attach a file: the body is its bytes, of any `Content-Type`, for what it is its content says. Takes no `If-Match`: evidence changes nothing that others have read") },
        get::<OneAttachment>("attachments", "/v1/complaints/{id}/attachments/{attachment}", "Read what is known of an attachment, and whether it can be given out"),
        Operation { route: ("DELETE", "/v1/complaints/{id}/attachments/{attachment}"), lock: Header::May, versioned: Header::Must,
            ..post::<body::MustReason, ComplaintAndLock>("attachments", "", "200",
                "Take the bytes of an attachment away; its name and hash stay in the case file") },
        post::<body::Nothing, Handed>("attachments", "/v1/complaints/{id}/attachments/{attachment}/link", "200",
            "Get a link to an attachment that is clean, good for 15 minutes"),
        Operation { gives: &[("image/jpeg", false)],
            ..get::<NoContent>("attachments", "/v1/complaints/{id}/attachments/{attachment}/thumbnail",
                "A picture that is clean, as a JPEG of at most 320 by 320 pixels; 404 if it is no JPEG, PNG, GIF or WebP") },
        post::<BeginUpload, ShownUpload>("attachments", "/v1/complaints/{id}/uploads", "201",
            "Begin a file that comes in parts, of up to 1,000,000,000 bytes"),
        get::<ShownUpload>("attachments", "/v1/complaints/{id}/uploads/{upload}", "Which parts are still to come"),
        Operation { route: ("PUT", "/v1/complaints/{id}/uploads/{upload}/parts/{part}"), takes: &[(BYTES, false)],
            ..post::<NoContent, ShownUpload>("attachments", "", "200",
                "Send a part: the body is its bytes. Sent again, it takes the place of what was there") },
        post::<body::Nothing, ComplaintAndLock>("attachments", "/v1/complaints/{id}/uploads/{upload}/complete", "200",
            "Make an attachment of the parts, once all are there"),
        Operation { route: ("DELETE", "/v1/complaints/{id}/uploads/{upload}"), status: "204",
            ..get::<NoContent>("attachments", "", "Give an upload up; what has come is deleted") },
        Operation { gives: &[(BYTES, false)],
            ..get::<NoContent>("attachments", "/v1/files/{token}", "The file that a link is to; or with `Range` a part of it") },
        Operation { tag: "letters", ..command::<SendLetter>("/v1/complaints/{id}/letters/{letter}/send",
            "Send a letter: it is sealed, and the clocks that wait for it stop") },

        command::<body::Acknowledge>("/v1/complaints/{id}/acknowledge", "Tell the complainant that the firm has it"),
        command::<body::Assign>("/v1/complaints/{id}/assign", "Give it to somebody"),
        command::<body::Nothing>("/v1/complaints/{id}/investigate", "Start or resume work"),
        command::<body::Classify>("/v1/complaints/{id}/classify", "Say what it is about"),
        command::<body::Note>("/v1/complaints/{id}/note", "Add an internal note"),
        command::<body::Contact>("/v1/complaints/{id}/contact", "Record a contact with the complainant"),
        command::<body::RequestInformation>("/v1/complaints/{id}/request-information", "Ask the complainant"),
        command::<Response>("/v1/complaints/{id}/propose-response", "Draft the answer"),
        command::<body::Resolve>("/v1/complaints/{id}/resolve", "Answer, with outcome and redress"),
        command::<body::MayReason>("/v1/complaints/{id}/close", "File it"),
        command::<body::MustReason>("/v1/complaints/{id}/reopen", "Take it up again"),
        command::<body::MustReason>("/v1/complaints/{id}/withdraw", "Record that the complainant took it back"),
        command::<body::Refer>("/v1/complaints/{id}/refer", "Record that it went to an ombudsman or another scheme"),
        command::<body::LinkTo>("/v1/complaints/{id}/link", "Tie it to another complaint"),
        command::<body::Unlink>("/v1/complaints/{id}/unlink", "Undo a tie"),
        command::<body::Correct>("/v1/complaints/{id}/correct", "Put wrong entries right; the events keep what they were"),
        command::<body::RecordMilestone>("/v1/complaints/{id}/milestone", "Record something that clocks wait for and that no other command says"),
        command::<body::RetractMilestone>("/v1/complaints/{id}/retract-milestone",
            "Take back a milestone that was recorded in error: to clocks it never was"),
        command::<Payment>("/v1/complaints/{id}/pay-redress", "Record that redress was paid"),
        command::<AdrOutcome>("/v1/complaints/{id}/record-adr-outcome", "Record what an ombudsman or another scheme came to"),
        command::<body::Label>("/v1/complaints/{id}/label",
            "Say which of the staff may see it: those with a clearance for each of its labels"),
        command::<body::Split>("/v1/complaints/{id}/split",
            "Split off matters that have clocks and answers of their own, as complaints that are part of it"),
        command::<body::MustReason>("/v1/complaints/{id}/rejoin", "Take a part back into the complaint it was split off from"),
        command::<body::MoveClocks>("/v1/complaints/{id}/move-clocks",
            "Move it to other versions of rules or calendars than those its clocks started under"),
    ]
}

const SEARCH: &str = "Words that were said in it: in the description, names, notes, contacts and answers. `\"a phrase\"`, \
beginnings of three letters or more (`refun*`), `AND`, `OR`, `NOT` or `-word`, parentheses. Case and diacritics do not matter. \
At most 1,000 bytes and 32 words";

/// What lists filter by.
const FILTERS: &[(&str, &str)] = &[
    (Facet::State.as_str(), "Where it stands"),
    (Facet::Product.as_str(), "A product code"),
    (Facet::Issue.as_str(), "An issue code"),
    (Facet::Assignee.as_str(), "Who works on it"),
    ("unassigned", "`true`: those that are open and that nobody works on"),
    (Facet::Team.as_str(), "The team that works on it"),
    (Facet::Channel.as_str(), "How it came in"),
    (Facet::Severity.as_str(), "How bad it is"),
    (Facet::Tag.as_str(), "A label; may be repeated, all must match"),
    (Facet::LinkedTo.as_str(), "The id of a complaint it is tied to"),
    ("q", SEARCH),
    ("view", "The id of a saved view: what it shows, of which the other parameters must match, too"),
    ("received_from", "Received at this moment or later, RFC 3339"),
    ("received_to", "Received before this moment, RFC 3339"),
];

/// What else a list is asked for.
const PAGES: &[(&str, &str)] = &[
    (
        "order",
        "`newest` receipt first (the default); what is `due` soonest by law first, and nothing else; or with `q` by `relevance`: the 100 \
newest that are found, the best first, on one page",
    ),
    (
        "due",
        "Only what is due then, the soonest first: `overdue`, `today`, in `3_days`, in `7_days`, `later`, each without what is sooner",
    ),
    ("reference", "The one complaint with this reference"),
    ("external_reference", "The one complaint with this id of the tenant's own"),
    ("limit", "1 to 200; default 50"),
    ("cursor", "`next` or `prev` of another page of the same list"),
];

const CLOCKS: &[(&str, &str)] = &[
    ("at", "Answer as of this moment, RFC 3339; of one to come, as if nothing happened until then"),
    (
        "version",
        "A version of a pack or calendar, such as `gb-ofcom@2026-04-08`; may be repeated. Answer as if the complaint were moved to it, \
and say what that changes",
    ),
];

const STATISTICS: &[(&str, &str)] = &[
    ("from", "The first day (UTC); default 27 days before `to`"),
    ("to", "The last day, at most 399 days later; default today"),
];
const FORECAST: &[(&str, &str)] = &[
    ("days", "1 to 366; default 60"),
    (
        "idle",
        "When nobody works: a date, a day of the week (`mon` to `sun`), or `closed` for weekends and holidays; may be repeated",
    ),
];

const BULK_ROWS: &[(&str, &str)] =
    &[("after", "The id of the last complaint seen"), ("outcome", "Only rows of which this became")];

const MAILS: &[(&str, &str)] = &[
    ("after", "The id of the last one seen"),
    ("state", "Only those that are so far: `received`, `taken`, `ignored`, `quarantined`"),
];

const WEBHOOK_LOG: &[(&str, &str)] = &[("after", "`next` of another page"), ("limit", "1 to 200; default 50")];

const NOTIFICATIONS: &[(&str, &str)] = &[
    ("status", "Only those that stand so"),
    ("complaint", "Those of a complaint: all, at most 1,000"),
    ("after", "`next` of another page"),
    ("limit", "1 to 200; default 50"),
];

const VIEWS: &[(&str, &str)] = &[
    ("visible_to", "The id of a member of staff: the views of theirs and those shared with them"),
    ("team", "A team they belong to, if `visible_to` is given; may be repeated"),
];

const IMPORT: &[(&str, &str)] = &[
    (
        "mapping",
        "What the columns are: a `Mapping` as JSON, or `first_line` if it is the body's first line. Absent: rows of \
NDJSON are complaints or case files, and columns are called as fields are",
    ),
    ("delimiter", "Of CSV: `,` (the default), `;` or `tab`"),
    ("first_row", "The number of the first row; default 1. Rows are told apart by their numbers"),
    ("dry_run", "`true`: say what would happen, and write nothing"),
];

/// What else an export is asked for.
const EXPORT: &[(&str, &str)] = &[
    ("format", "`ndjson` (the default) or `csv`"),
    ("with", "`events`: whole case files, in `ndjson`"),
    ("cursor", "That of the last line that came whole: go on behind it"),
];

const LIVE: &[(&str, &str)] = &[
    (
        "since",
        "The last `next` that the caller has, of a socket or of `GET /v1/changes`; absent or `latest` to begin after the newest",
    ),
    ("complaint", "The id of the only complaint to be told of"),
];

const FEED: &[(&str, &str)] = &[
    ("since", "`next` of the last page; absent for the first event; `latest` to begin after the newest"),
    ("limit", "1 to 200; default 50. A page may have fewer events if they are long"),
    ("wait", "0 to 20; default 0: for how many seconds to wait at most if there is nothing new"),
];

/// What cells say to each other is nobody else's to know; pages are for people, and SCIM describes itself (`/scim/v2/Schemas`).
fn public() -> impl Iterator<Item = &'static Route> {
    let hidden = |route: &&Route| matches!(route.access, Access::Cell | Access::Page | Access::Case);
    ROUTES.iter().filter(move |route| !hidden(route) && !APART.iter().any(|apart| route.path.starts_with(apart)))
}

/// What is not described here.
const APART: [&str; 2] = ["/app", "/scim"];

/// Routes that [`describe`] has no words for; a test keeps it empty.
#[must_use]
pub fn undescribed() -> Vec<(&'static str, &'static str)> {
    let described: Vec<_> = operations().iter().map(|operation| operation.route).collect();
    public().map(|route| (route.method, route.path)).filter(|route| !described.contains(route)).collect()
}

/// The whole document.
#[must_use]
pub fn describe() -> Value {
    let settings =
        || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut answers = settings().for_serialize().into_generator();
    let mut requests = settings().for_deserialize().into_generator();
    let problem = of::<Problem>(&mut answers);
    let mut paths = Map::new();
    for operation in operations() {
        let Some(route) = ROUTES.iter().find(|route| (route.method, route.path) == operation.route) else { continue };
        let described = describe_one(route, &operation, &problem, &mut answers, &mut requests);
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(route.method.to_lowercase(), described);
        }
    }
    let mut schemas = answers.take_definitions(true);
    // What a caller may leave out, an answer always has: so bodies have schemas of their own.
    for (name, schema) in requests.take_definitions(true) {
        schemas.insert(format!("{name}{INPUT}"), as_input(&schema));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Redress",
            "version": env!("CARGO_PKG_VERSION"),
            "description": introduction(),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "tags": TAGS.map(|name| json!({ "name": name })),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "tenant": { "type": "http", "scheme": "bearer", "description": "An API key: rdr_live_… or rdr_test_…" },
                "operator": { "type": "http", "scheme": "bearer", "description": "An operator's key: rdr_op_…" }
            }
        }
    })
}

const INTRODUCTION: &str = "Complaints from receipt to a lawful end. Every failure is a problem document (RFC 9457) with a `code`, \
a `request_id` and, for bad input, `errors` that name each place and rule. Every POST needs an `Idempotency-Key`: repeat it \
on retries and the effect happens once. Every change of a record needs `If-Match` with the `ETag` last read. \
Reads may be answered by a replica: send the `Redress-Bookmark` of your last answer back, and they are at least as new as that. \
`RateLimit-Policy` and `RateLimit` say what the plan allows and how much of it is left; beyond it, 429 with `Retry-After`.";

/// The groups of operations, in reading order.
const TAGS: [&str; 23] = [
    "complaints",
    "views",
    "commands",
    "letters",
    "attachments",
    "deadlines",
    "bulk",
    "locks",
    "case file",
    "changes",
    "live",
    "webhooks",
    "mail",
    "people",
    "own settings",
    "notifications",
    "import and export",
    "usage",
    "tenants",
    "keys",
    "dead letters",
    "flags",
    "service",
];

fn introduction() -> String {
    let rows = Code::ALL.map(Code::parts).map(|(status, name, title)| format!("| {status} | `{name}` | {title} |"));
    format!("{INTRODUCTION}\n\n| Status | `code` | Meaning |\n|---|---|---|\n{}", rows.join("\n"))
}

const INPUT: &str = "Input";

fn as_input(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match (name.as_str(), value.as_str()) {
                ("$ref", Some(to)) => (name.clone(), format!("{to}{INPUT}").into()),
                _ => (name.clone(), as_input(value)),
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(as_input).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

/// A body of these media types. What is not JSON is text.
fn contents(media_types: &[(&str, bool)], schema: &Value) -> Value {
    let of = |is_json: bool| if is_json { schema.clone() } else { json!({ "type": "string" }) };
    let content = |(name, is_json): &(&str, bool)| ((*name).to_owned(), json!({ "schema": of(*is_json) }));
    media_types.iter().map(content).collect::<Map<_, _>>().into()
}

fn describe_one(
    route: &Route,
    operation: &Operation,
    problem: &Schema,
    answers: &mut SchemaGenerator,
    requests: &mut SchemaGenerator,
) -> Value {
    let parameter = |place: &str, name: &str, required: bool, description: &str| json!({ "in": place, "name": name, "required": required, "description": description, "schema": { "type": "string" } });
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<_> = in_path.map(|name| parameter("path", name, true, "An id")).collect();
    let query = operation.query.iter().chain(operation.more);
    parameters.extend(query.map(|(name, words)| parameter("query", name, *name == "name", words)));
    let mut codes = vec![Code::Unavailable, Code::Internal];
    let of_tenant = matches!(route.access, Access::Tenant(_));
    if operation.request.is_some() || !operation.query.is_empty() || of_tenant {
        codes.push(Code::InvalidParameter);
    }
    if of_tenant && route.method == "GET" {
        let words = "That of the last answer: this one is no older than what that has shown";
        parameters.push(parameter("header", "Redress-Bookmark", false, words));
    }
    if route.access != Access::Public {
        codes.extend([Code::Unauthenticated, Code::Forbidden, Code::NotFound]);
    }
    codes.push(Code::QuotaExceeded);
    if operation.lock != Header::No {
        let words = "The `token` of the lock that the caller holds";
        parameters.push(parameter("header", "Redress-Lock", operation.lock == Header::Must, words));
        codes.extend([Code::InvalidHeader, Code::LockLost, Code::Locked]);
    }
    if operation.request.is_some() {
        codes.extend([Code::TooLarge, Code::UnsupportedMediaType, Code::Invalid, Code::IllegalMove]);
    }
    // Nobody who is not one of our callers knows of it.
    if route.method == "POST" && route.access != Access::Public {
        let words = "A value of the caller's own; a retry repeats it";
        parameters.push(parameter("header", "Idempotency-Key", true, words));
    }
    if operation.versioned != Header::No {
        let must = operation.versioned == Header::Must;
        parameters.push(parameter("header", "If-Match", must, "The ETag of the version last read"));
        codes.extend([Code::PreconditionFailed, Code::PreconditionRequired]);
    }
    const IN_A_STATE: [&str; 3] = ["/keys/{key}/rotate", "/relocation", "/uploads/{upload}"];
    if operation.lock != Header::No || IN_A_STATE.iter().any(|part| route.path.contains(part)) {
        codes.push(Code::IllegalMove);
    }
    let answer = (operation.answer)(answers);
    let mut responses = Map::new();
    for code in codes {
        let (status, _, title) = code.parts();
        let content = json!({ Problem::MEDIA_TYPE: { "schema": problem } });
        responses.insert(status.to_string(), json!({ "description": title, "content": content }));
    }
    let content = contents(operation.gives, &answer.to_value());
    if route.path == "/readyz" {
        responses.insert("503".to_owned(), json!({ "description": "A dependency fails", "content": content }));
    }
    if route.path == "/v1/files/{token}" {
        responses.insert("206".to_owned(), json!({ "description": "A part of the file", "content": content }));
        responses.insert("304".to_owned(), json!({ "description": "The caller has it already" }));
        let (status, _, title) = Code::RangeNotSatisfiable.parts();
        let told = json!({ Problem::MEDIA_TYPE: { "schema": problem } });
        responses.insert(status.to_string(), json!({ "description": title, "content": told }));
    }
    let more: &[Code] = match route.path {
        "/mail-events" => &[Code::NotFound, Code::Unauthenticated],
        path if path.contains("{token}") => &[Code::NotFound],
        _ => &[],
    };
    for code in more {
        let (status, _, title) = code.parts();
        let told = json!({ Problem::MEDIA_TYPE: { "schema": problem } });
        responses.insert(status.to_string(), json!({ "description": title, "content": told }));
    }
    if route.path == "/v1/live" {
        let (status, _, title) = Code::UpgradeRequired.parts();
        let told = json!({ Problem::MEDIA_TYPE: { "schema": problem } });
        responses.insert(status.to_string(), json!({ "description": title, "content": told }));
        let words = "`websocket`";
        parameters.push(parameter("header", "Upgrade", true, words));
        let words = "`redress.live`, and with a ticket instead of a key the ticket's `protocols`";
        parameters.push(parameter("header", "Sec-WebSocket-Protocol", false, words));
    }
    if route.path.starts_with("/v1/complaints/{id}") {
        let told = "It was promised under this id by a 202, and is the complaint that `Location` names";
        responses.insert("308".to_owned(), json!({ "description": told }));
    }
    let done = if matches!(operation.status, "101" | "204") {
        json!({ "description": operation.summary })
    } else {
        json!({ "description": operation.summary, "content": content })
    };
    responses.insert(operation.status.to_owned(), done);
    if let Some(accepted) = operation.accepted {
        let content = contents(operation.gives, &accepted(answers).to_value());
        responses.insert("202".to_owned(), json!({ "description": "It is accepted", "content": content }));
    }
    let name = |part: &str| part.trim_matches(['{', '}']).replace(['-', ':'], "_");
    let id: Vec<_> = route.path.split('/').filter(|part| !part.is_empty() && *part != "v1").map(name).collect();
    let mut described = Map::from_iter([
        ("operationId".to_owned(), format!("{}_{}", route.method.to_lowercase(), id.join("_")).into()),
        ("summary".to_owned(), operation.summary.into()),
        ("tags".to_owned(), json!([operation.tag])),
        ("parameters".to_owned(), parameters.into()),
        ("responses".to_owned(), responses.into()),
    ]);
    if let Some(schema) = operation.request {
        let content = contents(operation.takes, &as_input(schema(requests).as_value()));
        let body = json!({ "required": true, "content": content });
        described.insert("requestBody".to_owned(), body);
    }
    match route.access {
        Access::Public | Access::Cell | Access::Page | Access::Case | Access::Act(_) | Access::See(_) => {}
        Access::Operator => {
            described.insert("security".to_owned(), json!([{ "operator": [] }]));
        }
        Access::Tenant(scope) => {
            described.insert("security".to_owned(), json!([{ "tenant": [] }]));
            described.insert("description".to_owned(), format!("Scope: `{}`.", scope.as_str()).into());
        }
    }
    described.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described() {
        assert_eq!(undescribed(), []);
        assert!(operations().iter().all(|operation| TAGS.contains(&operation.tag)));
        let document = describe();
        assert!(!document.to_string().contains("/v1/relocations"));
        for route in public() {
            assert!(document["paths"][route.path][route.method.to_lowercase()].is_object(), "{}", route.path);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let text = describe().to_string();
        let document: Value = serde_json::from_str(&text).unwrap();
        for part in text.split("\"#/").skip(1) {
            let pointer = format!("/{}", part.split('"').next().unwrap_or_default());
            assert!(document.pointer(&pointer).is_some(), "{pointer}");
        }
    }
}
