//! Step 5 and what follows: the complaint is logged by what `POST /v1/complaints` is logged by, with the draft's own idempotency key; its
//! files are attached by what mails' files are attached by; and the page says what was received.

use super::{
    complain::{Problems, again, place_of, with_form},
    draft::Kept,
    evidence::shown,
    page::PageCall,
};
use crate::{
    api::{
        attachments::{Attached, attach},
        intake::{Asked, Logged, Maker, NotLogged, log},
    },
    call::{Firm, Outcome},
    deliver::outbox,
    failure::Failure,
    log as report, spool,
    store::StoreError,
};
use pages::{
    fields::Step,
    law::{Deadline, Ombudsman},
    paths,
    portal::{Check, Received, Stored},
};
use serde::Deserialize;
use shared::{
    chain::Digest,
    clock::{Clock, day::Day, law::Law, timeline::Timeline},
    complaint::{Complaint, event::Event, intake::ContactKind},
    exchange::import::Draft as Logging,
    http::{idempotency::IdempotencyKey, problem::Code},
    ids::ComplaintId,
    json,
    portal::{
        DRAFT, RECEIVED,
        complaint::{Unsayable, complaint},
        draft::Sent,
        session::{RECEIVED_MILLIS, Receipt},
    },
    tenant::placement::Slot,
    text::Line,
    time::Timestamp,
};
use std::rc::Rc;

/// Where the cell sends mail by. Empty: not at all.
const MAIL: &str = "MAIL";

fn draw(page: &PageCall, status: u16, kept: &Kept, problems: &Problems) -> Outcome {
    shown(&kept.draft, |files| {
        with_form(&page.products(), &kept.draft.answers, problems, |form| {
            page.page(status, |page| pages::html(&Check { page, form, files, idempotency: &kept.draft.key }))
        })
    })
}

/// `GET /{tenant}/complain/check`
pub(crate) async fn check(page: Rc<PageCall>) -> Outcome {
    let Some(kept) = page.open().await? else { return Ok(page.to(paths::WHAT)) };
    match page.unfinished(&kept.draft) {
        Some(step) => Ok(page.to(place_of(step))),
        None => draw(&page, 200, &kept, &Vec::new()),
    }
}

/// `POST /{tenant}/complain/check`
///
/// 1. What was sent before is shown again.
/// 2. Whatever is missing is asked for.
/// 3. The complaint is logged, or kept for its database: once, by the draft's key.
/// 4. Its files are attached. Then nothing is left of the draft but what it has become.
pub(crate) async fn send(page: Rc<PageCall>) -> Outcome {
    let sent = page.posted().await?;
    // (1)
    let Some(mut kept) = page.draft().await? else { return Ok(page.to(paths::WHAT)) };
    if let Some(before) = kept.draft.sent.clone() {
        return Ok(show_receipt(&page, &before));
    }
    // (2)
    if let Some(step) = page.unfinished(&kept.draft) {
        return Ok(page.to(place_of(step)));
    }
    let problems =
        pages::fields::check(Step::Check, &[], |name| if name == "consent" { sent.value("consent") } else { "" });
    if !problems.is_empty() {
        return draw(&page, 422, &kept, &problems);
    }
    let reader = page.reader;
    let new = match complaint(|name| kept.draft.answer(name), reader.tongue.tag(), reader.format) {
        Ok(new) => new,
        Err(Unsayable(field)) => return again(&page, &kept.draft, field),
    };
    // (3)
    let body = serde_json::to_string(&new).map_err(Failure::internal)?;
    let logging = Logging::New(Box::new(new));
    let maker = Maker { firm: page.firm(), by: page.actor()?, now: page.call.now, import: None };
    let key = kept.draft.key.clone();
    let identity = maker.identity(&logging, &key);
    let fingerprint = Digest::of(key.as_bytes());
    let asked = Asked { draft: &logging, key: &key, fingerprint, import: None, identity: Some(identity.clone()) };
    page.call.runtime.meter.hurried.set(true);
    let made = match log(&maker, &asked).await {
        Ok(Logged::Now { made, message }) => {
            page.has_logged.set(true);
            message.into_iter().for_each(|message| outbox::announce(&page.call, message));
            Sent { complaint: made.complaint.id, reference: made.complaint.reference.clone() }
        }
        Ok(Logged::Before(_, done)) => {
            let known = read(page.firm(), done.complaint_id).await?.ok_or(Failure::new(Code::Unavailable))?;
            Sent { complaint: known.id, reference: known.reference }
        }
        Err(NotLogged::Store(error)) if spool::keeps(&error) => {
            report::fault("complaint_not_logged", &error);
            // What would be refused is not accepted.
            maker.make(&logging, identity.id, identity.reference.clone())?;
            let (accepted, before) = spool::keep(&maker, &asked, identity, body).await?;
            page.has_logged.set(!before);
            Sent { complaint: accepted.id, reference: accepted.reference }
        }
        Err(not_logged) => return Err(not_logged.into()),
    };
    page.call.runtime.meter.hurried.set(false);
    // (4)
    kept.draft = kept.draft.clone().into_sent(made.clone(), kept.draft.files.clone());
    page.keep(&kept).await?;
    if let Err(failure) = settle(&page, &mut kept, &made).await {
        // Whoever sees the next page has it tried again.
        report::fault("portal_files_not_attached", &failure.reason().unwrap_or_default());
    }
    Ok(show_receipt(&page, &made))
}

