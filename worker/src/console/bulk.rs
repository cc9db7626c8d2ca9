//! Work on many complaints at a time. It is always tried first; who has seen what would come of it says whether it is done.

use super::{
    Desk, Shown, Stop,
    api::{Ask, Refusal},
    at_desk,
    people::{self, Names},
    queue::{key, refused, subjects},
};
use crate::{
    call::{Call, Outcome},
    staff::{encoded, parameter},
};
use pages::console::{
    bulk::{ACTIONS, Job, JobPage, JobRow, Jobs, NewJob, Over, Typed},
    queue::{Choice, Refused},
    shell::Section,
    wish::Wish,
    words::{self, SEVERITIES, label},
};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::time::Timestamp;

/// The most pages of rows that are read of a job that is to be done: 5,000 complaints may be named.
const MOST_PAGES: usize = 25;

#[derive(Deserialize)]
struct JobSaid {
    id: String,
    state: String,
    action: Value,
    over: Source,
    dry_run: bool,
    counts: Counts,
    asked_by: Actor,
    asked_at: Timestamp,
    #[serde(default)]
    failure: Option<Why>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    Complaints(u64),
    Filter(String),
}

#[derive(Deserialize)]
struct Counts {
    selected: u64,
    done: u64,
    succeeded: u64,
    skipped: u64,
    failed: u64,
}

#[derive(Deserialize)]
struct Actor {
    kind: String,
    id: String,
}

#[derive(Deserialize)]
struct Why {
    detail: String,
}

#[derive(Deserialize)]
struct JobsSaid {
    data: Vec<JobSaid>,
    next_after: Option<String>,
}

#[derive(Deserialize)]
struct RowsSaid {
    data: Vec<RowSaid>,
    next_after: Option<String>,
}

#[derive(Deserialize)]
struct RowSaid {
    complaint: String,
    outcome: String,
    #[serde(default)]
    problem: Option<Refusal>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Named>,
}

/// `GET /app/jobs/new?complaint=…`, `?filter=` or `?view=`: what is to be done to these?
pub(crate) async fn ask(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let said: Vec<_> =
            desk.call.parameters().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        match over_of(&Typed(said)) {
            Some(over) => draw_new(desk, over, Typed::default(), None).await,
            None => desk.go("/app/queue"),
        }
    })
    .await
}

/// Which complaints are meant: none that are named or found by something are no job.
fn over_of(said: &Typed) -> Option<Over> {
    let all = |name: &str| said.0.iter().filter(|(held, _)| held == name).map(|(_, value)| value.clone()).collect();
    let ids: Vec<String> = all("complaint");
    match (said.get("filter"), said.get("view")) {
        ("", "") if ids.is_empty() => None,
        ("", "") => Some(Over::Selected(ids)),
        ("", view) => Some(Over::View(view.to_owned())),
        (filter, _) => Some(Over::Filter(filter.to_owned())),
    }
}

async fn draw_new(desk: &Desk, over: Over, typed: Typed, refused: Option<Refused>) -> Shown {
    let names = people::names(desk).await;
    let choices = |named: &[(String, String)], chosen: &str| -> Vec<Choice> {
        let choice =
            |(id, name): &(String, String)| Choice { value: id.clone(), name: name.clone(), is_chosen: id == chosen };
        named.iter().map(choice).collect()
    };
    desk.page(&NewJob {
        shell: desk.shell(Section::Jobs),
        filter: match &over {
            Over::Filter(filter) => filter_words(desk, filter, &names),
            Over::Selected(_) | Over::View(_) => Vec::new(),
        },
        over,
        people: choices(&names.workers, typed.get("assignee")),
        teams: choices(&names.teams, typed.get("team")),
        products: subjects(desk, typed.get("subject")),
        key: key(desk),
        typed,
        refused,
    })
}

