//! A complaint, to whoever has shown that it is theirs: where it stands, and what they may do with it. All that is done is done by what
//! the API does it by, and recorded at whatever version the complaint is.

use super::{
    complain::{Problems, take, with_form},
    evidence::{MOST_MEGABYTES, wrong},
    page::{CaseCall, PageCall, secret},
    send::CaseView,
};
use crate::{
    api::{
        attachments::{Asking, Attached, attach, record_once},
        files::give,
        letters::sent_html,
    },
    call::Outcome,
    deliver::outbox,
    failure::Failure,
};
use pages::{
    fields::{FOR_WHOM, OTHER, Wrong, check_fields},
    paths,
    portal::{Case, File, From, Happening, Letter, Message, Representative},
};
use shared::{
    access::ActorKind,
    attachment::{Attachment, AttachmentState, link::Link},
    chain::Digest,
    clock::day::Day,
    complaint::{
        Complaint,
        command::{Command, Contact, Correct, Corrections, Direction},
        decide::{LinkTarget, decide},
        event::{Event, EventBody},
        intake::Channel,
    },
    http::{idempotency::IdempotencyKey, problem::Code},
    ids::{AttachmentId, LetterId},
    letter::LetterState,
    mail::filing,
    portal::{complaint::representative as said, form::Sent},
    taxonomy::choices::FirmProduct,
    text::Prose,
    time::Timestamp,
};
use std::collections::BTreeMap;

/// The most files of one form.
const MAX_FILES: usize = 10;
/// What may have been done just now, as the query says it and `texts/` after `notice.`.
const NOTICES: [&str; 4] = ["message_sent", "files_sent", "representative_added", "representative_withdrawn"];
/// The fields of who acts for the complainant.
const REPRESENTATIVE: [&str; 5] = ["rep_name", "rep_kind", "rep_email", "rep_authority", "rep_reference"];

/// What a case file says to a consumer.
#[derive(Default)]
struct Said {
    happened: Vec<(Timestamp, String)>,
    messages: Vec<(From, Timestamp, String)>,
    /// Since when somebody acts for them.
    represented: Option<Timestamp>,
}

impl Said {
    fn hear(&mut self, event: &Event) {
        // Its name on the wire, by which there are words for it.
        let name = serde_json::to_value(event.body.kind()).ok();
        self.happened.extend(name.and_then(|name| Some((event.at, name.as_str()?.to_owned()))));
        match &event.body {
            EventBody::Received(received) if received.representative.is_some() => self.represented = Some(event.at),
            EventBody::Corrected { changes, .. } if changes.keys().any(|name| name.as_str() == "representative") => {
                self.represented = Some(event.at);
            }
            // What was said by telephone is on file in the firm's own words.
            EventBody::ContactRecorded { direction, channel: Channel::Web | Channel::Email, summary, occurred_at } => {
                let from = if *direction == Direction::In { From::You } else { From::Firm };
                self.messages.push((from, *occurred_at, summary.as_str().to_owned()));
            }
            EventBody::InformationRequested { question, .. } => {
                self.messages.push((From::Firm, event.at, question.as_str().to_owned()));
            }
            _ => {}
        }
    }
}

impl CaseCall {
    async fn view(&self, see: impl FnMut(&Event)) -> Result<CaseView, Failure> {
        CaseView::read(&self.page, self.complaint, see).await?.ok_or(Failure::new(Code::NotFound))
    }

    /// Gives the complaint a command, once by the key of the form, whoever has locked it.
    async fn give(&self, sent: &Sent, command: Command) -> Result<(), Failure> {
        let page = &self.page;
        let (firm, came_at) = (page.firm(), page.call.now);
        let (key, actor) = (key_of(sent, "")?, page.actor()?);
        let asking = Asking { key: &key, fingerprint: Digest::of(key.as_str().as_bytes()), actor: &actor, came_at };
        let rules = firm.rules()?;
        let decide = |before: &Complaint| {
            let now = firm.tenant.time(came_at).max(before.updated_at);
            Ok(decide(before, command.clone(), rules, LinkTarget::default(), now)?)
        };
        let message = record_once(firm, self.complaint, &asking, decide).await?;
        message.into_iter().for_each(|message| outbox::announce(&page.call, message));
        Ok(())
    }

    fn done(&self, notice: &str) -> Outcome {
        let page = &self.page;
        Ok(page.to_address(format!("{}?done={notice}", paths::CASE.of(page.slug()))))
    }
}

/// The idempotency key of a form, for one of the things that it does.
fn key_of(sent: &Sent, of: &str) -> Result<IdempotencyKey, Failure> {
    let given = sent.value("idempotency_key");
    let fits = (16..=100).contains(&given.len()) && given.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let given = Some(given).filter(|_| fits).ok_or(Failure::new(Code::Forbidden))?;
    format!("portal:{given}{of}").parse().map_err(Failure::internal)
}

