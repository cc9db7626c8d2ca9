//! `/v1/bulk`: jobs that give one command to many complaints. What works on them is [`crate::bulk`].

use crate::{
    bulk::{self, FIRST_LOST_MILLIS},
    call::{Outcome, Posted, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
    log, platform,
    store::{
        StoreError, Unique,
        bulk::{Asked, FIRST_FENCE, RowOfJob},
    },
};
use shared::{
    bulk::{Action, Job, NewJob, Outcome as RowOutcome, Over, Source, State, TURN_VERSION, Turn, read_filter},
    chain::Digest,
    complaint::{
        command::Nothing,
        decide::{Refusal, classifiable},
    },
    http::{
        list_query::{DEFAULT_LIMIT, MAX_LIMIT},
        problem::{Code, FieldError, Rule},
    },
    ids::{BulkId, ComplaintId},
    limit::plan::Bulk,
    tenant::placement::Slot,
};

use super::complaints::MAX_BODY;

/// The most jobs a page may have.
const PAGE: u32 = 50;
/// When to come again if the plan allows no more open jobs, in seconds.
const COME_AGAIN_SECONDS: u32 = 30;
/// How often a job that others change is asked to stop before the caller is told to come again.
const TRIES: usize = 10;

/// `POST /v1/bulk`
///
/// 1. Read the body, and refuse what is wrong with it whatever the complaints (413, 415, 400, 422).
/// 2. Write the job and the complaints that it names, unless the plan allows no more (429). Asked for before: the answer
///    of then.
/// 3. Announce its first turn after the answer.
pub(crate) async fn create(call: TenantCall) -> Outcome {
    // (1)
    let Posted { body, key, fingerprint } = call.call.posted::<NewJob>(MAX_BODY).await?;
    let NewJob { action, over, dry_run } = body;
    let limits = Bulk::of(call.standing.tenant.plan).ok_or_else(|| Failure::internal("the plans do not parse"))?;
    let mut errors = action.errors();
    errors.extend(in_taxonomy(&action, &call)?);
    let (over, mut named) = match over {
        Over::Complaints(named) => (None, Vec::from(named)),
        Over::Filter(filter) => {
            errors.extend(read_filter(&filter).err().into_iter().flatten());
            (Some(Source::Filter(filter)), Vec::new())
        }
    };
    named.sort();
    named.dedup();
    let count = u32::try_from(named.len()).unwrap_or(u32::MAX);
    if over.is_none() && count == 0 {
        errors.push(FieldError::at("/over/complaints", Rule::Missing, "must name at least one"));
    }
    if count > limits.rows {
        let rule = format!("must name at most {}, which the plan allows a job", limits.rows);
        errors.push(FieldError::at("/over/complaints", Rule::OutOfRange, rule));
    }
    if !errors.is_empty() {
        return Err(Failure::errors(Code::Invalid, errors));
    }

    // (2)
    let (home, now) = (call.home()?, call.call.now);
    let id = BulkId::new(now, &platform::entropy());
    let job = Job::new(id, action, over.unwrap_or(Source::Complaints(count)), dry_run, call.actor()?, now);
    let due_at = now.plus_millis(FIRST_LOST_MILLIS);
    match home.insert_job(&job, (&key, fingerprint), &named, due_at, limits.open_jobs).await {
        Ok(true) => {}
        Ok(false) => {
            return match home.asked_by_key(&key).await? {
                Some(asked) => again(&asked, fingerprint),
                None => Err(Failure::new(Code::QuotaExceeded)
                    .violated("open_bulk_jobs", COME_AGAIN_SECONDS)
                    .detail(format!("The plan allows {} jobs that are not over", limits.open_jobs))),
            };
        }
        Err(error @ StoreError::Taken(Unique::BulkKey)) => {
            let asked = home.asked_by_key(&key).await?.ok_or_else(|| Failure::from(error))?;
            return again(&asked, fingerprint);
        }
        Err(error) => return Err(error.into()),
    }

    // (3)
    let tenant = &call.standing.tenant;
    if let Some(shard) = tenant.shards.shard(Slot(0)) {
        let turn = Turn { v: TURN_VERSION, tenant: tenant.id, bulk: id, shard, fence: FIRST_FENCE };
        let runtime = call.call.runtime.clone();
        call.call.afterwards(async move {
            if let Err(error) = bulk::announce(&runtime, &[turn]).await {
                log::fault("turn_not_announced", &error);
            }
        });
    }
    accepted(&job)
}

/// What a classification says is in the taxonomy, or no complaint could take it.
fn in_taxonomy(action: &Action, call: &TenantCall) -> Result<Vec<FieldError>, Failure> {
    let Action::Classify(classify) = action else { return Ok(Vec::new()) };
    let Err(Refusal::Invalid(errors)) = classifiable(classify, call.rules()?) else { return Ok(Vec::new()) };
    let of_action = |error: FieldError| {
        let pointer = error.pointer.map(|pointer| format!("/action/classify{pointer}"));
        FieldError { pointer, ..error }
    };
    Ok(errors.into_iter().map(of_action).collect())
}

fn accepted(job: &Job) -> Outcome {
    Ok(Reply::json(202, job)?.header("location", format!("/v1/bulk/{}", job.id)))
}

fn again(asked: &Asked, fingerprint: Digest) -> Outcome {
    if asked.fingerprint != fingerprint {
        return Err(Failure::new(Code::IdempotencyKeyReused));
    }
    Ok(accepted(&asked.job()?.as_asked())?.replayed())
}

/// `GET /v1/bulk?after=`: the newest first.
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let after = call.call.after::<BulkId>()?;
    let mut jobs = call.home()?.jobs(after, PAGE + 1).await?;
    let more = jobs.len() > PAGE as usize;
    jobs.truncate(PAGE as usize);
    let last = jobs.last().filter(|_| more);
    let next = last.map(|doc| shared::json::from_str::<Job>(doc)).transpose().map_err(Failure::internal)?;
    page(&jobs, next.map(|job| job.id.to_string()))
}