/// What a filter says, in words.
fn filter_words(desk: &Desk, filter: &str, names: &Names) -> Vec<(String, String)> {
    let wish = Wish::parse(filter);
    let said = |(name, value): (&str, &str)| match name {
        "q" => ("Words".to_owned(), value.to_owned()),
        "state" => ("State".to_owned(), label(&words::STATES, value).to_owned()),
        "severity" => ("Severity".to_owned(), label(&SEVERITIES, value).to_owned()),
        "product" => ("Product".to_owned(), desk.subject(Some(value), None)),
        "assignee" => ("Assignee".to_owned(), words::person(value, &desk.me(), &names.people)),
        "unassigned" => ("Assignee".to_owned(), "Nobody".to_owned()),
        "team" => ("Team".to_owned(), names.team(value)),
        other => (other.to_owned(), value.to_owned()),
    };
    wish.filters().into_iter().map(said).collect()
}

/// `POST /app/jobs`: tries it.
pub(crate) async fn create(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let typed = Typed(desk.form.pairs().to_vec());
        let Some(over) = over_of(&typed) else { return desk.go("/app/queue") };
        let action = match action_of(desk, &typed).await? {
            Ok(action) => action,
            Err(words) => {
                let refused = Refused { title: "It is not clear what is to be done".to_owned(), words: vec![words] };
                return draw_new(desk, over, typed, Some(refused)).await;
            }
        };
        let of = match &over {
            Over::Selected(ids) => json!({ "complaints": ids }),
            Over::Filter(filter) => json!({ "filter": filter }),
            Over::View(view) => json!({ "view": view }),
        };
        let body = json!({ "action": action, "over": of, "dry_run": true });
        match begin(desk, &body).await {
            Ok(job) => desk.go(&format!("/app/jobs/{job}")),
            Err(Stop::Refused(refusal)) if matches!(refusal.status, 400 | 409 | 422) => {
                draw_new(desk, over, typed, Some(refused(&refusal))).await
            }
            Err(stop) => Err(stop),
        }
    })
    .await
}

async fn begin(desk: &Desk, body: &Value) -> Result<String, Stop> {
    let ask = Ask { idempotency_key: desk.form.get("key"), body: &body.to_string(), ..Ask::default() };
    Ok(desk.api.ask("POST", "/v1/bulk", ask).await?.json::<Named>()?.id)
}

/// The action that a form describes; else what it does not say.
async fn action_of(desk: &Desk, typed: &Typed) -> Result<Result<Value, String>, Stop> {
    let said = |name: &str| Some(typed.get(name).trim()).filter(|value| !value.is_empty());
    let action = typed.get("action");
    let body = match action {
        "assign" => match said("assignee") {
            Some(assignee) => json!({ "assignee": assignee, "team": said("team") }),
            None => return Ok(Err("Choose who works on them.".to_owned())),
        },
        "classify" => {
            let subject = typed.get("subject").split_once('/');
            let (product, issue) =
                subject.map_or((said("subject"), None), |(product, issue)| (Some(product), Some(issue)));
            if product.is_none() && said("severity").is_none() {
                return Ok(Err("Choose what is to change.".to_owned()));
            }
            json!({ "product": product, "issue": issue, "severity": said("severity") })
        }
        "tag" => {
            let tags = |name: &str| -> Vec<String> {
                let apart = |letter: char| letter.is_whitespace() || letter == ',';
                typed.get(name).split(apart).filter(|tag| !tag.is_empty()).map(str::to_lowercase).collect()
            };
            json!({ "add": tags("add"), "remove": tags("remove") })
        }
        "close" => json!({ "reason": said("reason") }),
        "link" => {
            let reference = typed.get("to").trim().to_uppercase();
            let path = format!("/v1/complaints?reference={}", encoded(&reference));
            let found = match desk.api.get::<Found>(&path).await {
                Ok(found) => found.data.into_iter().next(),
                Err(Stop::Refused(refusal)) if refusal.status == 400 => None,
                Err(stop) => return Err(stop),
            };
            match found {
                Some(found) => json!({ "relation": typed.get("relation"), "complaint": found.id }),
                None => return Ok(Err(format!("There is no complaint with the reference “{reference}”."))),
            }
        }
        _ => return Ok(Err("Choose what is to be done.".to_owned())),
    };
    let body = match body {
        Value::Object(members) => Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    };
    Ok(Ok(json!({ action: body })))
}