/// `GET /{tenant}/case`
pub(crate) async fn show(call: CaseCall) -> Outcome {
    let done = call.page.parameter("done").unwrap_or_default();
    let notice = NOTICES.into_iter().find(|notice| *notice == done);
    draw(&call, 200, "", &Vec::new(), notice).await
}

/// Of files, those that are from the consumer: by the portal, or by mail.
fn is_theirs(attachment: &&Attachment) -> bool {
    let by = &attachment.added_by;
    let from_them = by.kind == ActorKind::Consumer || (by.kind == ActorKind::System && by.id.as_str() == "mail");
    from_them && attachment.state != AttachmentState::Removed
}

async fn draw(call: &CaseCall, status: u16, typed: &str, problems: &Problems, notice: Option<&str>) -> Outcome {
    let page = &call.page;
    let mut said = Said::default();
    let view = call.view(|event| said.hear(event)).await?;
    let CaseView { complaint, received, deadlines, .. } = &view;
    let day = |at: Timestamp| -> Day { view.day(page, at) };
    let mut timeline: Vec<_> = said.happened.iter().map(|(at, what)| Happening { on: day(*at), what }).collect();
    timeline.reverse();
    let messages: Vec<_> =
        said.messages.iter().map(|(from, at, text)| Message { from: *from, name: None, on: day(*at), text }).collect();
    let theirs: Vec<_> =
        complaint.attachments.iter().filter(is_theirs).map(|file| (file.id.to_string(), file)).collect();
    let files: Vec<_> = theirs
        .iter()
        .map(|(id, file)| File { id, name: file.name.as_str(), bytes: file.bytes, state: file.state })
        .collect();
    let sent = complaint.letters.iter().filter(|letter| letter.state == LetterState::Sent);
    let sent: Vec<_> = sent.filter_map(|letter| Some((letter.id.to_string(), letter, letter.sent_at?))).collect();
    let letters: Vec<_> =
        sent.iter().map(|(id, letter, at)| Letter { id, subject: letter.subject.as_str(), on: day(*at) }).collect();
    let (idempotency, files_idempotency) = (secret(), secret());
    let representative = complaint.representative.as_ref().map(|representative| representative.name.as_str());
    let answers = BTreeMap::from([("message".to_owned(), typed.to_owned())]);
    let here = paths::CASE.of(page.slug());
    view.with_ombudsman(page, |ombudsman| {
        with_form(&[], &answers, problems, |form| {
            page.page_at(status, &here, |page| {
                let about = about(complaint, call.page.taxonomy(), &page);
                pages::html(&Case {
                    page,
                    reference: complaint.reference.as_str(),
                    about: &about,
                    state: complaint.state,
                    received: *received,
                    deadlines,
                    ombudsman,
                    timeline: &timeline,
                    messages: &messages,
                    form,
                    files: &files,
                    most_megabytes: MOST_MEGABYTES,
                    letters: &letters,
                    representative,
                    notice,
                    idempotency: &idempotency,
                    files_idempotency: &files_idempotency,
                })
            })
        })
    })
}

/// What it is about, as people read it.
fn about(complaint: &Complaint, products: &[FirmProduct], page: &pages::page::Page<'_>) -> String {
    let Some(code) = &complaint.product else { return complaint.reference.as_str().to_owned() };
    let name = format!("product.{}", code.as_str());
    if page.has("field", &name) {
        return page.of("field", &name).into_owned();
    }
    let product = products.iter().find(|product| product.code == code);
    product.map_or_else(|| code.as_str().to_owned(), |product| product.name.clone())
}

/// `POST /{tenant}/case/messages`
pub(crate) async fn write(call: CaseCall) -> Outcome {
    let sent = call.page.posted().await?;
    let typed = sent.value("message").trim();
    let problems = check_fields(&["message"], &[], |_| typed);
    let Some(summary) = Prose::try_from(typed).ok().filter(|_| problems.is_empty()) else {
        return draw(&call, 422, typed, &problems, None).await;
    };
    let contact = Contact { direction: Direction::In, channel: Channel::Web, summary, occurred_at: None };
    call.give(&sent, Command::Contact(contact)).await?;
    call.done("message_sent")
}

