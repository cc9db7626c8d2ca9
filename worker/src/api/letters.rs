//! `/v1/complaints/{id}/letters`: drafts, their approval, and letters that were sent.
//!
//! 1. The complaint is loaded as for a command; what the key did before is answered again.
//! 2. A draft is rendered here, and decided on in `shared::letter::decide`; approving and sending read the draft from its event.
//! 3. The events are written as a command's are.

use super::{
    changing::{Begun, Changing},
    complaints,
};
use crate::{
    call::{Outcome, Posted, Reply, TenantCall},
    failure::Failure,
    platform::{self, bucket::Object},
    printing::page,
    store::{StoreError, TenantDb, history::Span},
};
use print::Unprinted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    access::staff::Action,
    chain::Digest,
    clock::{day::Day, pack::Facts, timeline::Timeline},
    complaint::{
        Complaint, Response,
        command::Nothing,
        decide::Refusal,
        event::{Event, EventBody},
        intake::{Format, Language},
    },
    http::{
        body,
        problem::{Code, FieldError, Rule},
    },
    identity::session::Sensitive,
    ids::{ComplaintId, LetterId},
    json,
    letter::{
        Brand, Letter, LetterState,
        decide::{self, Made, Sending},
        document::Document,
        firm_template::{FIRM, FirmTemplate, languages},
        html::html,
        kind::{Element, Kind, Records, kind, kinds},
        template::{Subject, Template, said_day},
    },
    text::{Code as Name, Line, Prose},
    time::Timestamp,
};
use std::{borrow::Cow, collections::BTreeMap};

/// The largest body that is read, in bytes.
pub(super) const MAX_BODY: u32 = complaints::MAX_BODY;

/// The body of a draft.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftLetter {
    /// What sort of letter: one of `GET /v1/letters/kinds` that is for this complaint.
    kind: Name,
    /// The letter that is drafted anew. Default: a new one.
    #[serde(default)]
    letter: Option<LetterId>,
    /// A template for this letter alone. Default: the firm's own that is kept for the kind, the reader's language and the brand; where
    /// there is none, the one that comes with the kind.
    #[serde(default)]
    template: Option<Box<Template>>,
    /// The brand under which it is sent, or `firm`. Default: the one that the complaint is about.
    #[serde(default)]
    brand: Option<Name>,
    /// The language to look for a template in. Default: the complainant's.
    #[serde(default)]
    language: Option<Language>,
    /// What the author says, by the names that the template has for it: `{{ text.reasons }}`.
    #[serde(default)]
    texts: BTreeMap<Name, Prose<10_000>>,
    /// How it is to look. Default: as the complainant wishes.
    #[serde(default)]
    format: Option<Format>,
    /// What is answered, for a summary resolution. A final response sends the response that was proposed.
    #[serde(default)]
    response: Option<Response>,
}

/// The body that sends a letter.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendLetter {
    /// When it was sent. Default: now. Never in the future, nor before the complaint was received.
    #[serde(default)]
    sent_at: Option<Timestamp>,
}

/// Every kind of letter.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Kinds {
    data: &'static [Kind],
}

/// Something that is not in a letter and has to be.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Missing {
    /// The element of the kind.
    element: Name,
    /// What has to be said.
    name: Line<200>,
    /// Where that is laid down.
    citation: Line<200>,
}

/// A letter that is not kept.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Preview {
    /// Its text.
    document: Document,
    /// As it would be sent today.
    html: String,
    /// What has to be in it before it can be approved or sent.
    missing: Vec<Missing>,
    /// Whether somebody else has to approve it.
    needs_approval: bool,
}

/// A letter with its text.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WholeLetter {
    /// The complaint.
    complaint: ComplaintId,
    #[serde(flatten)]
    letter: Letter,
    /// Its text.
    document: Document,
    /// What has to be in it before it can be approved or sent; none once it was sent.
    missing: Vec<Missing>,
}

/// `GET /v1/letters/kinds`
pub(crate) async fn list_kinds(_call: TenantCall) -> Outcome {
    Reply::json(200, &Kinds { data: kinds() })
}