fn show_receipt(page: &PageCall, sent: &Sent) -> crate::call::Reply {
    let until = page.call.now.plus_millis(RECEIVED_MILLIS);
    let receipt = Receipt { complaint: sent.complaint, reference: sent.reference.clone(), until };
    page.set(&RECEIVED, &receipt.seal(page.id(), &page.key), RECEIVED_MILLIS / 1_000);
    page.to(paths::RECEIVED)
}

/// Attaches what is not with the complaint yet, each file once. What cannot be attached is not tried again.
async fn settle(page: &PageCall, kept: &mut Kept, sent: &Sent) -> Result<(), Failure> {
    let actor = page.actor()?;
    while let Some(file) = kept.draft.files.first().cloned() {
        if let Some(bytes) = page.file(kept, file.id).await? {
            let key: IdempotencyKey = format!("portal:{}", file.id).parse().map_err(Failure::internal)?;
            let attached = Attached {
                complaint: sent.complaint,
                name: file.name.clone(),
                media_type: file.media_type,
                bytes: &bytes,
                key: &key,
                actor: &actor,
            };
            match attach(page.firm(), &page.standing, attached).await {
                Ok(message) => message.into_iter().for_each(|message| outbox::announce(&page.call, message)),
                // Not there yet: it waits for its database.
                Err(failure) if matches!(failure.code, Code::NotFound | Code::Unavailable | Code::Internal) => {
                    return Err(failure);
                }
                Err(failure) => report::fault("portal_file_refused", &failure.code.parts().1),
            }
            page.forget_file(kept, file.id).await?;
        }
        kept.draft.files.retain(|known| known.id != file.id);
        page.keep(kept).await?;
    }
    Ok(())
}

/// A complaint of the firm.
pub(super) async fn read(firm: Firm<'_>, id: ComplaintId) -> Result<Option<Complaint>, Failure> {
    let Some(db) = firm.db_of_slot(Slot(id.slot())) else { return Ok(None) };
    let document = db.read(id).await?;
    Ok(document.map(|document| json::from_str(&document.doc)).transpose().map_err(StoreError::unreadable)?)
}

/// Of a summary what is needed.
#[derive(Deserialize)]
struct Named {
    id: ComplaintId,
}

/// The complaint of a receipt, if it is logged: by its id, or as what its reference was promised for.
async fn received_as(page: &PageCall, receipt: &Receipt) -> Result<Option<ComplaintId>, Failure> {
    if read(page.firm(), receipt.complaint).await?.is_some() {
        return Ok(Some(receipt.complaint));
    }
    let summary = page.firm().referred_to(&receipt.reference).await?;
    let named = summary.map(|summary| json::from_str::<Named>(&summary)).transpose().map_err(StoreError::unreadable)?;
    Ok(named.map(|named| named.id))
}

