//! `/v1/complaints/{id}/uploads`: files that come in parts.
//!
//! The bucket keeps the parts. Once all are there they are one file, which is looked at, hashed and written down as one that came at
//! once (`api/attachments.rs`). Whatever a request that died has left, the next one goes on from; in the end cron clears away.

use super::{
    attachments::{Asking, Coming, Desk, announce, declared, may_be_done, record, storage},
    changing::answer,
    complaints::replay,
    letters::MAX_BODY,
};
use crate::{
    call::{Outcome, Posted, Reply, TenantCall, bad_header},
    failure::Failure,
    log,
    platform::{self, bucket::Intake},
    store::{StoreError, TenantDb, Unique},
};
use shared::{
    attachment::{
        decide::{self, Kept},
        upload::{BeginUpload, LIFE_MILLIS, Upload},
    },
    complaint::{Complaint, command::Nothing},
    http::problem::{Code, FieldError, Rule},
    ids::{AttachmentId, ComplaintId},
    json,
};
use std::collections::BTreeMap;

/// How long completing may take before cron sees what has become of it, in milliseconds: longer than any request lasts.
const COMPLETING_MILLIS: i64 = 86_400_000;

/// `POST /v1/complaints/{id}/uploads`
pub(crate) async fn begin(call: TenantCall) -> Outcome {
    let Posted { body, key, fingerprint } = call.call.posted::<BeginUpload>(MAX_BODY).await?;
    let (complaint, db) = call.complaint()?;
    let errors = body.errors(call.standing.tenant.attachments.max_bytes);
    if !errors.is_empty() {
        return Err(Failure::errors(Code::Invalid, errors));
    }
    let document = db.read(complaint).await?.ok_or(Failure::new(Code::NotFound))?;
    decide::room(&json::from_str::<Complaint>(&document.doc).map_err(StoreError::unreadable)?)?;
    let attachment = AttachmentId::new(call.call.now, &platform::entropy());
    let desk = Desk { home: call.home()?, firm: call.firm(), complaint, attachment };
    let expires_at = call.call.now.plus_millis(LIFE_MILLIS);
    desk.reserve(body.bytes, storage(&call), expires_at).await?;
    let bucket_id = match call.call.runtime.begin_upload(desk.place()).await {
        Ok(bucket_id) => bucket_id,
        Err(fault) => return Err(desk.forget(fault.into()).await),
    };
    let BeginUpload { name, bytes } = body;
    let upload = Upload { name, bytes, bucket_id, expires_at, parts: BTreeMap::new(), completing: false };
    match desk.home.begin_upload(attachment, &upload, &key, fingerprint).await {
        Ok(()) => shown(201, &upload, attachment, complaint),
        Err(StoreError::Taken(Unique::IdempotencyKey)) => {
            call.call.runtime.abort_upload(desk.place(), &upload).await;
            desk.give_up().await;
            let made = desk.home.upload_made_by(&key).await?.ok_or(Failure::new(Code::NotFound))?;
            if made.fingerprint != fingerprint {
                return Err(Failure::new(Code::IdempotencyKeyReused));
            }
            Ok(shown(201, &made.upload, made.attachment, complaint)?.replayed())
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /v1/complaints/{id}/uploads/{upload}`: which parts are missing.
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let (desk, upload) = under_way(&call).await?;
    shown(200, &upload, desk.attachment, desk.complaint)
}

/// `PUT /v1/complaints/{id}/uploads/{upload}/parts/{part}`: the bytes of a part. Sent again, it takes the place of what was there.
pub(crate) async fn part(call: TenantCall) -> Outcome {
    let (desk, upload) = under_way(&call).await?;
    let number: u32 = call.call.path_value("part")?;
    let size = upload.bytes_of(number).ok_or(Failure::new(Code::NotFound))?;
    if declared(&call)? != size {
        return Err(bad_header("Content-Length", Rule::NotAllowed, format!("must be {size}, the bytes of this part")));
    }
    let intake = Intake::new(&call.call.incoming);
    let coming = Coming { call: &call, name: &upload.name, intake: &intake, size };
    let taken = coming.take_signed(Some(desk.place()), Some((&upload.bucket_id, number)), false).await?;
    let upload = desk.home.add_part(desk.attachment, number, &taken.etag).await?;
    shown(200, &upload.ok_or(Failure::new(Code::NotFound))?, desk.attachment, desk.complaint)
}

/// `POST /v1/complaints/{id}/uploads/{upload}/complete`
///
/// 1. What the key did before is answered again.
/// 2. From now on nobody may give it up. The bucket makes one file of the parts; done before, by a request that died, it is there.
/// 3. The file is read once: its beginning says what it is, all of it its hash. What the firm does not take does not stay.
/// 4. The event is written, and a scanner asked, as for a file that came at once.
pub(crate) async fn complete(call: TenantCall) -> Outcome {
    let Posted { key, fingerprint, .. } = call.call.posted::<Nothing>(MAX_BODY).await?;
    // (1)
    let (complaint, db) = call.complaint()?;
    let loaded = db.load(complaint, key.as_str(), None, call.call.now).await?;
    if let Some(done) = loaded.done {
        // It may have died before it said so.
        let attachment = call.call.path_value("upload")?;
        over(&call, Desk { home: call.home()?, firm: call.firm(), complaint, attachment }).await;
        return replay(&db, done, fingerprint, loaded.lock.as_ref()).await;
    }
    let (desk, upload) = under_way(&call).await?;
    let missing = upload.missing();
    if !missing.is_empty() {
        let rule = format!("{} parts are still to come, the first of them part {}", missing.len(), at(&missing));
        return Err(Failure::errors(Code::Invalid, vec![FieldError::at("", Rule::Missing, rule)]));
    }
    // (2)
    desk.home.look_at_file(desk.attachment, Some(call.call.now.plus_millis(COMPLETING_MILLIS))).await?;
    let upload = desk.home.complete_upload(desk.attachment).await?.ok_or(Failure::new(Code::NotFound))?;
    call.call.runtime.complete_upload(desk.place(), &upload).await?;
    // (3)
    let kept = match look(&call, &desk, &upload).await {
        Ok(kept) => kept,
        Err(failure) if may_be_done(&failure) => return Err(failure),
        Err(failure) => return Err(desk.forget(failure).await),
    };
    // (4)
    let actor = call.actor()?;
    let asking = Asking { key: &key, fingerprint, actor: &actor, came_at: call.call.now };
    // Two requests that complete it at once, with two keys, add it once.
    let add = |before: &Complaint| match decide::find(before, kept.attachment) {
        Some(_) => Err(Failure::new(Code::NotFound)),
        None => decide::add(before, kept.clone()).map_err(Failure::from),
    };
    let performed = record(call.firm(), &db, loaded, &asking, add).await?;
    let performed = performed.ok_or_else(|| Failure::internal("an attachment makes no event"))?;
    over(&call, desk).await;
    answer(&call, &db, performed, fingerprint).await
}

/// The event is written: nothing is waited for any more but a scanner.
async fn over(call: &TenantCall, desk: Desk<'_>) {
    // Should that fail, whoever sees to the file does it.
    if let Err(error) = desk.home.end_upload(desk.attachment).await {
        log::fault("upload_not_ended", &error);
    }
    announce(call, desk);
}

/// `DELETE /v1/complaints/{id}/uploads/{upload}`: gives it up.
pub(crate) async fn give_up(call: TenantCall) -> Outcome {
    let (desk, upload) = under_way(&call).await?;
    if !desk.home.give_up_upload(desk.attachment).await? {
        return Err(Failure::new(Code::IllegalMove).detail("It is being completed"));
    }
    call.call.runtime.abort_upload(desk.place(), &upload).await;
    desk.clear().await?;
    Ok(Reply::empty(204))
}

fn at(missing: &[u32]) -> u32 {
    missing.first().copied().unwrap_or_default()
}

/// The upload that the path names, and where its file is kept and counted.
async fn under_way(call: &TenantCall) -> Result<(Desk<'_>, Upload), Failure> {
    let (complaint, _) = call.complaint()?;
    let attachment: AttachmentId = call.call.path_value("upload")?;
    let home: TenantDb = call.home()?;
    let upload = home.upload(attachment, complaint).await?.ok_or(Failure::new(Code::NotFound))?;
    Ok((Desk { home, firm: call.firm(), complaint, attachment }, upload))
}

fn shown(status: u16, upload: &Upload, attachment: AttachmentId, complaint: ComplaintId) -> Outcome {
    Reply::json(status, &upload.shown(attachment, complaint))
}

/// What has come, if the firm takes such.
async fn look(call: &TenantCall, desk: &Desk<'_>, upload: &Upload) -> Result<Kept, Failure> {
    let intake = call.call.runtime.intake_of(desk.place()).await?.ok_or(Failure::new(Code::Unavailable))?;
    let coming = Coming { call, name: &upload.name, intake: &intake, size: upload.bytes };
    let media_type = coming.media_type().await?;
    let sha256 = coming.take(None, None, media_type.is_text()).await?.sha256;
    Ok(Kept { attachment: desk.attachment, bytes: upload.bytes, media_type, name: upload.name.clone(), sha256 })
}
