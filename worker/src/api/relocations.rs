//! `/v1/tenants/{id}/relocation`: operators move a tenant to another cell. No operator sees what is moved.

use super::{once::MAX_BODY, steward::Steward, tenants::gone};
use crate::{
    call::{OperatorCall, Outcome, Reply},
    failure::Failure,
    platform,
    relocate::leaving::{self, Pauses},
    store::{relocation::Kept, system::OperatorDone},
};
use shared::{
    complaint::command::Nothing,
    http::problem::{Code, FieldError, Rule},
    ids::RelocationId,
    json,
    tenant::{
        Gone,
        relocation::{Job, NewRelocation, Record},
    },
};

/// How long one call to `advance` works, in milliseconds: a cell that forwards it waits for five seconds.
const ADVANCE_MILLIS: i64 = 3_000;

fn told(status: u16, job: &Job) -> Outcome {
    let reply = Reply::json(status, &job.shown())?;
    let path = format!("/v1/tenants/{}/relocation", job.tenant);
    Ok(if status == 202 { reply.header("location", path) } else { reply })
}

fn told_again(done: OperatorDone) -> Outcome {
    let job: Job = json::from_str(&done.body).map_err(Failure::internal)?;
    Ok(told(done.status, &job)?.replayed())
}

/// `POST /v1/tenants/{id}/relocation`
pub(crate) async fn begin(call: OperatorCall) -> Outcome {
    let call = Steward::from(call);
    let posted = call.call.posted::<NewRelocation>(MAX_BODY).await?;
    if let Some(done) = call.done(&posted).await? {
        return told_again(done);
    }
    let tenant = call.tenant().await?;
    call.call.expect_version(tenant.version)?;
    if !tenant.can_move() {
        return Err(gone(Gone));
    }
    let (here, to) = (&call.call.config.cell, &posted.body.to);
    if to == here || !call.call.runtime.reaches(to) {
        let rule = FieldError::at("/to", Rule::Unknown, "must be another cell that this one reaches");
        return Err(Failure::new(Code::Invalid).error(rule));
    }
    let db = call.db_of(tenant.id);
    let kept = db.relocation().await?;
    if kept.as_ref().is_some_and(|kept| !kept.record.is_over()) {
        return Err(Failure::new(Code::AlreadyTaken).detail("An earlier move of the tenant is not over"));
    }
    let attempt = match kept.as_ref().map(|kept| &kept.record) {
        Some(Record::Leaving(job)) => job.attempt,
        _ => 0,
    };
    let now = call.call.now;
    let id = RelocationId::new(now, &platform::entropy());
    let kept_millis = call.call.config.relocation_kept_millis;
    let job = Job::new(id, tenant.id, here.clone(), to.clone(), attempt, kept_millis, now);
    let record = call.record(&posted.key, posted.fingerprint, 202, &job)?;
    let leaving = Record::Leaving(Box::new(job.clone()));
    match db.begin_relocation(&leaving, kept.map(|kept| kept.fence), Some(&record)).await {
        Ok(true) => told(202, &job),
        Ok(false) => match call.done(&posted).await? {
            Some(done) => told_again(done),
            None => Err(Failure::new(Code::AlreadyTaken).detail("An earlier move of the tenant is not over")),
        },
        Err(error) => told_again(call.done_meanwhile(&posted, error).await?),
    }
}

/// The tenant's newest move from here.
async fn find(call: &Steward) -> Result<(Box<Job>, i64), Failure> {
    match call.db_of(call.call.path_value("id")?).relocation().await? {
        Some(Kept { record: Record::Leaving(job), fence }) => Ok((job, fence)),
        _ => Err(Failure::new(Code::NotFound)),
    }
}

/// `GET /v1/tenants/{id}/relocation`
pub(crate) async fn read(call: OperatorCall) -> Outcome {
    let call = Steward::from(call);
    let (job, _) = find(&call).await?;
    told(200, &job)
}

/// `POST /v1/tenants/{id}/relocation/advance`: works on it for some seconds, unless somebody does already.
pub(crate) async fn advance(call: OperatorCall) -> Outcome {
    let call = Steward::from(call);
    call.call.posted::<Nothing>(MAX_BODY).await?;
    let (job, _) = find(&call).await?;
    let until = platform::now().plus_millis(ADVANCE_MILLIS);
    leaving::advance(&call.call.runtime, &call.call.config, job.tenant, until, Pauses::Leave).await?;
    let (job, _) = find(&call).await?;
    told(200, &job)
}

/// `POST /v1/tenants/{id}/relocation/cancel`
pub(crate) async fn cancel(call: OperatorCall) -> Outcome {
    let call = Steward::from(call);
    call.call.posted::<Nothing>(MAX_BODY).await?;
    // Whoever drives it changes it, too.
    for _ in 0..10 {
        let (job, fence) = find(&call).await?;
        let too_late = |_| Failure::new(Code::IllegalMove).detail("The other cell was asked to take over already");
        let cancelled = job.cancelled().map_err(too_late)?;
        let record = Record::Leaving(Box::new(cancelled.clone()));
        if !cancelled.is_open() || call.db_of(cancelled.tenant).replace_relocation(&record, fence).await? {
            return told(200, &cancelled);
        }
    }
    Err(Failure::new(Code::Unavailable))
}
