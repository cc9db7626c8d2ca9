//! `/v1/complaints/{id}/attachments`: evidence that comes, is looked at, and goes; and links by which it is given out
//! (`api/files.rs`).
//!
//! 1. The complaint is loaded as for a command; what the key did before is answered again, if the file is the same.
//! 2. The beginning of the file says what it is. Room is made for it where the tenant's files are counted.
//! 3. It streams into the bucket and through the hash. Whatever is wrong with it, nothing of it stays.
//! 4. The event is written as a command's is, at whatever version the complaint is by then, and whoever has locked it: evidence changes
//!    nothing that others have read.
//! 5. After the answer a scanner is asked to look at it.

use super::{
    changing::{Begun, Changing, answer},
    commands::{Case, Performed, Writing, write},
    complaints::replay,
    letters::MAX_BODY,
};
use crate::{
    call::{Firm, Outcome, Reply, TenantCall, bad_header, bad_parameter, unknown_parameter},
    deliver::scanning,
    failure::Failure,
    gateway::signature,
    log,
    platform::{
        self,
        bucket::{Intake, NotKept, Object, Place, TakenIn},
    },
    store::{
        StoreError, TenantDb,
        complaints::{Done, Loaded},
        stored_files::Reserved,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    access::Actor,
    attachment::{
        Attachment, AttachmentState, FileName, MAX_BYTES, Signature,
        decide::{self, Kept},
        link::{Handed, LIFE_MILLIS, Link},
        media_type::{LOOKED_AT, MediaType, NotTaken, taken},
    },
    chain::Digest,
    complaint::{
        Complaint,
        command::{MustReason, Nothing},
        event::EventBody,
    },
    http::{
        idempotency::{self, IdempotencyKey},
        problem::{Code, FieldError, Rule},
    },
    ids::{AttachmentId, ComplaintId},
    json,
    limit::plan::{Over, Quota, Resource},
    lock::Lock,
    tenant::standing::Standing,
    time::Timestamp,
};

/// How long a file may be on its way before cron sees what has become of it, in milliseconds: longer than any request lasts.
const ON_ITS_WAY_MILLIS: i64 = 86_400_000;
/// How long the first message to the scanner may take before cron sends another.
const SCAN_LOST_MILLIS: i64 = 120_000;
/// The most bytes of a picture that is made small (`thumbnail/src/lib.rs`).
const MOST_OF_A_PICTURE: u64 = 20_000_000;
/// How often the event is written anew because somebody else has changed the complaint.
const TRIES: u32 = 30;

/// An attachment.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OneAttachment {
    /// The complaint.
    complaint: ComplaintId,
    #[serde(flatten)]
    attachment: Attachment,
}

/// `POST /v1/complaints/{id}/attachments?name=`
pub(crate) async fn add(call: TenantCall) -> Outcome {
    let key = call.call.idempotency_key()?;
    let name = name(&call)?;
    let size = size(&call)?;
    // (1)
    let (id, db) = call.complaint()?;
    let intake = Intake::new(&call.call.incoming);
    let loaded = db.load(id, key.as_str(), None, call.call.now).await?;
    let file = Coming { call: &call, name: &name, intake: &intake, size };
    if let Some(done) = loaded.done {
        return file.again(&db, done, loaded.lock.as_ref()).await;
    }
    decide::room(loaded.complaint.as_ref().ok_or(Failure::new(Code::NotFound))?)?;
    // (2)
    let media_type = file.media_type().await?;
    let attachment = AttachmentId::new(call.call.now, &platform::entropy());
    let desk = Desk { home: call.home()?, firm: call.firm(), complaint: id, attachment };
    desk.reserve(size, storage(&call), call.call.now.plus_millis(ON_ITS_WAY_MILLIS)).await?;
    // (3)
    let kept = match file.keep(&desk, media_type).await {
        Ok(kept) => kept,
        Err(failure) => return Err(desk.forget(failure).await),
    };
    // (4)
    let fingerprint = file.fingerprint(kept.sha256);
    let actor = call.actor()?;
    let asking = Asking { key: &key, fingerprint, actor: &actor, came_at: call.call.now };
    let add = |before: &Complaint| decide::add(before, kept.clone()).map_err(Failure::from);
    let performed = match record(call.firm(), &db, loaded, &asking, add).await {
        Ok(Some(performed)) => performed,
        Ok(None) => return Err(Failure::internal("an attachment makes no event")),
        Err(failure) if may_be_done(&failure) => return Err(failure),
        Err(failure) => return Err(desk.forget(failure).await),
    };
    // (5)
    match &performed {
        Performed::Now { .. } => announce(&call, desk),
        // The same request, sent twice at once: what the other one kept is named.
        _ => desk.give_up().await,
    }
    answer(&call, &db, performed, fingerprint).await
}

