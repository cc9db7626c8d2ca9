//! `/v1/bulk`: jobs that give one command to many complaints. What works on them is [`crate::bulk`].

use super::complaints::MAX_BODY;
use crate::{
    bulk::FIRST_LOST_MILLIS,
    call::{Outcome, Posted, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
    log, platform,
    platform::Queue,
    store::bulk::{AskedJob, FIRST_FENCE},
};
use shared::{
    bulk::{Action, NewJob, Outcome as RowOutcome, Over, State, Turn, read_filter},
    complaint::{
        command::Nothing,
        decide::{Refusal, classifiable},
    },
    http::{
        body,
        problem::{Code, FieldError, Rule},
    },
    ids::{BulkId, ComplaintId},
    limit::plan::Resource,
    tenant::placement::Slot,
};

/// The most jobs, and the most rows, that a page may have.
const PAGE: usize = 50;
const ROWS: usize = 200;
/// When to come again if the plan allows no more open jobs, in seconds.
const COME_AGAIN_SECONDS: u32 = 30;
/// Characters of an id, and of a fingerprint.
const ID: usize = 36;
const FINGERPRINT: usize = 64;

/// `POST /v1/bulk`
///
/// 1. Read the body, and refuse what is wrong with it whatever the complaints (413, 415, 400, 422).
/// 2. Write the job and the complaints that it names, unless the plan allows no more (429). Asked for before: the answer
///    of then (422 for another body).
/// 3. Announce its first turn after the answer.
pub(crate) async fn create(call: TenantCall) -> Outcome {
    // (1)
    let Posted { body: bytes, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let NewJob { action, over, .. } = body::parse(&bytes)?;
    let mut errors = action.errors();
    errors.extend(in_taxonomy(&action, &call)?);
    match over {
        Over::Filter(filter) => errors.extend(read_filter(&filter).err().into_iter().flatten()),
        Over::Complaints(named) => {
            let most = call.standing.quota(Resource::RowsABulkJob).unwrap_or_default();
            if named.is_empty() {
                errors.push(FieldError::at("/over/complaints", Rule::Missing, "must name at least one"));
            } else if named.len() as u64 > most {
                let rule = format!("must name at most {most}, which the plan allows a job");
                errors.push(FieldError::at("/over/complaints", Rule::OutOfRange, rule));
            }
        }
    }
    if !errors.is_empty() {
        return Err(Failure::errors(Code::Invalid, errors));
    }

    // (2)
    let (now, tenant) = (call.call.now, &call.standing.tenant);
    let (id, fingerprint) = (BulkId::new(now, &platform::entropy()), fingerprint.to_string());
    let most = call.standing.quota(Resource::OpenBulkJobs).unwrap_or_default();
    let job = AskedJob {
        id,
        key: key.as_str(),
        fingerprint: fingerprint.clone(),
        body: std::str::from_utf8(&bytes).map_err(Failure::internal)?,
        asked_by: serde_json::to_string(&call.actor()?).map_err(Failure::internal)?,
        asked_at: now,
        most,
        due_at: now.plus_millis(FIRST_LOST_MILLIS),
    };
    let (is_new, asked) = call.home()?.insert_job(job).await?;
    let Some((asked_with, asked)) = asked.as_ref().and_then(|row| row.text.split_at_checked(FINGERPRINT)) else {
        return Err(Failure::new(Code::QuotaExceeded)
            .violated(Resource::OpenBulkJobs.as_str(), COME_AGAIN_SECONDS)
            .detail(format!("The plan allows {most} jobs that are not over")));
    };
    if asked_with != fingerprint {
        return Err(Failure::new(Code::IdempotencyKeyReused));
    }
    // Behind `{"id":"`.
    let path = format!("/v1/bulk/{}", asked.get(7..7 + ID).unwrap_or_default());
    let reply = Reply::json_text(202, asked.to_owned()).header("location", path);
    if !is_new {
        return Ok(reply.replayed());
    }

    // (3)
    if let Some(shard) = tenant.shards.shard(Slot(0)) {
        let turn = Turn { tenant: tenant.id, bulk: id, shard, fence: FIRST_FENCE }.to_string();
        let runtime = call.call.runtime.clone();
        call.call.afterwards(async move {
            if let Err(fault) = runtime.send(Queue::Jobs, &[turn]).await {
                log::fault("turn_not_announced", &fault);
            }
        });
    }
    Ok(reply)
}

/// What a classification says is in the taxonomy, or no complaint could take it.
fn in_taxonomy(action: &Action, call: &TenantCall) -> Result<Vec<FieldError>, Failure> {
    let Action::Classify(classify) = action else { return Ok(Vec::new()) };
    let Err(Refusal::Invalid(mut errors)) = classifiable(classify, call.rules()?) else { return Ok(Vec::new()) };
    for pointer in errors.iter_mut().filter_map(|error| error.pointer.as_mut()) {
        pointer.insert_str(0, "/action/classify");
    }
    Ok(errors)
}

/// `GET /v1/bulk?after=`: the newest first.
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let after = call.call.after::<BulkId>()?;
    let jobs = call.home()?.jobs(after, PAGE + 1).await?;
    let jobs = jobs.iter().filter_map(|row| row.text.split_at_checked(ID));
    Ok(page(jobs, PAGE))
}

/// `GET /v1/bulk/{id}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let job = call.home()?.job(call.call.path_value("id")?).await?;
    let job = job.as_ref().and_then(|row| row.text.split_once('\n'));
    let (_, shown) = job.ok_or(Failure::new(Code::NotFound))?;
    Ok(Reply::json_text(200, shown.to_owned()))
}