/// `POST /v1/complaints/{id}/letters/preview`: writes nothing.
pub(crate) async fn preview(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let Posted { body: asked, key, .. } = call.call.posted::<DraftLetter>(MAX_BODY).await?;
    let loaded = db.load(id, key.as_str(), None, call.call.now).await?;
    let complaint = loaded.complaint.as_ref().ok_or(Failure::new(Code::NotFound))?;
    let drawn = draw(&call, complaint, &loaded.timeline, asked).await?;
    let today = day(&call, complaint, call.time());
    let html = html(&drawn.document, &said_day(today, &drawn.document.language));
    let redress = drawn.response.iter().flat_map(|response| response.redress.iter());
    let needs_approval = call.standing.tenant.letters.wants_approval(&drawn.kind.id, redress);
    let missing = missing(drawn.kind, &drawn.document, drawn.response.as_ref(), today);
    Reply::json(200, &Preview { document: drawn.document, html, missing, needs_approval })
}

/// `POST /v1/complaints/{id}/letters`
pub(crate) async fn draft(call: TenantCall) -> Outcome {
    let Posted { body, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let asked: DraftLetter = body::parse(&body)?;
    let changing = match Changing::begin(&call, key, fingerprint).await? {
        Begun::Go(changing) => changing,
        Begun::Done(outcome) => return outcome,
    };
    let complaint = &changing.before;
    let letter = asked.letter.unwrap_or_else(|| LetterId::new(call.call.now, &platform::entropy()));
    let Drawn { kind, template, document, response } = draw(&call, complaint, &changing.timeline, asked).await?;
    let response = response.filter(|_| resolves(kind));
    let bodies = decide::draft(complaint, Made { letter, kind, template, document, response })?;
    changing.end(&call, bodies).await
}

/// `POST /v1/complaints/{id}/letters/{letter}/approve`
pub(crate) async fn approve(call: TenantCall) -> Outcome {
    let Posted { body: Nothing {}, key, fingerprint } = call.call.posted(MAX_BODY).await?;
    let letter = call.call.path_value("letter")?;
    let changing = match Changing::begin(&call, key, fingerprint).await? {
        Begun::Go(changing) => changing,
        Begun::Done(outcome) => return outcome,
    };
    let complaint = &changing.before;
    let drafted = Drafted::read(&changing.db, complaint, letter).await?;
    let missing = drafted.missing(&call, complaint, call.time())?;
    let bodies = decide::approve(complaint, letter, &changing.actor, &missing)?;
    changing.end(&call, bodies).await
}

/// `POST /v1/complaints/{id}/letters/{letter}/send`
pub(crate) async fn send(call: TenantCall) -> Outcome {
    let Posted { body: SendLetter { sent_at }, key, fingerprint } = call.call.posted(MAX_BODY).await?;
    let letter = call.call.path_value("letter")?;
    let changing = match Changing::begin(&call, key, fingerprint).await? {
        Begun::Go(changing) => changing,
        Begun::Done(outcome) => return outcome,
    };
    let complaint = &changing.before;
    let drafted = Drafted::read(&changing.db, complaint, letter).await?;
    if drafted.response.as_ref().is_some_and(Response::pays) {
        call.must(Action::ApproveRedress, Sensitive::ApproveRedress)?;
    }
    let at = sent_at.unwrap_or_else(|| call.time());
    let missing = drafted.missing(&call, complaint, at)?;
    let dated = said_day(day(&call, complaint, at), &drafted.document.language);
    let html = Digest::of(html(&drafted.document, &dated).as_bytes());
    let kind = drafted.kind(&call, complaint)?;
    let printed = call.call.runtime.print(&page(&drafted.document, &dated, at)).await?.ok();
    let pdf = printed.as_deref().map(Digest::of);
    let dated = Line::try_from(dated).map_err(Failure::internal)?;
    let sending = Sending { letter, kind, response: drafted.response, missing, sent_at, dated, html, pdf };
    let bodies = decide::send(complaint, sending, &call.standing.tenant.letters, changing.now)?;
    // Before the event that names it. If that is not recorded, nobody is given it.
    if let Some((bytes, digest)) = printed.zip(pdf) {
        let object = Object::Letter { complaint: complaint.id, letter, digest };
        call.call.runtime.keep(call.standing.tenant.id, &object, &bytes).await?;
    }
    changing.end(&call, bodies).await
}

/// `GET /v1/complaints/{id}/letters/{letter}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let complaint = complaint(&db, id).await?;
    let letter = call.call.path_value("letter")?;
    let known = complaint.letters.iter().find(|known| known.id == letter).cloned();
    let known = known.ok_or(Failure::new(Code::NotFound))?;
    let drafted = Drafted::read(&db, &complaint, letter).await?;
    let missing = match known.state {
        LetterState::Sent => Vec::new(),
        LetterState::Drafted | LetterState::Approved => {
            drafted.missing(&call, &complaint, call.time())?.into_iter().map(Missing::of).collect()
        }
    };
    Reply::json(200, &WholeLetter { complaint: id, letter: known, document: drafted.document, missing })
}