/// `GET /v1/complaints/{id}/attachments/{attachment}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let complaint = complaint(&call).await?;
    let attachment = found(&call, &complaint)?.clone();
    Reply::json(200, &OneAttachment { complaint: complaint.id, attachment })
}

/// `POST /v1/complaints/{id}/attachments/{attachment}/link`: writes nothing.
pub(crate) async fn link(call: TenantCall) -> Outcome {
    call.call.posted::<Nothing>(MAX_BODY).await?;
    let complaint = complaint(&call).await?;
    let attachment = found(&call, &complaint)?;
    may_go(attachment)?;
    if !call.home()?.has_file(attachment.id).await? {
        return Err(Failure::new(Code::NotFound).detail("Its bytes stayed where its case file came from"));
    }
    // For everybody else the world's time counts.
    let expires_at = call.call.now.plus_millis(LIFE_MILLIS);
    let link = Link {
        tenant: call.standing.tenant.id,
        complaint: complaint.id,
        attachment: attachment.id,
        sha256: attachment.sha256,
        expires_at,
    };
    let token = link.seal(&call.call.config.cursors);
    let url = &call.call.incoming.head.url;
    let origin = url.match_indices('/').nth(2).and_then(|(at, _)| url.get(..at)).unwrap_or_default();
    let cell = &call.call.config.cell;
    Reply::json(200, &Handed { url: format!("{origin}/v1/files/{cell}.{token}"), expires_at })
}

/// `GET /v1/complaints/{id}/attachments/{attachment}/thumbnail`: a small picture of a picture. It is made when it is first asked for.
pub(crate) async fn thumbnail(call: TenantCall) -> Outcome {
    let complaint = complaint(&call).await?;
    let attachment = found(&call, &complaint)?;
    let none = || Failure::new(Code::NotFound).detail("There is no thumbnail of it");
    may_go(attachment).map_err(|_| none())?;
    if !attachment.media_type.is_picture() || attachment.bytes > MOST_OF_A_PICTURE {
        return Err(none());
    }
    let object = Object::File { complaint: complaint.id, attachment: attachment.id, digest: attachment.sha256 };
    let small = call.call.runtime.thumbnail(call.standing.tenant.id, &object).await?.unwrap_or_default();
    if small.is_empty() {
        return Err(none());
    }
    Ok(Reply::bytes("image/jpeg", small).header("cache-control", "private, max-age=86400".to_owned()))
}

/// Whether it is given out.
fn may_go(attachment: &Attachment) -> Result<(), Failure> {
    let refused = match attachment.state {
        AttachmentState::Clean => return Ok(()),
        AttachmentState::Quarantined => "is in quarantine: no scanner has looked at it yet",
        AttachmentState::Infected => "is infected, and never given out",
        AttachmentState::Removed => "was removed",
    };
    Err(Failure::errors(Code::Invalid, vec![FieldError::at("", Rule::NotAllowed, refused)]))
}

