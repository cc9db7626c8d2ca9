//! Sees what has become of files: has those that wait scanned, and deletes what no event names. The consumer of `scan`.
//!
//! Invariant: what is in the bucket follows from the events. A row of `stored_files` that is in doubt comes here, by a message or by
//! cron, as often as it takes; doing it twice does no harm.

use crate::{
    api::attachments::{Desk, record_verdict},
    call::Firm,
    failure::Failure,
    log,
    platform::{self, Freshness, Queue, Runtime, bucket::Object},
    store::{
        StoreError,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use shared::{
    access::{Actor, ActorKind},
    attachment::{AttachmentState, clamd, decide::find},
    chain::Digest,
    complaint::Complaint,
    http::problem::Code,
    ids::{AttachmentId, ComplaintId, TenantId},
    json,
    tenant::placement::ShardId,
    text::Line,
    time::Timestamp,
};
use std::str::FromStr;
use worker::{MessageBatch, MessageExt};

/// The variable that says where the scanner is: `host:port`. Empty: there is none, and files stay in quarantine.
const SCANNER: &str = "CLAMAV";
/// The actor that records verdicts, as events name it.
const ACTOR: &str = "scanner";
/// How long a scan may take, in milliseconds.
const PATIENCE_MILLIS: u32 = 300_000;
/// How long until a file that waits is looked at again, in milliseconds: longer than all retries of a message.
const AGAIN_MILLIS: i64 = 1_800_000;
/// The files of a shard that one tick finds.
const A_TICK: u32 = 100;

/// The first word of a message: what it is, and the version of its format. Tenant, complaint and attachment follow.
/// (`stored_files_due.sql` writes it, too.)
const MESSAGE: &str = "scan/1";

/// A message that asks to see what has become of a file.
pub(crate) fn ask(tenant: TenantId, complaint: ComplaintId, attachment: AttachmentId) -> String {
    format!("{MESSAGE} {tenant} {complaint} {attachment}")
}

/// A file of which it is to be seen what has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    tenant: TenantId,
    complaint: ComplaintId,
    attachment: AttachmentId,
}

/// The text is no such message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAsked;

impl FromStr for Asked {
    type Err = NotAsked;

    fn from_str(text: &str) -> Result<Self, NotAsked> {
        let parts: Vec<_> = text.split(' ').collect();
        let &[MESSAGE, tenant, complaint, attachment] = parts.as_slice() else { return Err(NotAsked) };
        Ok(Self {
            tenant: tenant.parse().map_err(|_| NotAsked)?,
            complaint: complaint.parse().map_err(|_| NotAsked)?,
            attachment: attachment.parse().map_err(|_| NotAsked)?,
        })
    }
}

/// Takes messages. What cannot be done goes, after all retries, to the dead letters.
pub(crate) async fn consume(batch: &MessageBatch<String>, runtime: &Runtime) {
    for raw in batch.raw_iter() {
        let text = raw.body().as_string().unwrap_or_default();
        let seen = match text.parse::<Asked>() {
            Ok(asked) => see(runtime, asked, platform::now()).await,
            Err(NotAsked) => Err(Failure::internal("not a message that asks for a scan")),
        };
        match seen {
            Ok(()) => raw.ack(),
            Err(failure) => {
                log::fault("file_not_seen_to", &format!("{}: {}", raw.id(), failure.reason().unwrap_or_default()));
                raw.retry();
            }
        }
    }
}

/// Finds files of which it is time to see what has become, and has that done. How many.
pub(crate) async fn sweep(runtime: &Runtime, shard: ShardId, now: Timestamp) -> Result<u32, StoreError> {
    let db = SystemDb::new(runtime.clone(), shard);
    let messages = db.due_files(now, now.plus_millis(AGAIN_MILLIS), A_TICK).await?;
    runtime.send(Queue::Scan, &messages).await.map_err(StoreError::Busy)?;
    Ok(u32::try_from(messages.len()).unwrap_or(A_TICK))
}

/// Sees what has become of a file: the events say whether it is to be there.
async fn see(runtime: &Runtime, asked: Asked, now: Timestamp) -> Result<(), Failure> {
    let Asked { tenant, complaint, attachment } = asked;
    // A tenant that is not at home here is another cell's to see to.
    let known = SystemDb::new(runtime.clone(), DIRECTORY_SHARD).tenant(tenant).await?;
    let cell = runtime.variable("CELL");
    let Some(tenant) = known.filter(|known| Some(known.home_cell.as_str()) == cell.as_deref()) else { return Ok(()) };
    let firm = Firm { runtime, tenant: &tenant, freshness: Freshness::Latest };
    let document = firm.db_of(complaint)?.read(complaint).await?;
    let folded: Option<Complaint> =
        document.map(|document| json::from_str(&document.doc)).transpose().map_err(StoreError::unreadable)?;
    let known = folded.as_ref().and_then(|folded| find(folded, attachment));
    let desk = Desk { home: firm.home()?, firm, complaint, attachment };
    let Some(known) = known.filter(|known| known.state != AttachmentState::Removed) else { return desk.clear().await };
    desk.home.end_upload(attachment).await?;
    let object = Object::File { complaint, attachment, digest: known.sha256 };
    // They stayed where the case file came from: then there is nothing to count.
    if !runtime.has_file(tenant.id, &object).await? {
        return Ok(desk.home.release_file(attachment).await?);
    }
    let done = match known.state {
        AttachmentState::Quarantined => scan(&desk, &object, known.sha256, now).await?,
        AttachmentState::Clean | AttachmentState::Infected | AttachmentState::Removed => true,
    };
    let again = (!done).then(|| now.plus_millis(AGAIN_MILLIS));
    Ok(desk.home.look_at_file(attachment, again).await?)
}

/// Has a file scanned, and records the verdict. False if it has to wait.
async fn scan(desk: &Desk<'_>, object: &Object, sha256: Digest, now: Timestamp) -> Result<bool, Failure> {
    let Desk { firm, complaint, attachment, .. } = desk;
    let runtime = firm.runtime;
    let Some(address) = runtime.variable(SCANNER).filter(|address| !address.is_empty()) else { return Ok(false) };
    let scanned = runtime.scan_file(firm.tenant.id, object, &address, PATIENCE_MILLIS).await?;
    // It was removed just now.
    let Some(scanned) = scanned else { return Ok(false) };
    if scanned.sha256 != sha256 {
        return Err(Failure::internal("a file is not what was sealed"));
    }
    let found = clamd::said(&scanned.reply).map_err(Failure::internal)?;
    let actor =
        Actor { kind: ActorKind::System, id: Line::try_from(ACTOR.to_owned()).map_err(Failure::internal)?, job: None };
    match record_verdict(*firm, *complaint, *attachment, found, (&actor, now)).await {
        Ok(message) => {
            let messages: Vec<_> = message.into_iter().collect();
            // Cron sends what is not sent.
            if let Err(fault) = runtime.send(Queue::Notify, &messages).await {
                log::fault("outbox_not_sent", &fault);
            }
            Ok(true)
        }
        // The tenant is held: it waits, here or where it goes.
        Err(failure) if failure.code == Code::Unavailable => Ok(false),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_which_file() {
        let text = concat!(
            "scan/1 018bcfe5-6800-7202-8202-020202020202 018bcfe5-6800-7303-8303-030303030300 ",
            "018bcfe5-6800-7505-8505-050505050505"
        );
        let Asked { tenant, complaint, attachment } = text.parse().unwrap();
        assert_eq!(ask(tenant, complaint, attachment), text);
        for other in ["", "scan/2 a b c", "clocks/1 3", &text.replace("scan/1", "scan/2"), &format!("{text} x")] {
            assert_eq!(other.parse::<Asked>(), Err(NotAsked), "{other}");
        }
    }
}