/// `GET /v1/complaints/{id}/letters/{letter}/html`: as it was sent, byte for byte; of a draft, as it would be sent today.
pub(crate) async fn read_html(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let complaint = complaint(&db, id).await?;
    let letter = call.call.path_value("letter")?;
    let known = complaint.letters.iter().find(|known| known.id == letter).ok_or(Failure::new(Code::NotFound))?;
    let drafted = Drafted::read(&db, &complaint, letter).await?;
    drafted.shown(known, |language| said_day(day(&call, &complaint, call.time()), language))
}

/// A letter that was sent, to whoever it was sent to. 404 for any other.
pub(crate) async fn sent_html(db: &TenantDb, complaint: &Complaint, letter: LetterId) -> Outcome {
    let sent = |known: &&Letter| known.id == letter && known.state == LetterState::Sent;
    let known = complaint.letters.iter().find(sent).ok_or(Failure::new(Code::NotFound))?;
    Drafted::read(db, complaint, letter).await?.shown(known, |_| String::new())
}

impl Drafted {
    /// The letter as HTML: as it was sent, byte for byte; of a draft, as of the day that `today` says.
    fn shown(&self, known: &Letter, today: impl FnOnce(&Language) -> String) -> Outcome {
        // Not from `sent_at`: where the firm acts, and so which day that was there, is a setting that may have changed since.
        let dated = known.dated.as_ref().map(|dated| dated.as_str().to_owned());
        let page = html(&self.document, &dated.unwrap_or_else(|| today(&self.document.language)));
        if known.html.is_some_and(|sealed| sealed != Digest::of(page.as_bytes())) {
            return Err(Failure::internal("a letter is not what was sent"));
        }
        let mut reply = Reply::json_text(200, page);
        reply.content_type = "text/html; charset=utf-8";
        Ok(reply.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'".to_owned()))
    }
}

/// `GET /v1/complaints/{id}/letters/{letter}/pdf`: as it was sent, byte for byte; of a draft, as it would be sent today. 404 if it
/// cannot be printed.
pub(crate) async fn read_pdf(call: TenantCall) -> Outcome {
    let (id, db) = call.complaint()?;
    let complaint = complaint(&db, id).await?;
    let letter = call.call.path_value("letter")?;
    let known = complaint.letters.iter().find(|known| known.id == letter).ok_or(Failure::new(Code::NotFound))?;
    let (runtime, tenant) = (&call.call.runtime, call.standing.tenant.id);
    let bytes = if known.state == LetterState::Sent {
        let none =
            || Failure::new(Code::NotFound).detail("It was sent without a PDF, or by whoever had the case before");
        let digest = known.pdf.ok_or_else(none)?;
        runtime.kept(tenant, &Object::Letter { complaint: id, letter, digest }).await?.ok_or_else(none)?
    } else {
        let drafted = Drafted::read(&db, &complaint, letter).await?;
        let dated = said_day(day(&call, &complaint, call.time()), &drafted.document.language);
        let printed = runtime.print(&page(&drafted.document, &dated, call.time())).await?;
        printed.map_err(|Unprinted { not_printable }| Failure::new(Code::NotFound).detail(not_printable))?
    };
    Ok(Reply::bytes("application/pdf", bytes))
}

async fn complaint(db: &TenantDb, id: ComplaintId) -> Result<Complaint, Failure> {
    let document = db.read(id).await?.ok_or(Failure::new(Code::NotFound))?;
    Ok(json::from_str(&document.doc).map_err(StoreError::unreadable)?)
}

/// The day it is at a moment where the complaint is.
fn day(call: &TenantCall, complaint: &Complaint, at: Timestamp) -> Day {
    call.standing.tenant.clocks.today(complaint.jurisdiction, at)
}

const fn resolves(kind: &Kind) -> bool {
    matches!(kind.records, Records::SummaryResolution | Records::FinalResponse)
}

fn missing(kind: &Kind, document: &Document, response: Option<&Response>, day: Day) -> Vec<Missing> {
    let redress = response.is_some_and(|response| !response.redress.is_empty());
    kind.missing(document, redress, day).into_iter().map(Missing::of).collect()
}

impl Missing {
    fn of(element: &Element) -> Self {
        let Element { id, name, citation, .. } = element.clone();
        Self { element: id, name, citation }
    }
}

/// A letter as it was rendered.
struct Drawn {
    kind: &'static Kind,
    template: (Name, Name),
    document: Document,
    response: Option<Response>,
}

async fn draw(
    call: &TenantCall,
    complaint: &Complaint,
    timeline: &Timeline,
    asked: DraftLetter,
) -> Result<Drawn, Failure> {
    let tenant = &call.standing.tenant;
    let DraftLetter { kind: wanted, template, brand, language, texts, format, response: given, .. } = asked;
    let kind = kind(&wanted, &Facts::of(complaint, tenant.sector)).ok_or_else(|| {
        invalid(FieldError::at("/kind", Rule::NotAllowed, "must be a kind of letter that is for this complaint"))
    })?;
    let response = match (kind.records, given) {
        (Records::SummaryResolution, Some(given)) => Some(given),
        (Records::SummaryResolution, None) => {
            return Err(invalid(FieldError::at("/response", Rule::Missing, "is what the letter says")));
        }
        (_, Some(_)) => {
            let rule = "is for a summary resolution alone; a final response sends the response that was proposed";
            return Err(invalid(FieldError::at("/response", Rule::NotAllowed, rule)));
        }
        (Records::FinalResponse, None) if complaint.proposal.is_none() => {
            let rule = "must be for a complaint whose response is proposed";
            return Err(invalid(FieldError::at("/kind", Rule::NotAllowed, rule)));
        }
        (_, None) => complaint.proposal.clone(),
    };
    let brand = match &brand {
        Some(id) if id.as_str() == FIRM => None,
        Some(id) => {
            let unknown = || invalid(FieldError::at("/brand", Rule::Unknown, "is no brand of the firm"));
            Some(tenant.letters.brand(id.as_str()).ok_or_else(unknown)?)
        }
        None => tenant.letters.brand_of(complaint),
    };
    let own = template.is_some();
    let template = match template {
        Some(template) => Cow::Owned(*template),
        None => {
            let reader = language.as_ref().or(complaint.complainant.language.as_ref());
            kept_template(call, kind, reader, brand).await?
        }
    };
    let clocks = tenant.clocks_of(complaint, timeline, call.time().max(complaint.updated_at));
    let subject = Subject {
        complaint,
        clocks: &clocks,
        firm: brand.map_or(&tenant.display_name, |brand| &brand.name),
        response: response.as_ref(),
        texts: &texts,
        today: day(call, complaint, call.time()),
    };
    let format = format.unwrap_or(complaint.complainant.format);
    let within = |error: FieldError| match &error.pointer {
        Some(pointer) if own && !pointer.starts_with("/texts") => {
            FieldError { pointer: Some(format!("/template{pointer}")), ..error }
        }
        _ => error,
    };
    let document = template
        .render(kind, subject, format)
        .map_err(|errors| Failure::errors(Code::Invalid, errors.into_iter().map(within).collect()))?;
    Ok(Drawn { kind, template: (template.id.clone(), template.version.clone()), document, response })
}

/// The firm's own template for the reader and the brand; where there is none, the one that comes with the kind.
async fn kept_template(
    call: &TenantCall,
    kind: &'static Kind,
    reader: Option<&Language>,
    brand: Option<&Brand>,
) -> Result<Cow<'static, Template>, Failure> {
    let languages = languages(reader, kind);
    let brands = brand.map(|brand| brand.id.as_str()).into_iter().chain([FIRM]);
    let wanted: Vec<_> =
        languages.iter().flat_map(|language| brands.clone().map(move |brand| (language, brand))).collect();
    let kept = call.directory().chosen_letter_template(&kind.id, &wanted).await?;
    let kept = kept.and_then(FirmTemplate::template);
    Ok(kept.map_or(Cow::Borrowed(&kind.template), Cow::Owned))
}