/// `DELETE /v1/complaints/{id}/attachments/{attachment}`
pub(crate) async fn remove(call: TenantCall) -> Outcome {
    let MustReason { reason } = call.call.json(MAX_BODY).await?;
    let attachment: AttachmentId = call.call.path_value("attachment")?;
    // It is removed once: that is what identifies the request.
    let key: IdempotencyKey = format!("remove:{attachment}").parse().map_err(Failure::internal)?;
    let fingerprint = Digest::of(key.as_str().as_bytes());
    let changing = match Changing::begin(&call, key, fingerprint).await? {
        Begun::Go(changing) => changing,
        Begun::Done(outcome) => {
            let complaint = call.complaint()?.0;
            let desk = Desk { home: call.home()?, firm: call.firm(), complaint, attachment };
            desk.give_up().await;
            return outcome;
        }
    };
    found(&call, &changing.before)?;
    let bodies = decide::remove(&changing.before, attachment, reason)?;
    let desk = Desk { home: call.home()?, firm: call.firm(), complaint: changing.before.id, attachment };
    // Should the rest be lost, cron sees that it was removed.
    desk.home.look_at_file(attachment, Some(call.call.now.plus_millis(SCAN_LOST_MILLIS))).await?;
    let reply = changing.end(&call, bodies).await?;
    desk.give_up().await;
    Ok(reply)
}

/// Records what a scanner says of an attachment, whoever has locked the complaint. The message that tells of it, if that is new.
pub(crate) async fn record_verdict(
    firm: Firm<'_>,
    complaint: ComplaintId,
    attachment: AttachmentId,
    signature: Option<Signature>,
    (actor, came_at): (&Actor, Timestamp),
) -> Result<Option<String>, Failure> {
    let key: IdempotencyKey = format!("scan:{attachment}").parse().map_err(Failure::internal)?;
    let fingerprint = Digest::of(key.as_str().as_bytes());
    let asking = Asking { key: &key, fingerprint, actor, came_at };
    let scanned = |before: &Complaint| decide::scanned(before, attachment, signature.clone()).map_err(Failure::from);
    record_once(firm, complaint, &asking, scanned).await
}

/// Records once what is decided, at whatever version the complaint is, and whoever has locked it. The message that tells of it, if that
/// is new.
pub(crate) async fn record_once(
    firm: Firm<'_>,
    complaint: ComplaintId,
    asking: &Asking<'_>,
    decide: impl Fn(&Complaint) -> Result<Vec<EventBody>, Failure>,
) -> Result<Option<String>, Failure> {
    let db = firm.db_of(complaint)?;
    let loaded = db.load(complaint, asking.key.as_str(), None, asking.came_at).await?;
    match record(firm, &db, loaded, asking, decide).await? {
        Some(Performed::Now { committed, .. }) => Ok(Some(committed.message)),
        _ => Ok(None),
    }
}

/// A file of a mail that is to be attached.
pub(crate) struct Attached<'a> {
    pub(crate) complaint: ComplaintId,
    pub(crate) name: FileName,
    pub(crate) media_type: MediaType,
    pub(crate) bytes: &'a [u8],
    /// What identifies it: attached again, it does nothing more.
    pub(crate) key: &'a IdempotencyKey,
    pub(crate) actor: &'a Actor,
}

