//! `/healthz`: this isolate answers. `/readyz`: so does what it depends on, with timings.

use crate::{
    call::{Call, Outcome, Reply},
    log, platform,
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
    /// `d1:DB_0`, `kv:DIRECTORY`, `service:MIDDLE`.
    name: String,
    status: State,
    /// How long it took.
    millis: i64,
    /// Of a database: how the breaker of the isolate that answers stood before it was asked.
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
        let breaker = platform::breaker_of(*shard);
        let db = SystemDb::new(runtime.clone(), *shard);
        Dependency { breaker: Some(breaker), ..check(format!("d1:{}", shard.binding()), db.ping()).await }
    });
    let directory = check("kv:DIRECTORY".to_owned(), runtime.directory_get("readyz"));
    let services = [Side::Middle, Side::Courier, Side::Back]
        .into_iter()
        .map(Side::binding)
        .map(|binding| check(format!("service:{binding}"), runtime.is_there(binding)));
    let (mut dependencies, (directory, services)) =
        join(together(databases), join(directory, together(services))).await;
    dependencies.push(directory);
    dependencies.extend(services);
    let failing = dependencies.iter().any(|dependency| dependency.status == State::Failing);
    let status = if failing { State::Failing } else { State::Ok };
    let answer = Readiness { status, cell: call.config.cell.clone(), dependencies };
    Reply::json(if failing { 503 } else { 200 }, &answer)
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