/// What a job does, in words.
fn action_words(desk: &Desk, action: &Value, names: &Names) -> String {
    let Some((command, body)) = action.as_object().and_then(|action| action.iter().find(|(_, body)| !body.is_null()))
    else {
        return "Change".to_owned();
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let list = |name: &str| -> Option<String> {
        let values = body.get(name)?.as_array()?;
        let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    let parts: Vec<Option<String>> = match command.as_str() {
        "assign" => vec![
            text("assignee").map(|id| format!("to {}", words::person(id, &desk.me(), &names.people))),
            text("team").map(|id| format!("team {}", names.team(id))),
        ],
        "classify" => vec![
            text("product").map(|product| desk.subject(Some(product), text("issue"))),
            text("severity").map(|severity| format!("severity {}", label(&SEVERITIES, severity).to_lowercase())),
        ],
        "tag" => vec![
            list("add").map(|tags| format!("put on {tags}")),
            list("remove").map(|tags| format!("take off {tags}")),
        ],
        "close" => vec![text("reason").map(|reason| format!("“{reason}”"))],
        "link" => vec![text("relation").map(|relation| match relation {
            "duplicate_of" => "as duplicates of another".to_owned(),
            _ => "as parts of another".to_owned(),
        })],
        _ => Vec::new(),
    };
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let colon = if matches!(command.as_str(), "classify" | "tag" | "close") && !parts.is_empty() { ":" } else { "" };
    format!("{}{colon} {}", label(&ACTIONS, command), parts.join(", ")).trim().to_owned()
}

fn shown(desk: &Desk, job: &JobSaid, names: &Names) -> Job {
    let by = match job.asked_by.kind.as_str() {
        "staff" => words::person(&job.asked_by.id, &desk.me(), &names.people),
        "key" => "a program".to_owned(),
        _ => "Redress".to_owned(),
    };
    let over = match &job.over {
        Source::Complaints(n) => words::so_many(*n, "selected complaint", "selected complaints"),
        Source::Filter(filter) => {
            let said = filter_words(desk, filter, names).into_iter().map(|(name, value)| format!("{name}: {value}"));
            said.collect::<Vec<_>>().join(", ")
        }
    };
    let Counts { selected, done, succeeded, skipped, failed } = job.counts;
    Job {
        id: job.id.clone(),
        what: action_words(desk, &job.action, names),
        over,
        state: job.state.clone(),
        is_trial: job.dry_run,
        by,
        at: words::moment(job.asked_at, desk.zone()),
        selected,
        done,
        succeeded,
        skipped,
        failed,
    }
}

/// `GET /app/jobs?after=`
pub(crate) async fn list(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let after = parameter(&desk.call, "after");
        let after = if after.is_empty() { after } else { format!("?after={}", encoded(&after)) };
        let path = format!("/v1/bulk{after}");
        let (jobs, names) = futures_util::join!(desk.api.get::<JobsSaid>(&path), people::names(desk));
        let JobsSaid { data, next_after } = jobs?;
        desk.page(&Jobs {
            shell: desk.shell(Section::Jobs),
            jobs: data.iter().map(|job| shown(desk, job, &names)).collect(),
            next: next_after.map(|id| format!("/app/jobs?after={id}")).unwrap_or_default(),
        })
    })
    .await
}

/// `GET /app/jobs/{id}?outcome=&after=`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, async |desk| draw(desk, &desk.call.path_value::<String>("id")?, None).await).await
}