/// `GET /v1/bulk/{id}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let job = call.home()?.job(call.call.path_value("id")?).await?.ok_or(Failure::new(Code::NotFound))?;
    Ok(Reply::json_text(200, job.doc))
}

/// `GET /v1/bulk/{id}/rows?after=&outcome=&limit=`: in the order of the complaints' ids.
pub(crate) async fn rows(call: TenantCall) -> Outcome {
    let id: BulkId = call.call.path_value("id")?;
    let RowQuery { after, outcome, limit } = row_query(&call)?;
    let sought = outcome.map(|outcome| match outcome {
        RowOutcome::Waiting | RowOutcome::NotBegun => "",
        outcome => outcome.as_str(),
    });
    let found = call.home()?.job_and_rows(id, after, sought, limit + 1).await?;
    let (job, mut rows) = found.ok_or(Failure::new(Code::NotFound))?;
    let none_yet = if job.is_open() { RowOutcome::Waiting } else { RowOutcome::NotBegun };
    if outcome.is_some_and(|outcome| sought == Some("") && outcome != none_yet) {
        rows.clear();
    }
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let shown = |row: &RowOfJob| {
        let none_yet = || format!("{{\"outcome\":\"{}\"}}", none_yet.as_str());
        let outcome = row.outcome.clone().unwrap_or_else(none_yet);
        format!("{{\"complaint\":\"{}\",{}", row.complaint_id, outcome.strip_prefix('{').unwrap_or_default())
    };
    let next = rows.last().filter(|_| more).map(|row| row.complaint_id.to_string());
    page(&rows.iter().map(shown).collect::<Vec<_>>(), next)
}

struct RowQuery {
    after: Option<ComplaintId>,
    outcome: Option<RowOutcome>,
    limit: u32,
}

fn row_query(call: &TenantCall) -> Result<RowQuery, Failure> {
    let mut query = RowQuery { after: None, outcome: None, limit: DEFAULT_LIMIT };
    for (name, value) in call.call.parameters() {
        let refused = |rule, detail: String| bad_parameter(FieldError::parameter(&name, rule, detail));
        match name.as_ref() {
            "after" => {
                let rule = |_| refused(Rule::NotAllowed, "must be the id of the last complaint seen".to_owned());
                query.after = Some(value.parse().map_err(rule)?);
            }
            "outcome" => {
                let known = RowOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == value);
                query.outcome = Some(known.ok_or_else(|| {
                    let names = RowOutcome::ALL.map(RowOutcome::as_str).join(", ");
                    refused(Rule::NotAllowed, format!("must be one of {names}"))
                })?);
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                let rule = || refused(Rule::OutOfRange, format!("must be a whole number from 1 to {MAX_LIMIT}"));
                query.limit = limit.ok_or_else(rule)?;
            }
            _ => return Err(unknown_parameter(&name)),
        }
    }
    Ok(query)
}

/// A page of what is JSON already.
fn page(items: &[String], next_after: Option<String>) -> Outcome {
    let next = next_after.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
    Ok(Reply::json_text(200, format!("{{\"data\":[{}],\"next_after\":{next}}}", items.join(","))))
}

/// `POST /v1/bulk/{id}/cancel`: no row is begun any more once the job is `cancelled`; while it is `cancelling`, what is
/// under way is finished.
pub(crate) async fn cancel(call: TenantCall) -> Outcome {
    call.call.posted::<Nothing>(MAX_BODY).await?;
    let (id, home, now) = (call.call.path_value::<BulkId>("id")?, call.home()?, call.call.now);
    // Whoever drives it changes it, too.
    for _ in 0..TRIES {
        let kept = home.job(id).await?.ok_or(Failure::new(Code::NotFound))?;
        let mut job = kept.job()?;
        match job.state {
            State::Cancelled | State::Cancelling => return Ok(Reply::json_text(200, kept.doc)),
            State::Done | State::Failed => {
                return Err(Failure::new(Code::IllegalMove).detail("The job is over"));
            }
            State::Queued | State::Selecting | State::Running => {}
        }
        let cancelled = if kept.is_under_way(now) {
            job.state = State::Cancelling;
            home.ask_to_cancel_job(id, kept.fence).await?
        } else {
            job.end(State::Cancelled, now);
            home.cancel_job(&job, kept.fence, now).await?
        };
        if cancelled {
            return Reply::json(200, &job);
        }
    }
    Err(Failure::new(Code::Unavailable))
}