/// Attaches a file that is here as a whole: steps 1 to 5 of [`add`]. The message that tells of it, if it is new.
pub(crate) async fn attach(firm: Firm<'_>, standing: &Standing, file: Attached<'_>) -> Result<Option<String>, Failure> {
    let Attached { complaint, name, media_type, bytes, key, actor } = file;
    let (db, now) = (firm.db_of(complaint)?, platform::now());
    // (1)
    let loaded = db.load(complaint, key.as_str(), None, now).await?;
    if loaded.done.is_some() {
        return Ok(None);
    }
    decide::room(loaded.complaint.as_ref().ok_or(Failure::new(Code::NotFound))?)?;
    // (2)
    let attachment = AttachmentId::new(now, &platform::entropy());
    let desk = Desk { home: firm.home()?, firm, complaint, attachment };
    let (size, sha256) = (bytes.len() as u64, Digest::of(bytes));
    let storage = standing.limits().and_then(|limits| limits.quota(Resource::StorageBytes));
    desk.reserve(size, storage, now.plus_millis(ON_ITS_WAY_MILLIS)).await?;
    // (3)
    let object = Object::File { complaint, attachment, digest: sha256 };
    if let Err(fault) = firm.runtime.keep(firm.tenant.id, &object, bytes).await {
        return Err(desk.forget(fault.into()).await);
    }
    // (4)
    let kept = Kept { attachment, bytes: size, media_type, name, sha256 };
    let asking = Asking { key, fingerprint: Digest::of(key.as_str().as_bytes()), actor, came_at: now };
    let add = |before: &Complaint| decide::add(before, kept.clone()).map_err(Failure::from);
    match record(firm, &db, loaded, &asking, add).await {
        Ok(Some(Performed::Now { committed, .. })) => {
            // (5) Cron has it scanned with its next tick.
            if let Err(error) = desk.home.look_at_file(attachment, Some(now)).await {
                log::fault("attachment_not_noted", &error);
            }
            Ok(Some(committed.message))
        }
        Ok(_) => {
            desk.give_up().await;
            Ok(None)
        }
        Err(failure) if may_be_done(&failure) => Err(failure),
        Err(failure) => Err(desk.forget(failure).await),
    }
}

/// A request that does not depend on the version it meets.
pub(crate) struct Asking<'a> {
    pub(crate) key: &'a IdempotencyKey,
    pub(crate) fingerprint: Digest,
    pub(crate) actor: &'a Actor,
    pub(crate) came_at: Timestamp,
}

/// Writes what is decided, at whatever version the complaint is. `None` if that is nothing.
pub(super) async fn record(
    firm: Firm<'_>,
    db: &TenantDb,
    mut loaded: Loaded,
    asking: &Asking<'_>,
    decide: impl Fn(&Complaint) -> Result<Vec<EventBody>, Failure>,
) -> Result<Option<Performed>, Failure> {
    let &Asking { key, fingerprint, actor, came_at } = asking;
    let mut tries = 0;
    loop {
        let Loaded { complaint, done, lock, timeline, due, .. } = loaded;
        if let Some(done) = done {
            return Ok(Some(Performed::Before { done, lock }));
        }
        let before = complaint.ok_or(Failure::new(Code::NotFound))?;
        let bodies = decide(&before)?;
        if bodies.is_empty() {
            return Ok(None);
        }
        let (id, token) = (before.id, lock.as_ref().map(|lock| lock.token));
        let now = firm.tenant.time(came_at).max(before.updated_at);
        let case = Case { before, timeline, due, lock };
        let writing = Writing { bodies, key, fingerprint, actor, now, came_at, token, rehearsed: false };
        match write(firm, db, case, writing).await {
            Err(failure) if tries < TRIES && is_overtaken(&failure) => tries += 1,
            performed => return performed.map(Some),
        }
        loaded = db.load(id, key.as_str(), None, platform::now()).await?;
    }
}

/// Whether somebody else was faster, or has locked it or given it free meanwhile.
const fn is_overtaken(failure: &Failure) -> bool {
    matches!(failure.code, Code::PreconditionFailed | Code::Locked | Code::LockLost)
}

/// Whether nobody knows that it was not done: then cron finds out.
pub(super) const fn may_be_done(failure: &Failure) -> bool {
    matches!(failure.code, Code::Unavailable | Code::Internal)
}

/// What the plan says of the bytes of all files.
pub(super) fn storage(call: &TenantCall) -> Option<Quota> {
    call.standing.limits().and_then(|limits| limits.quota(Resource::StorageBytes))
}

/// `?name=`, the only parameter.
fn name(call: &TenantCall) -> Result<FileName, Failure> {
    let mut name = None;
    for (parameter, value) in call.call.parameters() {
        if parameter != "name" {
            return Err(unknown_parameter(&parameter));
        }
        let parsed = FileName::try_from(value.into_owned())
            .map_err(|error| bad_parameter(FieldError::parameter("name", Rule::NotAllowed, error.to_string())))?;
        name = Some(parsed);
    }
    name.ok_or_else(|| bad_parameter(FieldError::parameter("name", Rule::Missing, "must say what the file is called")))
}