/// `GET /v1/bulk/{id}/rows?after=&outcome=`: in the order of the complaints' ids.
pub(crate) async fn rows(call: TenantCall) -> Outcome {
    let id: BulkId = call.call.path_value("id")?;
    let (mut after, mut outcome) = (String::new(), "");
    for (name, value) in call.call.parameters() {
        let refused = |detail: String| bad_parameter(FieldError::parameter(&name, Rule::NotAllowed, detail));
        match name.as_ref() {
            "after" => {
                let seen: Result<ComplaintId, _> = value.parse();
                after = seen.map_err(|_| refused("must be the id of the last complaint seen".to_owned()))?.to_string();
            }
            "outcome" => {
                let known = RowOutcome::ALL.map(RowOutcome::as_str);
                let named = known.into_iter().find(|known| *known == value);
                outcome = named.ok_or_else(|| refused(format!("must be one of {}", known.join(", "))))?;
            }
            _ => return Err(unknown_parameter(&name)),
        }
    }
    let rows = call.home()?.rows_of_job(id, &after, outcome, ROWS + 1).await?.ok_or(Failure::new(Code::NotFound))?;
    // Behind `{"complaint":"`.
    let rows = rows.iter().filter_map(|row| Some((row.text.get(14..14 + ID)?, row.text.as_str())));
    Ok(page(rows, ROWS))
}

/// A page of what is JSON already, each behind its id. There is one more if there are more.
fn page<'r>(items: impl Iterator<Item = (&'r str, &'r str)>, limit: usize) -> Reply {
    let mut body = "{\"data\":[".to_owned();
    let (mut last, mut more) = ("", false);
    for (nth, (id, item)) in items.enumerate() {
        if nth == limit {
            more = true;
            break;
        }
        body.push_str(if nth == 0 { "" } else { "," });
        body.push_str(item);
        last = id;
    }
    let next = if more { format!("\"{last}\"") } else { "null".to_owned() };
    Reply::json_text(200, format!("{body}],\"next_after\":{next}}}"))
}

/// `POST /v1/bulk/{id}/cancel`: no row is begun any more once the job is `cancelled`; while it is `cancelling`, what is
/// under way is finished.
pub(crate) async fn cancel(call: TenantCall) -> Outcome {
    call.call.posted::<Nothing>(MAX_BODY).await?;
    let (was_open, job) = call.home()?.cancel_job(call.call.path_value("id")?, call.call.now).await?;
    let job = job.as_ref().and_then(|row| row.text.split_once('\n'));
    let (state, shown) = job.ok_or(Failure::new(Code::NotFound))?;
    if !was_open && state != State::Cancelled.as_str() {
        return Err(Failure::new(Code::IllegalMove).detail("The job is over"));
    }
    Ok(Reply::json_text(200, shown.to_owned()))
}
