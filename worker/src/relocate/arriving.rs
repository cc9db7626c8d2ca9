//! The cell that a tenant goes to: takes in what the other cell sends, checks it, and takes over.
//!
//! Every step may come twice, or late: what it says about the move is read first, and what it writes fails if that has
//! changed meanwhile.

use super::wire::{Activate, Copied, Copy, Finished, Of, Outbox, Prepare, Prepared, Promised, Withdraw, step};
use crate::{
    call::{CellCall, Outcome, Reply},
    failure::Failure,
    gateway::{admission, directory},
    log,
    platform::{self, bucket::Object},
    store::{
        StoreError, TenantDb,
        relocation::{ComplaintRow, DeliveryRow, EventRow, InOrder, Kept, Left, Newer, RequestRow, Totals},
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use serde::de::DeserializeOwned;
use shared::{
    chain::Check,
    complaint::Complaint,
    http::problem::Code,
    ids::{ComplaintId, RelocationId},
    json,
    notify::OutboxMessage,
    tenant::{
        placement::{Placement, ShardId, Slot},
        relocation::{Answer, Arrival, ArrivalState, Record},
    },
};
use std::collections::{BTreeMap, HashMap};

/// The largest body that is read, in bytes: a part has a million bytes of events and what goes along with them.
const MAX_BODY: u32 = 32_000_000;

/// `POST /v1/relocations/{tenant}/{step}`
pub(crate) async fn take_part(call: CellCall) -> Outcome {
    let step: String = call.call.path_value("step")?;
    match step.as_str() {
        step::PREPARE => prepare(&call).await,
        step::COPY => copy(&call).await,
        step::COMPARE => compare(&call).await,
        step::ACTIVATE => activate(&call).await,
        step::WITHDRAW => withdraw(&call).await,
        step::OUTBOX => outbox(&call).await,
        step::OBJECT => object(&call).await,
        step::CLEAR => clear(&call).await,
        _ => match InOrder::of(&step) {
            Some(list) => in_order(&call, list).await,
            None => Err(Failure::new(Code::NotFound)),
        },
    }
}

async fn body<T: DeserializeOwned>(call: &CellCall) -> Result<T, Failure> {
    call.call.json(MAX_BODY).await
}

impl CellCall {
    fn db(&self, shard: ShardId) -> TenantDb {
        TenantDb::new(self.call.runtime.clone(), shard, self.tenant)
    }

    fn home(&self) -> TenantDb {
        self.db(DIRECTORY_SHARD)
    }

    /// The arrival that a step is about, and its number.
    async fn arrival(&self, job: RelocationId) -> Result<(Arrival, i64), Failure> {
        match self.home().relocation().await? {
            Some(Kept { record: Record::Arriving(arrival), fence })
                if arrival.job == job && arrival.from == self.from =>
            {
                Ok((arrival, fence))
            }
            _ => Err(Failure::new(Code::NotFound).detail("No such move was prepared here")),
        }
    }

    /// Fails unless the tenant is still on its way here.
    async fn receiving(&self, job: RelocationId) -> Result<(), Failure> {
        let (arrival, _) = self.arrival(job).await?;
        let receiving = arrival.state == ArrivalState::Receiving;
        if receiving { Ok(()) } else { Err(Failure::new(Code::Forbidden).detail("The move is over")) }
    }

    async fn save(&self, arrival: Arrival, fence: i64) -> Result<(), Failure> {
        if self.home().replace_relocation(&Record::Arriving(arrival), fence).await? { Ok(()) } else { Err(outrun()) }
    }
}

/// Another step was faster.
fn outrun() -> Failure {
    Failure::new(Code::Unavailable).detail("Another step of the same move was done meanwhile")
}

/// A cell prepares for a tenant that is at home in the cell that asks, once an earlier move is over here.
async fn prepare(call: &CellCall) -> Outcome {
    let Prepare { job, slots } = body(call).await?;
    let kept = call.home().relocation().await?;
    let there = call.call.runtime.shards();
    let wanted = Placement::resettled(call.tenant, slots, &there).ok_or(Failure::new(Code::Invalid))?;
    let placement = match kept {
        Some(Kept { record: Record::Arriving(mut arrival), fence }) if arrival.job == job => {
            if arrival.from != call.from || arrival.state != ArrivalState::Receiving {
                return Err(Failure::new(Code::Forbidden).detail("The move is over"));
            }
            if arrival.placement.slots() < slots {
                arrival.placement = arrival.placement.extended(&wanted);
                call.save(arrival.clone(), fence).await?;
            }
            arrival.placement
        }
        kept => {
            if kept.as_ref().is_some_and(|kept| !kept.record.is_over() || kept.record.id() > job) {
                return Err(Failure::new(Code::Unavailable).detail("An earlier move is not over here"));
            }
            // The directory is the only word that this cell has on where the tenant is.
            if directory::home_of(&call.call, call.tenant).await?.as_ref() != Some(&call.from) {
                return Err(Failure::new(Code::Forbidden).detail("The tenant is not at home in the cell that asks"));
            }
            let arrival = Arrival::new(job, call.tenant, call.from.clone(), wanted.clone());
            let fence = kept.map(|kept| kept.fence);
            if !call.home().begin_relocation(&Record::Arriving(arrival), fence, None).await? {
                return Err(outrun());
            }
            wanted
        }
    };
    for shard in with_directory(placement.shards()) {
        call.db(shard).expect(job).await?;
    }
    // Over meanwhile: then nothing may be expected any more.
    let is_receiving = call.arrival(job).await.is_ok_and(|(arrival, _)| arrival.state == ArrivalState::Receiving);
    if !is_receiving {
        for shard in with_directory(placement.shards()) {
            call.db(shard).expect_no_more(job).await?;
        }
        return Err(Failure::new(Code::Forbidden).detail("The move is over"));
    }
    Reply::json(200, &Prepared { placement })
}

fn with_directory(mut shards: Vec<ShardId>) -> Vec<ShardId> {
    if !shards.contains(&DIRECTORY_SHARD) {
        shards.push(DIRECTORY_SHARD);
    }
    shards
}

/// What goes to one database.
#[derive(Default)]
struct Part {
    events: Vec<EventRow>,
    requests: Vec<RequestRow>,
    deliveries: Vec<DeliveryRow>,
    complaints: Vec<ComplaintRow>,
}

/// Takes in a part of the copy, then verifies every complaint in it from what is stored.
async fn copy(call: &CellCall) -> Outcome {
    let Copy { job, events, requests, deliveries, complaints, ranges } = body(call).await?;
    let job = job.ok_or(Failure::new(Code::Invalid))?;
    let (arrival, _) = call.arrival(job).await?;
    let shard_of = |id: ComplaintId| {
        arrival.placement.shard(Slot(id.slot())).ok_or(Failure::new(Code::Invalid).detail("There is no such slot"))
    };
    let mut parts = BTreeMap::<ShardId, Part>::new();
    for row in events {
        parts.entry(shard_of(row.complaint_id)?).or_default().events.push(row);
    }
    for row in requests {
        parts.entry(shard_of(row.complaint_id)?).or_default().requests.push(row);
    }
    for row in deliveries {
        parts.entry(shard_of(row.complaint_id)?).or_default().deliveries.push(row);
    }
    for row in complaints {
        parts.entry(shard_of(row.id)?).or_default().complaints.push(row);
    }
    let home = call.db(arrival.placement.home().ok_or(Failure::new(Code::Invalid))?);
    home.take_in_ranges(job, &ranges).await?;
    let mut copied = Copied { new: 0, verified: Vec::new() };
    for (shard, Part { events, requests, deliveries, complaints }) in parts {
        let db = call.db(shard);
        let ids: Vec<_> = complaints.iter().map(|row| row.id).collect();
        let stored = if ids.is_empty() { Vec::new() } else { db.stored(&ids).await? };
        let mut stored: HashMap<_, _> = stored.into_iter().map(|row| (row.id, row)).collect();
        let mut newer = Vec::new();
        for row in &complaints {
            let before = stored.remove(&row.id);
            if before.as_ref().is_none_or(|before| before.version < row.version) {
                let before = before.map(|before| Ok::<_, StoreError>((before.complaint()?, before))).transpose()?;
                newer.push(Newer { before, after: row.complaint()?, row });
            }
        }
        take_in_references(&home, job, &newer).await?;
        take_in_files(&home, job, &newer).await?;
        copied.new += newer.iter().filter(|newer| newer.before.is_none()).count() as u64;
        db.take_in(job, &events, &requests, &deliveries, &newer).await?;
        verify(call, &db, &ids, &mut copied).await?;
    }
    Reply::json(200, &copied)
}

/// External references are of all of a tenant's complaints, so they lie in one database. They are written first: what
/// the complaint had before is known only until it is written.
async fn take_in_references(home: &TenantDb, job: RelocationId, complaints: &[Newer<'_>]) -> Result<(), StoreError> {
    let (mut left, mut taken) = (Vec::new(), Vec::new());
    for Newer { before, after, row } in complaints {
        let had = before.as_ref().and_then(|(before, _)| before.external_reference.as_ref());
        let has = after.external_reference.as_ref();
        if had != has {
            left.extend(had.map(|had| (had.as_str().to_owned(), after.id)));
            // As the request that created it would have claimed it.
            let by = row.created_by_key.clone().unwrap_or_default();
            taken.extend(has.map(|has| (has.as_str().to_owned(), after.id, by)));
        }
    }
    home.take_in_references(job, &left, &taken).await
}

/// Notes what may be in the bucket, in the database of the first slot, too: what is removed later is seen to be so.
async fn take_in_files(home: &TenantDb, job: RelocationId, complaints: &[Newer<'_>]) -> Result<(), StoreError> {
    let of = |after: &Complaint| {
        let id = after.id;
        after.attachments.iter().map(move |file| (file.id, id, file.bytes)).collect::<Vec<_>>()
    };
    let files: Vec<_> = complaints.iter().flat_map(|newer| of(&newer.after)).collect();
    home.take_in_files(job, &files).await
}

/// Checks complaints as they are stored: that the chain of their events is whole, that it ends where the record says,
/// and that it folds to the record.
async fn verify(call: &CellCall, db: &TenantDb, ids: &[ComplaintId], copied: &mut Copied) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut rows = db.stored(ids).await?;
    rows.sort_by_key(|row| row.id);
    let mut left = Left::of(&rows);
    let mut checks: HashMap<_, _> =
        rows.iter().map(|row| (row.id, (row.version, Check::new(call.tenant, row.id)))).collect();
    while !left.is_empty() {
        let page = db.events_of(&left).await?;
        for event in &page {
            // Newer ones may have come along, whose complaint comes again.
            if let Some((version, check)) = checks.get_mut(&event.complaint_id)
                && event.seq <= *version
            {
                check.take(&event.raw());
            }
        }
        if page.is_empty() {
            break;
        }
        left.take(&page);
    }
    for row in &rows {
        let complaint = row.complaint()?;
        let Some((_, check)) = checks.remove(&row.id) else { continue };
        let (verdict, folded) = check.finish(row.version, complaint.head);
        // The moves that are legal follow the table in force, not the one when the record was written.
        let moves = |complaint: Complaint| Complaint { legal_moves: Vec::new(), ..complaint };
        let head = complaint.head;
        if verdict.valid && folded.map(moves) == Some(moves(complaint)) {
            copied.verified.push((row.id, row.version, head));
        } else {
            log::fault("relocated_complaint_not_whole", &row.id);
        }
    }
    Ok(())
}

async fn compare(call: &CellCall) -> Outcome {
    let Of { job } = body(call).await?;
    let (arrival, _) = call.arrival(job).await?;
    let mut here = Totals::default();
    for shard in arrival.placement.shards() {
        here.add(&call.db(shard).totals().await?);
    }
    Reply::json(200, &here)
}

/// Takes over, in one transaction, unless it was promised not to by this attempt. Told once more, it says so once more.
async fn activate(call: &CellCall) -> Outcome {
    let Activate { job, attempt, tenant, seq, keys, views, limiter } = body(call).await?;
    let never = || Reply::json(200, &Promised { answer: Answer::Never });
    let (arrival, fence) = call.arrival(job).await?;
    if tenant.id != call.tenant || tenant.home_cell != call.from {
        return Err(Failure::new(Code::Forbidden));
    }
    let was_active = arrival.is_active();
    let Some(arrival) = arrival.activated(attempt) else { return never() };
    if !was_active {
        admission::go_on(&call.call.runtime, call.tenant, limiter).await?;
        let now = call.call.now;
        let tenant = tenant.relocated(call.call.config.cell.clone(), arrival.placement.clone(), now);
        // Larger than any that the source has or, by moving it away, will have.
        let seq = seq.saturating_add(2);
        let record = Record::Arriving(arrival.clone());
        let views = (views.0.as_slice(), views.1.as_slice());
        match call.home().take_over_tenant(&record, fence, &tenant, seq, &keys, views).await {
            Ok(()) => {}
            Err(error @ StoreError::Taken(_)) => {
                log::fault("relocated_tenant_not_taken_over", &error);
                return refuse(call, job, attempt).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Err(error) = directory::publish(&call.call.runtime, call.tenant, platform::now()).await {
        log::fault("standing_not_published", &error);
    }
    for shard in arrival.placement.shards() {
        call.db(shard).expect_no_more(job).await?;
    }
    Reply::json(200, &Promised { answer: Answer::Active })
}

async fn withdraw(call: &CellCall) -> Outcome {
    let Withdraw { job, attempt } = body(call).await?;
    refuse(call, job, attempt).await
}

/// Promises never to take over by an attempt, unless that was done.
async fn refuse(call: &CellCall, job: RelocationId, attempt: u64) -> Outcome {
    let (arrival, fence) = call.arrival(job).await?;
    let answer = match arrival.withdrawn(attempt) {
        Some(withdrawn) => {
            call.save(withdrawn, fence).await?;
            Answer::Never
        }
        None => Answer::Active,
    };
    Reply::json(200, &Promised { answer })
}

/// Takes in an object, before the events that name it come.
async fn object(call: &CellCall) -> Outcome {
    let value = |wanted: &str| call.call.parameters().find(|(name, _)| name == wanted).map(|(_, value)| value);
    let nothing = || Failure::new(Code::NotFound);
    let of: Object = value("of").and_then(|of| of.parse().ok()).ok_or_else(nothing)?;
    let job: RelocationId = value("job").and_then(|job| job.parse().ok()).ok_or_else(nothing)?;
    let runtime = &call.call.runtime;
    call.receiving(job).await?;
    runtime.take(call.tenant, &of, &call.call.incoming).await?;
    if let Err(over) = call.receiving(job).await {
        runtime.forget(call.tenant, &of).await?;
        return Err(over);
    }
    Reply::json(200, &Finished { finished: true })
}

/// Takes in what is copied in its own order, before the tenant comes. It comes as messages do.
async fn in_order(call: &CellCall, list: &InOrder) -> Outcome {
    let Outbox { job, messages, .. } = body(call).await?;
    let (arrival, _) = call.arrival(job).await?;
    let keeper = list.is_of_the_directory.then_some(DIRECTORY_SHARD).or_else(|| arrival.placement.home());
    call.db(keeper.unwrap_or(DIRECTORY_SHARD)).take_in_order(job, list, &messages).await?;
    Reply::json(200, &Finished { finished: true })
}

/// Takes in messages that were not sent. Each names the database that holds it, which is another one here.
async fn outbox(call: &CellCall) -> Outcome {
    let Outbox { job, messages, last } = body(call).await?;
    let (arrival, fence) = call.arrival(job).await?;
    if !arrival.is_active() {
        return Err(Failure::new(Code::Forbidden).detail("The tenant is not at home here"));
    }
    let home = arrival.placement.home().unwrap_or(DIRECTORY_SHARD);
    let mut rows = BTreeMap::<ShardId, Vec<(String, String)>>::new();
    for (id, text) in messages {
        // What nobody can read is given up here as it would have been there.
        let (shard, text) = match json::from_str::<OutboxMessage>(&text) {
            Ok(mut message) => {
                let shard = arrival.placement.shard(Slot(message.complaint.slot())).unwrap_or(home);
                message.shard = shard.0;
                (shard, serde_json::to_string(&message).map_err(Failure::internal)?)
            }
            Err(_) => (home, text),
        };
        rows.entry(shard).or_default().push((id, text));
    }
    for (shard, rows) in rows {
        call.db(shard).take_in_outbox(&rows).await?;
    }
    if last && arrival.state != ArrivalState::Settled {
        let settled = arrival.settled().ok_or_else(outrun)?;
        call.save(settled, fence).await?;
    }
    Reply::json(200, &Finished { finished: true })
}

/// Gives the move up and deletes some of what came, unless the tenant is at home here.
async fn clear(call: &CellCall) -> Outcome {
    let Of { job } = body(call).await?;
    let finished = || Reply::json(200, &Finished { finished: true });
    let (arrival, fence) = match call.home().relocation().await? {
        Some(Kept { record: Record::Arriving(arrival), fence }) if arrival.job == job && arrival.from == call.from => {
            (arrival, fence)
        }
        // It was never prepared. Should that request be on its way still, it meets a move that is over.
        kept => {
            if kept.as_ref().is_some_and(|kept| !kept.record.is_over() || kept.record.id() > job) {
                return finished();
            }
            let placement = Placement::single(DIRECTORY_SHARD);
            let closed = Arrival::new(job, call.tenant, call.from.clone(), placement).closed().ok_or_else(outrun)?;
            let fence = kept.map(|kept| kept.fence);
            let begun = call.home().begin_relocation(&Record::Arriving(closed), fence, None).await?;
            return if begun { finished() } else { Err(outrun()) };
        }
    };
    let is_at_home = SystemDb::new(call.call.runtime.clone(), DIRECTORY_SHARD).tenant(call.tenant).await?;
    if is_at_home.is_some_and(|tenant| tenant.home_cell == call.call.config.cell) {
        return Err(Failure::new(Code::Forbidden).detail("The tenant is at home here"));
    }
    let shards = with_directory(arrival.placement.shards());
    if arrival.state != ArrivalState::Closed {
        let closed = arrival.closed().ok_or_else(|| Failure::new(Code::Forbidden))?;
        call.save(closed, fence).await?;
    }
    let mut empty = true;
    for shard in shards {
        let db = call.db(shard);
        db.turn_away(job).await?;
        empty &= db.purge().await?;
    }
    empty &= call.call.runtime.purge_objects(call.tenant).await?;
    Reply::json(200, &Finished { finished: empty })
}