/// How many bytes come, as the request says: the bucket wants to know before they do.
pub(super) fn declared(call: &TenantCall) -> Result<u64, Failure> {
    let rule = |rule, detail: &str| bad_header("Content-Length", rule, detail.to_owned());
    let declared = call.call.incoming.header("content-length");
    let declared = declared.ok_or_else(|| rule(Rule::Missing, "must say how many bytes come"))?;
    declared.parse::<u64>().map_err(|_| rule(Rule::NotAllowed, "must be a number of bytes"))
}

/// How many bytes the file has.
fn size(call: &TenantCall) -> Result<u64, Failure> {
    let size = declared(call)?;
    let most = call.standing.tenant.attachments.max_bytes.min(MAX_BYTES);
    match size {
        0 => Err(Failure::errors(Code::Invalid, vec![FieldError::at("", Rule::Missing, "must have some bytes")])),
        _ if size > most => {
            Err(Failure::new(Code::TooLarge).detail(format!("At most {most} bytes; a larger file comes in parts")))
        }
        _ => Ok(size),
    }
}

/// The complaint that the path names.
async fn complaint(call: &TenantCall) -> Result<Complaint, Failure> {
    let (id, db) = call.complaint()?;
    let document = db.read(id).await?.ok_or(Failure::new(Code::NotFound))?;
    Ok(json::from_str(&document.doc).map_err(StoreError::unreadable)?)
}

/// The attachment that the path names.
fn found<'c>(call: &TenantCall, complaint: &'c Complaint) -> Result<&'c Attachment, Failure> {
    decide::find(complaint, call.call.path_value("attachment")?).ok_or(Failure::new(Code::NotFound))
}

/// A file on its way in.
pub(super) struct Coming<'c> {
    pub(super) call: &'c TenantCall,
    pub(super) name: &'c FileName,
    pub(super) intake: &'c Intake,
    pub(super) size: u64,
}

impl Coming<'_> {
    /// The answer to a request that was served before, if this is the same file.
    async fn again(&self, db: &TenantDb, done: Done, lock: Option<&Lock>) -> Outcome {
        let taken = self.take_signed(None, None, false).await?;
        replay(db, done, self.fingerprint(taken.sha256), lock).await
    }

    /// What tells the request from others: of the body its hash.
    fn fingerprint(&self, sha256: Digest) -> Digest {
        let head = &self.call.call.incoming.head;
        idempotency::fingerprint(&head.method, &head.path, format!("{}\n{sha256}", self.name.as_str()).as_bytes())
    }

    /// What it is, if the firm takes such.
    pub(super) async fn media_type(&self) -> Result<MediaType, Failure> {
        let begins = self.intake.begin(u32::try_from(LOOKED_AT).unwrap_or(u32::MAX)).await;
        let begins = begins.map_err(|fault| broken_off(&fault.message))?;
        taken(&begins, self.name, &self.call.standing.tenant.attachments).map_err(|refused| match refused {
            NotTaken::Type(rule) => Failure::new(Code::UnsupportedMediaType).detail(rule),
            NotTaken::Name(error) => Failure::errors(Code::Invalid, vec![error]),
        })
    }

    /// Its hashes. With a place it is kept there, or as a part of an upload.
    pub(super) async fn take(
        &self,
        place: Option<Place>,
        part: Option<(&str, u32)>,
        is_text: bool,
    ) -> Result<TakenIn, Failure> {
        let sha512 = self.call.call.signed.as_ref().is_some_and(|signed| signed.wants_sha512());
        let taken = self.call.call.runtime.take_file(place, part, self.intake, (self.size, is_text, sha512)).await;
        taken.map_err(|not| match not {
            NotKept::Size => bad_header("Content-Length", Rule::NotAllowed, "is not how many bytes came".to_owned()),
            NotKept::NotText => Failure::new(Code::UnsupportedMediaType).detail("The content is no text in UTF-8"),
            NotKept::Broken(why) => broken_off(&why),
        })
    }

    /// The same of what the request brings: if that is signed, it is what was signed.
    pub(super) async fn take_signed(
        &self,
        place: Option<Place>,
        part: Option<(&str, u32)>,
        is_text: bool,
    ) -> Result<TakenIn, Failure> {
        let taken = self.take(place, part, is_text).await?;
        if let Some(signed) = &self.call.call.signed {
            let checked = signed.check_hashes(taken.sha256.as_bytes(), taken.sha512().as_deref());
            checked.map_err(|error| signature::refused(&error))?;
        }
        Ok(taken)
    }

    /// Keeps it.
    async fn keep(&self, desk: &Desk<'_>, media_type: MediaType) -> Result<Kept, Failure> {
        let TakenIn { sha256, .. } = self.take_signed(Some(desk.place()), None, media_type.is_text()).await?;
        Ok(Kept { attachment: desk.attachment, bytes: self.size, media_type, name: self.name.clone(), sha256 })
    }
}

