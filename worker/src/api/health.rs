//! `/healthz`: this isolate answers. `/readyz`: so does what it depends on, with timings.

use crate::{
    call::{Call, Outcome, Reply},
    log,
    platform::{self, Queue, dependency::Dependency as Guarded},
    side::Side,
    store::{system::SystemDb, together},
};
use futures_util::future::join;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{breaker, tenant::CellName};

/// That the service answers.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    status: State,
    /// The cell that answers.
    cell: CellName,
}

/// How each dependency answered.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Readiness {
    status: State,
    /// The cell that answers.
    cell: CellName,
    dependencies: Vec<Dependency>,
}

/// How one dependency answered.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Dependency {
    /// `d1:DB_0`, `r2:ATTACHMENTS`, `kv:DIRECTORY`, `queue:NOTIFY`, `service:MIDDLE`.
    name: String,
    status: State,
    /// How long it took.
    millis: i64,
    /// Of a database, the bucket or a queue: how the breaker of the isolate that answers stood before it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    breaker: Option<breaker::State>,
}

/// Whether something answers.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Failing,
}

/// `GET /healthz`
pub(crate) async fn live(call: Call) -> Outcome {
    Reply::json(200, &Health { status: State::Ok, cell: call.config.cell.clone() })
}

/// `GET /readyz`: 503 if a dependency fails.
pub(crate) async fn ready(call: Call) -> Outcome {
    let runtime = &call.runtime;
    let shards = runtime.shards();
    let databases = shards.iter().map(|shard| async {
        let db = SystemDb::new(runtime.clone(), *shard);
        guarded(Guarded::Database(*shard), db.ping()).await
    });
    let bucket = guarded(Guarded::Bucket, runtime.text("readyz"));
    let directory = check("kv:DIRECTORY".to_owned(), runtime.directory_get("readyz"));
    let services = [Side::Middle, Side::Courier, Side::Back, Side::Web, Side::Staff]
        .into_iter()
        .map(Side::binding)
        .map(|binding| check(format!("service:{binding}"), runtime.is_there(binding)));
    let (mut dependencies, (bucket, (directory, services))) =
        join(together(databases), join(bucket, join(directory, together(services)))).await;
    dependencies.extend([bucket, directory]);
    dependencies.extend(Queue::OF_THE_FRONT.map(queue));
    dependencies.extend(services);
    let failing = dependencies.iter().any(|dependency| dependency.status == State::Failing);
    let status = if failing { State::Failing } else { State::Ok };
    let answer = Readiness { status, cell: call.config.cell.clone(), dependencies };
    Reply::json(if failing { 503 } else { 200 }, &answer)
}

/// A dependency that is asked, and how its breaker stood before.
async fn guarded<T, E: std::fmt::Display>(
    dependency: Guarded,
    answer: impl Future<Output = Result<T, E>>,
) -> Dependency {
    let breaker = Some(dependency.state());
    Dependency { breaker, ..check(dependency.to_string(), answer).await }
}

/// A queue cannot be asked without sending to it: how the last sends went.
fn queue(queue: Queue) -> Dependency {
    let dependency = Guarded::Queue(queue);
    let breaker = dependency.state();
    let status = if breaker == breaker::State::Open { State::Failing } else { State::Ok };
    Dependency { name: dependency.to_string(), status, millis: 0, breaker: Some(breaker) }
}

async fn check<T, E: std::fmt::Display>(name: String, answer: impl Future<Output = Result<T, E>>) -> Dependency {
    let begun = platform::now();
    let status = match answer.await {
        Ok(_) => State::Ok,
        Err(error) => {
            log::fault("dependency_failing", &error);
            State::Failing
        }
    };
    Dependency { name, status, millis: platform::now().unix_millis() - begun.unix_millis(), breaker: None }
}