fn invalid(error: FieldError) -> Failure {
    Failure::errors(Code::Invalid, vec![error])
}

/// A draft, from the event that holds it.
pub(crate) struct Drafted {
    kind: Name,
    document: Document,
    response: Option<Response>,
}

/// A letter as it was sent.
pub(crate) struct SentLetter {
    pub(crate) id: LetterId,
    pub(crate) document: Document,
    /// The day that it shows.
    pub(crate) dated: String,
    /// SHA-256 of its PDF, if it was printed.
    pub(crate) pdf: Option<Digest>,
}

impl Drafted {
    /// The letter that event `seq` has sent.
    pub(crate) async fn sent_in(
        db: &TenantDb,
        complaint: &Complaint,
        seq: u32,
    ) -> Result<Option<SentLetter>, StoreError> {
        let span = Span { after: seq.saturating_sub(1), through: seq, limit: 1, ..Span::ALL };
        let page = db.history(complaint.id, span).await?;
        let Some(stored) = page.events.first() else { return Ok(None) };
        let event: Event = json::from_str(&stored.json()).map_err(StoreError::unreadable)?;
        let EventBody::LetterSent { dated, letter, pdf, html: sealed, .. } = event.body else { return Ok(None) };
        let drafted = Self::read(db, complaint, letter).await;
        let Self { document, .. } =
            drafted.map_err(|failure| StoreError::unreadable(failure.reason().unwrap_or_default()))?;
        let dated = dated.as_str().to_owned();
        if sealed != Digest::of(html(&document, &dated).as_bytes()) {
            return Err(StoreError::unreadable("a letter is not what was sent"));
        }
        Ok(Some(SentLetter { id: letter, document, dated, pdf }))
    }