/// The caller hung up, and reads no answer; or the bucket did, and the caller may try again.
fn broken_off(why: &str) -> Failure {
    log::fault("attachment_not_kept", &why);
    Failure::new(Code::Unavailable).detail("The file did not come whole")
}

/// Where one file is kept and counted.
pub(crate) struct Desk<'f> {
    pub(crate) home: TenantDb,
    pub(crate) firm: Firm<'f>,
    pub(crate) complaint: ComplaintId,
    pub(crate) attachment: AttachmentId,
}

impl Desk<'_> {
    /// Where in the bucket.
    pub(super) const fn place(&self) -> Place {
        Place { tenant: self.firm.tenant.id, complaint: self.complaint, attachment: self.attachment }
    }

    /// Makes room for it until then, if the plan has some.
    pub(super) async fn reserve(&self, bytes: u64, quota: Option<Quota>, look_at: Timestamp) -> Result<(), Failure> {
        let Self { home, complaint, attachment, .. } = self;
        let most = quota.filter(|quota| quota.over == Over::Refuse).map_or(u64::MAX, |quota| quota.limit);
        let reserved = Reserved { attachment: *attachment, complaint: *complaint, bytes, look_at };
        if home.reserve_file(reserved, most).await? {
            return Ok(());
        }
        let detail = format!("The plan has room for {most} bytes of attachments in all");
        Err(Failure::new(Code::QuotaExceeded).violated(Resource::StorageBytes.as_str(), 3_600).detail(detail))
    }

    /// Deletes its bytes, also those that have come in parts, then counts it no longer.
    pub(crate) async fn clear(&self) -> Result<(), Failure> {
        let Self { home, firm, complaint, attachment } = self;
        if let Some(upload) = home.upload(*attachment, *complaint).await? {
            firm.runtime.abort_upload(self.place(), &upload).await;
        }
        firm.runtime.forget_file(firm.tenant.id, *complaint, *attachment).await?;
        Ok(home.release_file(*attachment).await?)
    }

    /// The same. Where that fails, cron does it.
    pub(super) async fn give_up(&self) {
        if let Err(failure) = self.clear().await {
            log::fault("attachment_not_deleted", &failure.reason().unwrap_or_default());
        }
    }

    /// The same, because of a failure.
    pub(super) async fn forget(&self, failure: Failure) -> Failure {
        self.give_up().await;
        failure
    }
}

/// Has it scanned after the answer.
pub(super) fn announce(call: &TenantCall, desk: Desk<'_>) {
    let Desk { home, firm, complaint, attachment } = desk;
    let message = scanning::ask(firm.tenant.id, complaint, attachment);
    let (runtime, look_at) = (call.call.runtime.clone(), call.call.now.plus_millis(SCAN_LOST_MILLIS));
    call.call.afterwards(async move {
        if let Err(error) = home.look_at_file(attachment, Some(look_at)).await {
            log::fault("attachment_not_noted", &error);
        }
        if let Err(fault) = runtime.send(platform::Queue::Scan, &[message]).await {
            log::fault("scan_not_asked", &fault);
        }
    });
}