/// `GET /{tenant}/complain/received`
pub(crate) async fn received(page: Rc<PageCall>) -> Outcome {
    let receipt = page.cookie(&RECEIVED);
    let receipt = receipt.and_then(|sealed| Receipt::open(&sealed, page.id(), &page.key, page.call.now));
    let Some(receipt) = receipt else { return Ok(page.to(paths::TRACK)) };
    // Where the database is away still, it is stored safely still.
    let known = match received_as(&page, &receipt).await {
        Ok(known) => known,
        Err(failure) if failure.code == Code::Unavailable => None,
        Err(failure) => return Err(failure),
    };
    let Some(id) = known else {
        let reference = receipt.reference.as_str();
        return page.page(200, |page| pages::html(&Stored { page, reference, mailed_to: None }));
    };
    if let Some(mut kept) = page.draft().await?
        && let Some(mut sent) = kept.draft.sent.clone()
        && sent.reference == receipt.reference
    {
        sent.complaint = id;
        if let Err(failure) = settle(&page, &mut kept, &sent).await {
            report::fault("portal_files_not_attached", &failure.reason().unwrap_or_default());
        } else {
            page.set(&DRAFT, "", 0);
        }
    }
    let case = CaseView::read(&page, id, |_| {}).await?.ok_or(Failure::new(Code::NotFound))?;
    let CaseView { complaint, received, deadlines, .. } = &case;
    let sends = page.call.runtime.variable(MAIL).is_some_and(|way| !way.is_empty());
    let email = complaint.complainant.contacts.iter().find(|contact| contact.kind == ContactKind::Email);
    let mailed_to = email.map(|contact| contact.value.as_str()).filter(|_| sends);
    case.with_ombudsman(&page, |ombudsman| {
        page.page(200, |page| {
            let reference = complaint.reference.as_str();
            pages::html(&Received { page, reference, received: *received, deadlines, ombudsman, mailed_to })
        })
    })
}

/// What pages show of a complaint.
pub(super) struct CaseView {
    pub(super) complaint: Complaint,
    pub(super) received: Day,
    /// The law's dates, the soonest first.
    pub(super) deadlines: Vec<Deadline>,
    /// From when the ombudsman may be asked, and until when: by windows of the law.
    clocks: Vec<Clock>,
    now: Timestamp,
}

impl CaseView {
    /// Reads a complaint and its clocks; `see` sees its events, in their order.
    pub(super) async fn read(
        page: &PageCall,
        id: ComplaintId,
        mut see: impl FnMut(&Event),
    ) -> Result<Option<Self>, Failure> {
        let db = page.firm().db_of(id)?;
        let mut timeline = Timeline::default();
        let folded = db.fold(id, crate::store::history::Span::ALL, |event| {
            timeline.take_in(event);
            see(event);
        });
        let Some(complaint) = folded.await? else { return Ok(None) };
        let tenant = page.tenant();
        let now = tenant.time(page.call.now).max(complaint.updated_at);
        let clocks = tenant.clocks_of(&complaint, &timeline, now);
        let law = Law::shipped();
        let mut deadlines: Vec<_> = clocks.iter().filter_map(|clock| Deadline::of(clock, law)).collect();
        deadlines.sort_by_key(|deadline| deadline.on);
        let received = tenant.clocks.today(complaint.jurisdiction, complaint.received_at);
        Ok(Some(Self { complaint, received, deadlines, clocks, now }))
    }

    /// The day of a moment, where the complaint is.
    pub(super) fn day(&self, page: &PageCall, at: Timestamp) -> Day {
        page.tenant().clocks.today(self.complaint.jurisdiction, at)
    }

    /// Draws with the ombudsman, if the firm says which it is: it may be asked from the day after the last date for an answer, or once
    /// there is one.
    pub(super) fn with_ombudsman<T>(&self, page: &PageCall, draw: impl FnOnce(Option<Ombudsman<'_>>) -> T) -> T {
        let Some(set) = &page.settings.ombudsman else { return draw(None) };
        let post: Vec<_> = set.post.iter().map(Line::as_str).collect();
        let answered = self.complaint.resolution.is_some() || self.complaint.referral.is_some();
        let last = self.deadlines.iter().map(|deadline| deadline.on).max();
        let from = last.filter(|_| !answered).map(|last| last.plus(1));
        let is_open = answered || from.is_some_and(|from| self.day(page, self.now) >= from);
        let windows = self.clocks.iter().filter(|clock| clock.nature == shared::clock::pack::Nature::Window);
        let until = windows.filter_map(|clock| clock.due_on).max();
        draw(Some(Ombudsman {
            name: set.name.as_str(),
            from,
            is_open,
            until,
            phone: set.phone.as_ref().map(Line::as_str),
            site: set.site.as_ref().map(Line::as_str),
            post: &post,
        }))
    }
}