    async fn read(db: &TenantDb, complaint: &Complaint, letter: LetterId) -> Result<Self, Failure> {
        let seq = decide::find(complaint, letter).map_err(|_: Refusal| Failure::new(Code::NotFound))?.drafted_in;
        let span = Span { after: seq - 1, through: seq, limit: 1, ..Span::ALL };
        let page = db.history(complaint.id, span).await?;
        let stored = page.events.first().ok_or_else(|| Failure::internal("a draft without its event"))?;
        let event: Event = json::from_str(&stored.json()).map_err(StoreError::unreadable)?;
        match event.body {
            EventBody::LetterDrafted { kind, document, response, .. } => {
                Ok(Self { kind, document: *document, response })
            }
            _ => Err(Failure::internal("a draft in another event")),
        }
    }

    /// Its kind. One that is not for the complaint any more can be drafted anew as another.
    fn kind(&self, call: &TenantCall, complaint: &Complaint) -> Result<&'static Kind, Failure> {
        kind(&self.kind, &Facts::of(complaint, call.standing.tenant.sector))
            .ok_or_else(|| invalid(FieldError::at("", Rule::NotAllowed, "is of a kind that is not for this complaint")))
    }

    fn missing(
        &self,
        call: &TenantCall,
        complaint: &Complaint,
        at: Timestamp,
    ) -> Result<Vec<&'static Element>, Failure> {
        let redress = self.response.as_ref().is_some_and(|response| !response.redress.is_empty());
        Ok(self.kind(call, complaint)?.missing(&self.document, redress, day(call, complaint, at)))
    }
}