/// `POST /{tenant}/case/files`
pub(crate) async fn add_files(call: CaseCall) -> Outcome {
    let page = &call.page;
    let sent = page.posted().await?;
    let files: Vec<_> = sent.files.iter().filter(|file| file.field == "files").collect();
    let problem = match files.len() {
        0 => Some(Wrong::Missing),
        1..=MAX_FILES => files.iter().find_map(|file| wrong(page, file)),
        _ => Some(Wrong::TooManyFiles),
    };
    if let Some(problem) = problem {
        return draw(&call, 422, "", &vec![("files", problem)], None).await;
    }
    let actor = page.actor()?;
    for (number, file) in files.into_iter().enumerate() {
        let taken = filing::file(&file.name, number + 1, &file.bytes, &page.tenant().attachments);
        let Ok((name, media_type)) = taken else { continue };
        let key = key_of(&sent, &format!(":{number}"))?;
        let (complaint, bytes) = (call.complaint, file.bytes.as_slice());
        let attached = Attached { complaint, name, media_type, bytes, key: &key, actor: &actor };
        let message = attach(page.firm(), &page.standing, attached).await?;
        message.into_iter().for_each(|message| outbox::announce(&page.call, message));
    }
    call.done("files_sent")
}

/// `GET /{tenant}/case/files/{id}`: one that is theirs, and that a scanner has called clean.
pub(crate) async fn file(call: CaseCall) -> Outcome {
    let id: AttachmentId = call.page.call.path_value("id")?;
    let complaint = super::send::read(call.page.firm(), call.complaint).await?;
    let complaint = complaint.ok_or(Failure::new(Code::NotFound))?;
    let clean = |known: &&Attachment| known.id == id && known.state == AttachmentState::Clean;
    let attachment = complaint.attachments.iter().filter(is_theirs).find(clean).ok_or(Failure::new(Code::NotFound))?;
    let link = Link {
        tenant: call.page.id(),
        complaint: complaint.id,
        attachment: attachment.id,
        sha256: attachment.sha256,
        expires_at: call.page.call.now,
    };
    give(&call.page.call, &link, attachment).await
}

/// `GET /{tenant}/case/letters/{id}`: as it was sent.
pub(crate) async fn letter(call: CaseCall) -> Outcome {
    let id: LetterId = call.page.call.path_value("id")?;
    let firm = call.page.firm();
    let complaint = super::send::read(firm, call.complaint).await?.ok_or(Failure::new(Code::NotFound))?;
    sent_html(&firm.db_of(call.complaint)?, &complaint, id).await
}

/// `GET /{tenant}/case/representative`
pub(crate) async fn representative(call: CaseCall) -> Outcome {
    draw_representative(&call, 200, &BTreeMap::new(), &Vec::new()).await
}

async fn draw_representative(
    call: &CaseCall,
    status: u16,
    answers: &BTreeMap<String, String>,
    problems: &Problems,
) -> Outcome {
    let page: &PageCall = &call.page;
    let mut said = Said::default();
    let view = call.view(|event| said.hear(event)).await?;
    let name = view.complaint.representative.as_ref().map(|representative| representative.name.as_str());
    let since = said.represented.map(|at| view.day(page, at));
    let idempotency = secret();
    let here = paths::REPRESENTATIVE.of(page.slug());
    with_form(&[], answers, problems, |form| {
        page.page_at(status, &here, |page| {
            pages::html(&Representative { page, form, name, since, idempotency: &idempotency })
        })
    })
}

/// `POST /{tenant}/case/representative`
pub(crate) async fn name_representative(call: CaseCall) -> Outcome {
    let sent = call.page.posted().await?;
    let mut answers = BTreeMap::new();
    take(&mut answers, &REPRESENTATIVE, &sent);
    let answer = |name: &str| -> &str { answers.get(name).map_or("", String::as_str) };
    let problems = check_fields(&REPRESENTATIVE, &[], |name| if name == FOR_WHOM { OTHER } else { answer(name) });
    if !problems.is_empty() {
        return draw_representative(&call, 422, &answers, &problems).await;
    }
    let named = match said(&answer) {
        Ok(named) => named,
        Err(wrong) => return draw_representative(&call, 422, &answers, &vec![(wrong.0, Wrong::TooLong)]).await,
    };
    let reason = format!("The complainant names who acts for them. Authority: {}", answer("rep_authority"));
    call.give(&sent, correct(&reason, Some(named))?).await?;
    call.done("representative_added")
}

/// `POST /{tenant}/case/representative/withdraw`
pub(crate) async fn withdraw_representative(call: CaseCall) -> Outcome {
    let sent = call.page.posted().await?;
    call.give(&sent, correct("The complainant lets nobody act for them any more", None)?).await?;
    call.done("representative_withdrawn")
}

fn correct(reason: &str, to: Option<shared::complaint::intake::Representative>) -> Result<Command, Failure> {
    let reason = Prose::try_from(reason).map_err(Failure::internal)?;
    let set = Corrections { representative: Some(to), ..Corrections::default() };
    Ok(Command::Correct(Box::new(Correct { reason, set })))
}
