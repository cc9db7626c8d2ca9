//! `/v1/bulk`: jobs that give one command to many complaints. What works on them is [`crate::bulk`].

use super::complaints::MAX_BODY;
use crate::{
    bulk::{self, FIRST_LOST_MILLIS},
    call::{Outcome, Posted, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
    platform,
    store::bulk::{AskedJob, FIRST_FENCE},
};
use serde_json::{Value, json};
use shared::{
    bulk::{NewJob, Outcome as RowOutcome, State, Turn, of_action, read_filter},
    complaint::{
        command::{Classify, Command, Nothing},
        decide::{Refusal, classifiable},
    },
    http::{
        body,
        problem::{Code, FieldError, Rule},
    },
    ids::{BulkId, ComplaintId, ViewId},
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
    // A job goes on for as long as its key is in force; nothing tells it yet that somebody's session is not.
    call.key()?;
    // (1)
    let Posted { body: bytes, key, fingerprint } = call.call.posted_bytes(MAX_BODY).await?;
    let asked: NewJob = body::parse(&bytes)?;
    let view = asked.over.view;
    let errors = errors(asked, &call)?;
    if !errors.is_empty() {
        return Err(Failure::errors(Code::Invalid, errors));
    }
    let text = String::from_utf8(bytes).map_err(Failure::internal)?;
    let body = match view {
        Some(view) => with_filter_of(&text, view, &call).await?,
        None => text,
    };

    // (2)
    let (now, home, fingerprint) = (call.call.now, call.home()?, fingerprint.to_string());
    let id = BulkId::new(now, &platform::entropy());
    let most = call.standing.quota(Resource::OpenBulkJobs).unwrap_or_default();
    let job = AskedJob {
        id,
        key: key.as_str(),
        fingerprint: &fingerprint,
        body: &body,
        asked_by: serde_json::to_string(&call.actor()?).map_err(Failure::internal)?,
        asked_at: now,
        most,
        due_at: now.plus_millis(FIRST_LOST_MILLIS),
    };
    let answers = home.texts(home.insert_job(&job)).await?;
    let asked = answers.last().and_then(|rows| rows.first());
    let Some((asked_with, asked)) = asked.and_then(|row| row.split_at_checked(FINGERPRINT)) else {
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
    if answers.first().is_none_or(Vec::is_empty) {
        return Ok(reply.replayed());
    }

    // (3)
    let tenant = &call.standing.tenant;
    if let Some(shard) = tenant.shards.shard(Slot(0)) {
        let turn = Turn { tenant: tenant.id, bulk: id, shard, fence: FIRST_FENCE };
        bulk::announce(&call.call, turn.to_string());
    }
    Ok(reply)
}

/// The body of a request over what a view shows, with the view's filter in its place: a later change of the view does not
/// change the job.
async fn with_filter_of(body: &str, view: ViewId, call: &TenantCall) -> Result<String, Failure> {
    let Some(view) = call.directory().view(view).await? else {
        return Err(Failure::errors(
            Code::Invalid,
            vec![FieldError::at("/over/view", Rule::NotAllowed, "names no view")],
        ));
    };
    let mut body: Value = serde_json::from_str(body).map_err(Failure::internal)?;
    if let Some(over) = body.get_mut("over") {
        *over = json!({ "filter": view.filter() });
    }
    Ok(body.to_string())
}

/// What is wrong with a request whatever the complaints.
fn errors(NewJob { action, over, .. }: NewJob, call: &TenantCall) -> Result<Vec<FieldError>, Failure> {
    let mut errors = match action.command() {
        Ok(Command::Classify(classify)) => in_taxonomy(&classify, call)?,
        Ok(_) => Vec::new(),
        Err(errors) => errors,
    };
    let most = call.standing.quota(Resource::RowsABulkJob).unwrap_or_default();
    match (over.complaints, over.filter, over.view) {
        (Some(named), None, None) if named.is_empty() => {
            errors.push(FieldError::at("/over/complaints", Rule::Missing, "must name at least one"));
        }
        (Some(named), None, None) if named.len() as u64 > most => {
            let rule = format!("must name at most {most}, which the plan allows a job");
            errors.push(FieldError::at("/over/complaints", Rule::OutOfRange, rule));
        }
        (Some(_), None, None) | (None, None, Some(_)) => {}
        (None, Some(filter), None) => {
            if let Err(mut of_filter) = read_filter(&filter) {
                errors.append(&mut of_filter);
            }
        }
        _ => errors.push(FieldError::at("/over", Rule::NotAllowed, "must have one of complaints, filter and view")),
    }
    Ok(errors)
}

/// What a classification says is in the taxonomy, or no complaint could take it.
fn in_taxonomy(classify: &Classify, call: &TenantCall) -> Result<Vec<FieldError>, Failure> {
    match classifiable(classify, call.rules()?) {
        Err(Refusal::Invalid(errors)) => Ok(of_action("classify", errors)),
        _ => Ok(Vec::new()),
    }
}

/// `GET /v1/bulk?after=`: the newest first.
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let (after, home) = (call.call.after::<BulkId>()?, call.home()?);
    let answers = home.texts(home.jobs(after, PAGE + 1)).await?;
    Ok(page(answers.last(), 0, ID, PAGE))
}

/// `GET /v1/bulk/{id}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    let home = call.home()?;
    let answers = home.texts(home.job(call.call.path_value("id")?)).await?;
    let (_, shown) = job(&answers)?;
    Ok(Reply::json_text(200, shown.to_owned()))
}

/// A job's state and how it is answered.
fn job(answers: &[Vec<String>]) -> Result<(&str, &str), Failure> {
    let job = answers.last().and_then(|rows| rows.first()).and_then(|row| row.split_once('\n'));
    job.ok_or(Failure::new(Code::NotFound))
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
    let home = call.home()?;
    let answers = home.texts(home.rows_of_job(id, &after, outcome, ROWS + 1)).await?;
    job(answers.get(..1).unwrap_or_default())?;
    // The id is behind `{"complaint":"`.
    Ok(page(answers.last(), 14, 0, ROWS))
}

/// A page of what is JSON from `begin` on; each has its id from `id` on. There is one more if there are more.
fn page(items: Option<&Vec<String>>, id: usize, begin: usize, limit: usize) -> Reply {
    let items = items.map(Vec::as_slice).unwrap_or_default();
    let shown = items.get(..limit).unwrap_or(items);
    let data: Vec<&str> = shown.iter().filter_map(|row| row.get(begin..)).collect();
    let last = shown.last().filter(|_| items.len() > limit).and_then(|row| row.get(id..id + ID));
    let next = last.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
    Reply::json_text(200, format!("{{\"data\":[{}],\"next_after\":{next}}}", data.join(",")))
}

/// `POST /v1/bulk/{id}/cancel`: no row is begun any more once the job is `cancelled`; while it is `cancelling`, what is
/// under way is finished.
pub(crate) async fn cancel(call: TenantCall) -> Outcome {
    call.call.posted::<Nothing>(MAX_BODY).await?;
    let home = call.home()?;
    let answers = home.texts(home.cancel_job(call.call.path_value("id")?, call.call.now)).await?;
    let (state, shown) = job(&answers)?;
    let was_open = answers.first().is_some_and(|asked| !asked.is_empty());
    if !was_open && state != State::Cancelled.as_str() {
        return Err(Failure::new(Code::IllegalMove).detail("The job is over"));
    }
    Ok(Reply::json_text(200, shown.to_owned()))
}