async fn draw(desk: &Desk, id: &str, refused: Option<Refused>) -> Shown {
    let (outcome, after) = (parameter(&desk.call, "outcome"), parameter(&desk.call, "after"));
    let job = format!("/v1/bulk/{}", encoded(id));
    let rows = format!("{job}/rows{}", query(&outcome, &after));
    let here = format!("/app/jobs/{}", encoded(id));
    let (job, rows, names) =
        futures_util::join!(desk.api.get::<JobSaid>(&job), desk.api.get::<RowsSaid>(&rows), people::names(desk));
    let (job, rows) = (job?, rows?);
    let next = rows.next_after.map(|after| format!("{here}{}", query(&outcome, &after))).unwrap_or_default();
    desk.page(&JobPage {
        shell: desk.shell(Section::Jobs),
        job: shown(desk, &job, &names),
        here: format!("{here}{}", query(&outcome, &after)),
        outcome,
        rows: rows.data.into_iter().map(row).collect(),
        next,
        failure: job.failure.map(|why| why.detail).unwrap_or_default(),
        takes_filter: matches!(job.over, Source::Filter(_)),
        key: key(desk),
        refused,
    })
}

fn query(outcome: &str, after: &str) -> String {
    let said = [("outcome", outcome), ("after", after)].into_iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<_> = said.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if said.is_empty() { String::new() } else { format!("?{}", said.join("&")) }
}

fn row(row: RowSaid) -> JobRow {
    let why = row.problem.map(|problem| {
        let errors = problem.errors.into_iter().map(|wrong| wrong.detail);
        let words: Vec<_> = [problem.detail].into_iter().chain(errors).filter(|words| !words.is_empty()).collect();
        if words.is_empty() { problem.title } else { words.join(". ") }
    });
    JobRow { complaint: row.complaint, outcome: row.outcome, why: why.unwrap_or_default() }
}

/// `POST /app/jobs/{id}/do`: does what was tried. Of complaints that were named those that would be changed.
pub(crate) async fn carry_out(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let id = desk.call.path_value::<String>("id")?;
        let job: JobSaid = desk.api.get(&format!("/v1/bulk/{}", encoded(&id))).await?;
        let over = match &job.over {
            Source::Filter(filter) => json!({ "filter": filter }),
            Source::Complaints(_) => json!({ "complaints": would_be_changed(desk, &id).await? }),
        };
        let body = json!({ "action": job.action, "over": over });
        match begin(desk, &body).await {
            Ok(job) => desk.go(&format!("/app/jobs/{job}")),
            Err(Stop::Refused(refusal)) if matches!(refusal.status, 400 | 409 | 422) => {
                draw(desk, &id, Some(refused(&refusal))).await
            }
            Err(stop) => Err(stop),
        }
    })
    .await
}

async fn would_be_changed(desk: &Desk, job: &str) -> Result<Vec<String>, Stop> {
    let (mut found, mut after) = (Vec::new(), String::new());
    for _ in 0..MOST_PAGES {
        let path = format!("/v1/bulk/{}/rows{}", encoded(job), query("would_be_done", &after));
        let page: RowsSaid = desk.api.get(&path).await?;
        found.extend(page.data.into_iter().map(|row| row.complaint));
        match page.next_after {
            Some(next) => after = next,
            None => break,
        }
    }
    Ok(found)
}

/// `POST /app/jobs/{id}/cancel`
pub(crate) async fn cancel(call: Call) -> Outcome {
    at_desk(call, async |desk| {
        let id = desk.call.path_value::<String>("id")?;
        let ask = Ask { idempotency_key: desk.form.get("key"), body: "{}", ..Ask::default() };
        match desk.api.ask("POST", &format!("/v1/bulk/{}/cancel", encoded(&id)), ask).await {
            Ok(_) => desk.go(&format!("/app/jobs/{}", encoded(&id))),
            Err(Stop::Refused(refusal)) if matches!(refusal.status, 409 | 422) => {
                draw(desk, &id, Some(refused(&refusal))).await
            }
            Err(stop) => Err(stop),
        }
    })
    .await
}
